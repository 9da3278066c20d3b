"""Forgotten passwords: a link for half an hour, once, that lets a person choose a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from frontdesk.kernel import actor as actors
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.auth import people, queries
from frontdesk.kernel.auth.model import (
    LoginLimits,
    LoginThrottled,
    PasswordHash,
    User,
    new_token,
    normal_email,
    token_hash,
)
from frontdesk.kernel.auth.tries import count_wish
from frontdesk.kernel.db import Database, Tx
from frontdesk.kernel.errors import Refused

LASTS = timedelta(minutes=30)
MAX_TOKEN_LENGTH = 200
LIMITS = LoginLimits(per_account=3, per_address=30, overall=300)

INSERT_RESET = "insert into password_resets (token_hash, user_id, created_at, expires_at) values ($1, $2, $3, $4)"
FIND_RESET = """
select users.id, users.email, users.name, users.platform_admin, users.disabled_at
from password_resets join users on users.id = password_resets.user_id
where password_resets.token_hash = $1 and password_resets.expires_at > $2 and users.disabled_at is null
"""
TAKE_RESET = """
delete from password_resets
where token_hash = $1 and expires_at > $2
returning user_id, (select email from users where users.id = password_resets.user_id and disabled_at is null) as email
"""


@dataclass(frozen=True, slots=True)
class Reset:
    """A link's secret part, and for whom it is; kept nowhere."""

    user: User
    token: str

    def __repr__(self) -> str:
        return f"Reset({self.user!r})"


async def ask_for_reset(system: Database, *, email: str, ip: str) -> LoginThrottled | None:
    """Count a wish for a link, the same for people we know and others; None if one may be made."""
    return await count_wish(system, kind="reset", email=email, ip=ip, limits=LIMITS)


async def issue_reset(tx: Tx, *, email: str, actor: Actor | None = None) -> Reset | None:
    """Make a link's secret part for a person, in place of any earlier one; None for nobody, and for who is barred.

    Without an `actor` the person asked for it themselves.
    """
    try:
        user = await queries.find_user(tx, email=normal_email(email))
    except Refused:
        return None
    if user is None or user.disabled_at is not None:
        return None
    token = new_token()
    await tx.execute(people.END_RESETS, user.id)
    await tx.execute(INSERT_RESET, token_hash(token), user.id, tx.now, tx.now + LASTS)
    by = actor or actors.person(user.id, user.email)
    await write_entry(tx, actor=by, action="auth.reset_issued", subject=f"user:{user.id}")
    return Reset(user, token)


async def find_reset(tx: Tx, *, token: str) -> User | None:
    """Find whom a link is for; None for one that is unknown, used or over."""
    if not token or len(token) > MAX_TOKEN_LENGTH:
        return None
    row = await tx.fetchrow(FIND_RESET, token_hash(token), tx.now)
    return None if row is None else User(row["id"], row["email"], row["name"], row["platform_admin"], None)


async def reset_password(tx: Tx, *, token: str, password_hash: PasswordHash) -> UUID:
    """Set the password that a link is for, use the link up and end all sessions; refuses `auth.reset_over` (409)."""
    row = await tx.fetchrow(TAKE_RESET, token_hash(token[:MAX_TOKEN_LENGTH]), tx.now)
    if row is None or row["email"] is None:
        raise Refused(
            "auth.reset_over", "This link is over: it works once, for 30 minutes. Ask for a new one.", status=409
        )
    user_id: UUID = row["user_id"]
    person = actors.person(user_id, row["email"])
    await people.set_password(tx, user_id=user_id, password_hash=password_hash, actor=person)
    return user_id
