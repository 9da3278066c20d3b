"""What a person proves themselves with besides a password: seen at once, changed, and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.auth import queries, recovery, totp
from frontdesk.kernel.auth.half_logins import end_half_logins
from frontdesk.kernel.db import Tx, affected
from frontdesk.kernel.errors import Refused

FIND_APP = "select confirmed_at from totp_factors where user_id = $1"
LIST_PASSKEYS = """
select id, credential, name, created_at, last_used_at from passkeys where user_id = $1 order by created_at, id
"""
DELETE_PASSKEY = "delete from passkeys where id = $1 and user_id = $2 returning name"
DELETE_PASSKEYS = "delete from passkeys where user_id = $1"
PASSWORD_CHANGED = "select password_changed_at from users where id = $1"  # noqa: S105 - a statement


@dataclass(frozen=True, slots=True)
class Passkey:
    """A device that lets its person in; `credential` is how the device calls it."""

    id: UUID
    credential: bytes
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """Everything that lets a person in; `app_begun` is an app that was not confirmed."""

    password_changed_at: datetime | None
    app_since: datetime | None
    app_begun: bool
    codes_left: int
    passkeys: Sequence[Passkey]


async def read_factors(tx: Tx, *, user_id: UUID) -> Factors:
    """Read what lets a person in."""
    app = await tx.fetchrow(FIND_APP, user_id)
    changed = await tx.fetchval(PASSWORD_CHANGED, user_id)
    return Factors(
        password_changed_at=changed if isinstance(changed, datetime) else None,
        app_since=None if app is None else app["confirmed_at"],
        app_begun=app is not None and app["confirmed_at"] is None,
        codes_left=await recovery.count_codes(tx, user_id=user_id),
        passkeys=await list_passkeys(tx, user_id=user_id),
    )


async def list_passkeys(tx: Tx, *, user_id: UUID) -> list[Passkey]:
    """List a person's passkeys, oldest first."""
    return [_passkey(row) for row in await tx.fetch(LIST_PASSKEYS, user_id)]


async def remove_passkey(tx: Tx, *, passkey_id: UUID, user_id: UUID, actor: Actor) -> None:
    """Let a device in no more; refuses `auth.passkey_unknown` (404)."""
    name = await tx.fetchval(DELETE_PASSKEY, passkey_id, user_id)
    if name is None:
        raise Refused("auth.passkey_unknown", "There is no such passkey here.", status=404)
    details = {"passkey": str(passkey_id), "name": name}
    await write_entry(tx, actor=actor, action="auth.passkey_removed", subject=f"user:{user_id}", details=details)


async def remove_totp(tx: Tx, *, user_id: UUID, actor: Actor) -> None:
    """Ask a person for no codes any more: app and recovery codes are forgotten. Refuses `auth.totp_off` (409)."""
    if not await totp.delete_totp(tx, user_id=user_id):
        raise Refused("auth.totp_off", "No authenticator app is set up.", status=409)
    await write_entry(tx, actor=actor, action="auth.totp_removed", subject=f"user:{user_id}")


async def renew_recovery_codes(tx: Tx, *, user_id: UUID, actor: Actor) -> Sequence[str]:
    """Make ten new recovery codes in place of all earlier ones, shown this once; refuses `auth.totp_off` (409)."""
    app = await tx.fetchrow(FIND_APP, user_id)
    if app is None or app["confirmed_at"] is None:
        raise Refused("auth.totp_off", "No authenticator app is set up.", status=409)
    codes = await recovery.replace_codes(tx, user_id=user_id)
    await write_entry(tx, actor=actor, action="auth.recovery_codes_renewed", subject=f"user:{user_id}")
    return codes


async def remove_factors(tx: Tx, *, user_id: UUID, actor: Actor) -> int:
    """Leave a locked-out person with nothing but their password, and end their sessions.

    Returns how many passkeys went.
    """
    had_app = await totp.delete_totp(tx, user_id=user_id)
    gone = affected(await tx.execute(DELETE_PASSKEYS, user_id))
    ended = await queries.revoke_sessions_of(tx, user_id=user_id, but=None)
    await end_half_logins(tx, user_id=user_id)
    details = {"app": had_app, "passkeys": gone, "sessions_ended": ended}
    await write_entry(tx, actor=actor, action="auth.factors_removed", subject=f"user:{user_id}", details=details)
    return gone


def _passkey(row: asyncpg.Record) -> Passkey:
    return Passkey(row["id"], row["credential"], row["name"], row["created_at"], row["last_used_at"])
