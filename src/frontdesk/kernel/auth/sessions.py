"""Logging in and out: throttled, in constant time for unknown people, by opaque tokens that can be revoked."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import keepable, write_entry
from frontdesk.kernel.auth import queries
from frontdesk.kernel.auth.model import (
    LoggedIn,
    LoginLimits,
    LoginRefused,
    LoginResult,
    LoginThrottled,
    Session,
    SessionLifetime,
    new_token,
    normal_email,
    throttled_address,
    token_hash,
)
from frontdesk.kernel.auth.passwords import Passwords
from frontdesk.kernel.db import Database, Tx
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id

TOUCH_EVERY = timedelta(minutes=1)
MAX_USER_AGENT_LENGTH = 300
MAX_TOKEN_LENGTH = 200


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
    """Log a person in from address `ip`; every login gets a new token.

    Two short transactions of its own, because the slow hash between them must not hold a connection. The try counts
    as failed until it succeeds, so many at once cannot slip under the limit.
    """
    rules = limits or LoginLimits()
    try:
        address_given = normal_email(email)
    except Refused:
        address_given = keepable(email[:300])
    account_hash = hashlib.sha256(b"login " + address_given.encode()).digest()
    async with system.transaction() as tx:
        attempt = await queries.record_try(tx, account_hash=account_hash, address=throttled_address(ip), limits=rules)
        credentials = await queries.find_credentials(tx, email=address_given)
    if attempt.id is None:
        return _throttled(attempt, rules, now=tx.now)
    stored = None if credentials is None else credentials.password_hash
    if not await passwords.matches(stored, password) or credentials is None or stored is None:
        return LoginRefused()
    fresh = await passwords.rehash(password) if passwords.is_outdated(stored) else None
    async with system.transaction() as tx:
        # Read again: the person may have been barred, or the password changed, while the hash was computed.
        current = await queries.find_credentials(tx, email=address_given)
        if current != credentials:
            return LoginRefused()
        await queries.mark_try_succeeded(tx, try_id=attempt.id)
        if fresh is not None:
            await queries.replace_hash(tx, user_id=credentials.user_id, old=stored, new=fresh)
        return await _begin(tx, user_id=credentials.user_id, ip=ip, user_agent=user_agent, lifetime=lifetime)


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
    details = {"sessions_ended": ended}
    await write_entry(tx, actor=actor, action="auth.logged_out_everywhere", subject=f"user:{user_id}", details=details)
    return ended


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


async def _begin(tx: Tx, *, user_id: UUID, ip: str, user_agent: str, lifetime: SessionLifetime) -> LoggedIn:
    token = new_token()
    session_id = new_id()
    await queries.insert_session(
        tx,
        session_id=session_id,
        token_hash=token_hash(token),
        user_id=user_id,
        idle_expires_at=tx.now + min(lifetime.idle, lifetime.absolute),
        expires_at=tx.now + lifetime.absolute,
        address=ip,
        user_agent=keepable(user_agent)[:MAX_USER_AGENT_LENGTH],
    )
    found = await queries.find_session(tx, token_hash=token_hash(token))
    if found is None:
        raise LookupError("a session that just began was not found")
    await write_entry(tx, actor=found.session.actor, action="auth.logged_in", subject=f"session:{session_id}")
    return LoggedIn(found.session, token)


def _throttled(attempt: queries.Try, limits: LoginLimits, *, now: datetime) -> LoginThrottled:
    since = attempt.since or now
    return LoginThrottled(attempt.reason or "everyone", max(since + limits.window - now, timedelta(seconds=1)))
