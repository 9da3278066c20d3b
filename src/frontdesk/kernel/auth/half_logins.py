"""Half-logins: the password was right and a code is awaited; they end in minutes and open nothing by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from frontdesk.kernel.auth.model import CodeNeeded, new_token, token_hash
from frontdesk.kernel.db import Tx, affected

LASTS = timedelta(minutes=5)
MAX_TOKEN_LENGTH = 200

IS_NEEDED = "select exists (select from totp_factors where user_id = $1 and confirmed_at is not null)"
INSERT_HALF_LOGIN = """
insert into half_logins (token_hash, user_id, attempt, created_at, expires_at) values ($1, $2, $3, $4, $5)
"""
FIND_HALF_LOGIN = """
select half_logins.user_id, half_logins.attempt, users.email
from half_logins join users on users.id = half_logins.user_id
where half_logins.token_hash = $1 and half_logins.expires_at > $2 and users.disabled_at is null
"""
DELETE_HALF_LOGIN = "delete from half_logins where token_hash = $1"
DELETE_HALF_LOGINS_OF = "delete from half_logins where user_id = $1"


@dataclass(frozen=True, slots=True)
class HalfLogin:
    """Whose password was right, and the try that is a success once the code is right, too."""

    user_id: UUID
    attempt: int
    email: str


async def is_code_needed(tx: Tx, *, user_id: UUID) -> bool:
    """Tell whether a person's password is not enough."""
    return bool(await tx.fetchval(IS_NEEDED, user_id))


async def begin_half_login(tx: Tx, *, user_id: UUID, attempt: int) -> CodeNeeded:
    """Note that a person's password was right; five minutes are left for the code."""
    token = new_token()
    expires_at = tx.now + LASTS
    await tx.execute(INSERT_HALF_LOGIN, token_hash(token), user_id, attempt, tx.now, expires_at)
    return CodeNeeded(token, expires_at)


async def find_half_login(tx: Tx, *, token: str) -> HalfLogin | None:
    """Find a half-login that has not ended, of a person who is not barred."""
    if not token or len(token) > MAX_TOKEN_LENGTH:
        return None
    row = await tx.fetchrow(FIND_HALF_LOGIN, token_hash(token), tx.now)
    return None if row is None else HalfLogin(row["user_id"], row["attempt"], row["email"])


async def take_half_login(tx: Tx, *, token: str) -> bool:
    """End a half-login because it becomes a whole one; False when another request was first."""
    return affected(await tx.execute(DELETE_HALF_LOGIN, token_hash(token))) == 1


async def end_half_logins(tx: Tx, *, user_id: UUID) -> None:
    """End all half-logins of a person."""
    await tx.execute(DELETE_HALF_LOGINS_OF, user_id)
