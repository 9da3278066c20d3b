"""The second step of a login, and proving anew who one is: by a code of an app, a recovery code or the password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.auth import queries, recovery, totp
from frontdesk.kernel.auth.half_logins import find_half_login, take_half_login
from frontdesk.kernel.auth.model import (
    LoggedIn,
    LoginLimits,
    LoginRefused,
    LoginThrottled,
    Principal,
    Session,
)
from frontdesk.kernel.auth.passwords import Passwords
from frontdesk.kernel.auth.sessions import Visitor, begin_session, renew_session
from frontdesk.kernel.auth.tries import count_try
from frontdesk.kernel.db import Database, Tx
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.sealing import Vault

FRESH = timedelta(minutes=10)
MAX_SECRET = 1_024
PROVE_AT = "/account/prove"


@dataclass(frozen=True, slots=True)
class LoginOver:
    """There is no half-login to finish: it ended, was finished, or never began."""


async def finish_login(
    system: Database,
    vault: Vault,
    *,
    half_token: str,
    code: str,
    visitor: Visitor,
    limits: LoginLimits | None = None,
) -> LoggedIn | LoginOver | LoginRefused | LoginThrottled:
    """Let in whose password was right once their code is right, too; wrong codes are counted like wrong passwords."""
    rules = limits or LoginLimits()
    async with system.transaction() as tx:
        half = await find_half_login(tx, token=half_token)
        if half is None:
            return LoginOver()
        attempt = await count_try(tx, kind="code", who=half.user_id.bytes, ip=visitor.ip, limits=rules)
        if isinstance(attempt, LoginThrottled):
            return attempt
        by = await use_any_code(tx, vault, user_id=half.user_id, code=code)
        if not by:
            return LoginRefused()
        if not await take_half_login(tx, token=half_token):
            return LoginOver()
        await queries.mark_try_succeeded(tx, try_id=attempt)
        await queries.mark_try_succeeded(tx, try_id=half.attempt)
        login = await begin_session(tx, user_id=half.user_id, visitor=visitor, by=f"password and {by}")
        await _note_recovery(tx, session=login.session, by=by)
        return login


async def prove_anew(
    system: Database,
    passwords: Passwords,
    vault: Vault,
    *,
    session: Session,
    secret: str,
    ip: str,
    limits: LoginLimits | None = None,
) -> LoggedIn | LoginRefused | LoginThrottled:
    """Take a password or a code as proof that it is still the same person; their session gets a new token."""
    rules = limits or LoginLimits()
    async with system.transaction() as tx:
        attempt = await count_try(tx, kind="login", who=session.email.encode(), ip=ip, limits=rules)
        if isinstance(attempt, LoginThrottled):
            return attempt
        by = await use_any_code(tx, vault, user_id=session.user_id, code=secret)
        credentials = await queries.find_credentials(tx, email=session.email)
    stored = None if credentials is None else credentials.password_hash
    if not by and (not await passwords.matches(stored, secret[:MAX_SECRET]) or stored is None):
        return LoginRefused()
    async with system.transaction() as tx:
        if await queries.find_credentials(tx, email=session.email) != credentials:
            return LoginRefused()
        await queries.mark_try_succeeded(tx, try_id=attempt)
        return await note_proof(tx, session=session, by=by or "password")


async def note_proof(tx: Tx, *, session: Session, by: str) -> LoggedIn:
    """Keep that somebody has just proven who they are, and renew their session's token."""
    login = await renew_session(tx, session=session)
    details = {"by": by}
    await write_entry(tx, actor=session.actor, action="auth.proven", subject=f"session:{session.id}", details=details)
    await _note_recovery(tx, session=session, by=by)
    return login


def is_fresh(session: Session, *, now: datetime) -> bool:
    """Tell whether a person has proven who they are within ten minutes."""
    return now - session.proven_at < FRESH


def refuse_stale(session: Session, *, now: datetime) -> None:
    """Refuse `auth.prove_again` (403, with the place to prove it): some things are changed by no stale session."""
    if not is_fresh(session, now=now):
        raise Refused(
            "auth.prove_again",
            "Confirm first that it is you: your last proof is over 10 min old.",
            status=403,
            details={"prove_at": PROVE_AT},
        )


def refuse_unproven(principal: Principal, *, now: datetime) -> None:
    """Refuse `auth.prove_again` (403) to a person whose last proof is old; a program proves itself every time."""
    if isinstance(principal, Session):
        refuse_stale(principal, now=now)


async def use_any_code(tx: Tx, vault: Vault, *, user_id: UUID, code: str) -> str:
    """Use up a code of the person's app, or a recovery code; tells which it was, empty if it is neither."""
    if await totp.use_totp(tx, vault, user_id=user_id, code=code):
        return "code"
    return "recovery code" if await recovery.use_code(tx, user_id=user_id, code=code) else ""


async def _note_recovery(tx: Tx, *, session: Session, by: str) -> None:
    if by == "recovery code":
        details = {"left": await recovery.count_codes(tx, user_id=session.user_id)}
        await write_entry(
            tx,
            actor=session.actor,
            action="auth.recovery_code_used",
            subject=f"user:{session.user_id}",
            details=details,
        )
