"""Logging in and out: throttled, in constant time for unknown people, by opaque tokens that can be revoked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import keepable, write_entry
from frontdesk.kernel.auth import queries
from frontdesk.kernel.auth.half_logins import begin_half_login, end_half_logins, is_code_needed
from frontdesk.kernel.auth.model import (
    LoggedIn,
    LoginLimits,
    LoginRefused,
    LoginResult,
    LoginThrottled,
    OpenSession,
    Session,
    SessionLifetime,
    new_token,
    token_hash,
)
from frontdesk.kernel.auth.passwords import Passwords
from frontdesk.kernel.auth.tries import count_try, name_of
from frontdesk.kernel.db import Database, Tx
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id

TOUCH_EVERY = timedelta(minutes=1)
MAX_USER_AGENT_LENGTH = 300
MAX_TOKEN_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Visitor:
    """From where somebody wants in, with what, and for how long they would be let in."""

    ip: str
    user_agent: str
    lifetime: SessionLifetime


async def log_in(
    system: Database,
    passwords: Passwords,
    *,
    email: str,
    password: str,
    ip: str,
    user_agent: str,
    lifetime: SessionLifetime,
    limits: LoginLimits | None = None,
) -> LoginResult:
    """Log a person in from address `ip`; every login gets a new token. Who uses an app is asked for its code next.

    Two short transactions of its own, because the slow hash between them must not hold a connection. The try counts
    as failed until it succeeds, so many at once cannot slip under the limit.
    """
    rules = limits or LoginLimits()
    address_given = name_of(email)
    async with system.transaction() as tx:
        attempt = await count_try(tx, kind="login", who=address_given.encode(), ip=ip, limits=rules)
        credentials = await queries.find_credentials(tx, email=address_given)
    if isinstance(attempt, LoginThrottled):
        return attempt
    stored = None if credentials is None else credentials.password_hash
    if not await passwords.matches(stored, password) or credentials is None or stored is None:
        return LoginRefused()
    fresh = await passwords.rehash(password) if passwords.is_outdated(stored) else None
    async with system.transaction() as tx:
        # Read again: the person may have been barred, or the password changed, while the hash was computed.
        current = await queries.find_credentials(tx, email=address_given)
        if current != credentials:
            return LoginRefused()
        if fresh is not None:
            await queries.replace_hash(tx, user_id=credentials.user_id, old=stored, new=fresh)
        if await is_code_needed(tx, user_id=credentials.user_id):
            return await begin_half_login(tx, user_id=credentials.user_id, attempt=attempt)
        await queries.mark_try_succeeded(tx, try_id=attempt)
        visitor = Visitor(ip, user_agent, lifetime)
        return await begin_session(tx, user_id=credentials.user_id, visitor=visitor, by="password")


async def find_session(tx: Tx, *, token: str, lifetime: SessionLifetime) -> Session | None:
    """Find the session a cookie names, with the person's roles as they are now; its idle end moves away.

    None for a token that is unknown, revoked, expired, or of a person who was barred.
    """
    if not token or len(token) > MAX_TOKEN_LENGTH:
        return None
    found = await queries.find_session(tx, token_hash=token_hash(token))
    if found is None:
        return None
    # Not on every request: that would be one write per click.
    if tx.now - found.last_seen_at >= min(TOUCH_EVERY, lifetime.idle / 4):
        await queries.touch_session(tx, session_id=found.session.id, idle=lifetime.idle)
    return found.session


async def log_out(tx: Tx, *, session: Session) -> None:
    """End one session."""
    if await queries.revoke_session(tx, session_id=session.id):
        await write_entry(tx, actor=session.actor, action="auth.logged_out", subject=f"session:{session.id}")


async def log_out_everywhere(tx: Tx, *, user_id: UUID, actor: Actor, keep_session: UUID | None = None) -> int:
    """End all sessions of a person, but one if named; returns how many ended."""
    ended = await queries.revoke_sessions_of(tx, user_id=user_id, but=keep_session)
    await end_half_logins(tx, user_id=user_id)
    details = {"sessions_ended": ended}
    await write_entry(tx, actor=actor, action="auth.logged_out_everywhere", subject=f"user:{user_id}", details=details)
    return ended


async def list_sessions(tx: Tx, *, user_id: UUID) -> list[OpenSession]:
    """List a person's sessions that have not ended, the one last seen first."""
    return await queries.list_sessions(tx, user_id=user_id)


async def end_session(tx: Tx, *, session_id: UUID, session: Session) -> None:
    """End one of the sessions of the person whose `session` this is; refuses `auth.session_unknown` (404)."""
    if not await queries.revoke_session_of(tx, session_id=session_id, user_id=session.user_id):
        raise Refused("auth.session_unknown", "This login has ended already.", status=404)
    await write_entry(tx, actor=session.actor, action="auth.session_ended", subject=f"session:{session_id}")


async def end_all_sessions(tx: Tx, *, actor: Actor) -> int:
    """End every session of everybody, as after a breach; returns how many ended."""
    ended = await queries.revoke_all_sessions(tx)
    await write_entry(
        tx, actor=actor, action="auth.all_sessions_ended", subject="platform", details={"sessions_ended": ended}
    )
    return ended


async def forget_old_logins(tx: Tx, *, before: datetime) -> int:
    """Delete sessions and login tries from before a moment; tries are needed for 30 days."""
    return await queries.delete_old_logins(tx, before=before)


async def begin_session(tx: Tx, *, user_id: UUID, visitor: Visitor, by: str) -> LoggedIn:
    """Let a person in who has proven who they are; `by` says what with, for the audit log."""
    token = new_token()
    session_id = new_id()
    await queries.insert_session(
        tx,
        session_id=session_id,
        token_hash=token_hash(token),
        user_id=user_id,
        idle_expires_at=tx.now + min(visitor.lifetime.idle, visitor.lifetime.absolute),
        expires_at=tx.now + visitor.lifetime.absolute,
        address=visitor.ip,
        user_agent=keepable(visitor.user_agent)[:MAX_USER_AGENT_LENGTH],
    )
    login = await _read(tx, token)
    await write_entry(
        tx, actor=login.session.actor, action="auth.logged_in", subject=f"session:{session_id}", details={"by": by}
    )
    return login


async def renew_session(tx: Tx, *, session: Session) -> LoggedIn:
    """Give a session a new token because its person has proven anew who they are; the old one opens nothing."""
    token = new_token()
    await queries.replace_session_token(tx, session_id=session.id, token_hash=token_hash(token))
    return await _read(tx, token)


async def _read(tx: Tx, token: str) -> LoggedIn:
    found = await queries.find_session(tx, token_hash=token_hash(token))
    if found is None:
        raise LookupError("a session that just began was not found")
    return LoggedIn(found.session, token)
