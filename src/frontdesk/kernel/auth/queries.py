"""All statements of the auth part; they run as the system role, because the tenant is not known yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from frontdesk.kernel.auth.model import ApiToken, LoginLimits, OpenSession, Role, Scope, Session, User
from frontdesk.kernel.db import Tx, affected

TRUSTED_FOR = timedelta(days=30)

INSERT_USER = """
insert into users (id, email, name, password_hash, platform_admin, password_changed_at, created_at)
values ($1, $2, $3, $4::text, $5, case when $4::text is null then null else $6::timestamptz end, $6)
on conflict (email) do nothing
returning id, email, name, platform_admin, disabled_at
"""
FIND_USER = "select id, email, name, platform_admin, disabled_at from users where email = $1"
UPDATE_PASSWORD = "update users set password_hash = $2, password_changed_at = $3 where id = $1"  # noqa: S105 - a statement
REPLACE_HASH = "update users set password_hash = $2 where id = $1 and password_hash = $3"
DISABLE_USER = "update users set disabled_at = $2 where id = $1 and disabled_at is null"
FIND_CREDENTIALS = "select id, password_hash from users where email = $1 and disabled_at is null"
PUT_MEMBER = """
insert into members (tenant_id, user_id, role, created_at) values ($1, $2, $3, $4)
on conflict (tenant_id, user_id) do update set role = excluded.role
"""
LIST_BUSINESSES_OF = "select tenant_id from members where user_id = $1 order by tenant_id"

DELETE_MEMBER = "delete from members where tenant_id = $1 and user_id = $2"
LOCK_TRIES = """
select pg_advisory_xact_lock(hashtextextended('login account ' || encode($1::bytea, 'hex'), 0)),
       pg_advisory_xact_lock(hashtextextended('login address ' || $2::text, 0))
"""
RECORD_TRY = """
with account as (
    select count(*) as tries, min(at) as oldest
    from login_attempts where account_hash = $1 and at > $3::timestamptz - $4::interval and not succeeded
), address as (
    select count(*) as tries, min(at) as oldest
    from login_attempts where ip = $2::inet and at > $3::timestamptz - $4::interval and not succeeded
), everyone as (
    select count(*) as tries, min(at) as oldest
    from login_attempts where at > $3::timestamptz - $4::interval and not succeeded
), known as (
    select exists (
        select from login_attempts
        where account_hash = $1 and ip = $2::inet and succeeded and at > $3::timestamptz - $8::interval
    ) as trusted
), verdict as (
    select case
        when address.tries >= $6 then 'address'
        when known.trusted then null
        when account.tries >= $5 then 'account'
        when everyone.tries >= $7 then 'everyone'
    end as reason, account.oldest as account_oldest, address.oldest as address_oldest, everyone.oldest as oldest
    from account, address, everyone, known
), attempt as (
    insert into login_attempts (at, account_hash, ip)
    select $3, $1, $2::inet from verdict where verdict.reason is null
    returning id
)
select attempt.id, verdict.reason,
       case verdict.reason when 'address' then address_oldest when 'account' then account_oldest else oldest end
           as since
from verdict left join attempt on true
"""
MARK_TRY_SUCCEEDED = "update login_attempts set succeeded = true where id = $1"
INSERT_SESSION = """
insert into sessions
  (id, token_hash, user_id, created_at, last_seen_at, proven_at, idle_expires_at, expires_at, ip, user_agent)
values ($1, $2, $3, $4, $4, $4, $5, $6, $7::inet, $8)
"""
FIND_SESSION = """
select sessions.id, sessions.user_id, users.email, users.name, users.platform_admin, sessions.created_at,
       sessions.last_seen_at, sessions.idle_expires_at, sessions.expires_at,
       coalesce(sessions.proven_at, sessions.created_at) as proven_at,
       array(select tenant_id from members where user_id = users.id order by tenant_id) as tenant_ids,
       array(select role from members where user_id = users.id order by tenant_id) as roles
from sessions join users on users.id = sessions.user_id
where sessions.token_hash = $1 and sessions.revoked_at is null and users.disabled_at is null
  and sessions.expires_at > $2 and sessions.idle_expires_at > $2
"""
TOUCH_SESSION = """
update sessions set last_seen_at = $2, idle_expires_at = least(expires_at, $2::timestamptz + $3::interval)
where id = $1 and last_seen_at < $2
"""
REVOKE_SESSION = "update sessions set revoked_at = $2 where id = $1 and revoked_at is null"
LIST_SESSIONS = """
select id, created_at, last_seen_at, coalesce(user_agent, '') as user_agent from sessions
where user_id = $1 and revoked_at is null and expires_at > $2 and idle_expires_at > $2
order by last_seen_at desc, id limit 100
"""
REVOKE_SESSION_OF = "update sessions set revoked_at = $3 where id = $1 and user_id = $2 and revoked_at is null"
REVOKE_SESSIONS_OF = """
update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null and id is distinct from $3::uuid
"""
RENEW_SESSION = "update sessions set token_hash = $2, proven_at = $3 where id = $1 and revoked_at is null"
REVOKE_ALL_SESSIONS = "update sessions set revoked_at = $1 where revoked_at is null"
REVOKE_ALL_TOKENS = "update api_tokens set revoked_at = $1 where revoked_at is null"
INSERT_TOKEN = """
insert into api_tokens (id, tenant_id, name, prefix, token_hash, scopes, created_by, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""  # noqa: S105 - a statement
FIND_TOKEN = """
select id, tenant_id, name, prefix, scopes, created_by, created_at, expires_at, last_used_at, revoked_at
from api_tokens where token_hash = $1 and revoked_at is null and expires_at > $2
"""  # noqa: S105 - a statement
TOUCH_TOKEN = "update api_tokens set last_used_at = $2 where id = $1"  # noqa: S105 - a statement
LIST_TOKENS = """
select id, tenant_id, name, prefix, scopes, created_by, created_at, expires_at, last_used_at, revoked_at
from api_tokens where tenant_id is not distinct from $1 order by created_at, id
"""
REVOKE_TOKEN = """
update api_tokens set revoked_at = $3 where id = $1 and tenant_id is not distinct from $2 and revoked_at is null
"""  # noqa: S105 - a statement
DELETE_OLD_SESSIONS = "delete from sessions where expires_at < $1"
DELETE_OLD_TRIES = "delete from login_attempts where at < $1"
DELETE_OLD_HALF_LOGINS = "delete from half_logins where expires_at < $1"
DELETE_OLD_RESETS = "delete from password_resets where expires_at < $1"
DELETE_OLD_CHALLENGES = "delete from used_challenges where expires_at < $1"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whom a login names, and the stored hash to check against."""

    user_id: UUID
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class Try:
    """A login try that may go on (`id`), or why and since when it may not."""

    id: int | None
    reason: str | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class SeenSession:
    """A valid session and when it was last seen."""

    session: Session
    last_seen_at: datetime


async def insert_user(
    tx: Tx, *, user_id: UUID, email: str, name: str, password_hash: str | None, platform_admin: bool
) -> User | None:
    """Add a person; None when the address is taken."""
    row = await tx.fetchrow(INSERT_USER, user_id, email, name, password_hash, platform_admin, tx.now)
    return None if row is None else _user(row)


async def find_user(tx: Tx, *, email: str) -> User | None:
    """Find a person by normal e-mail address."""
    row = await tx.fetchrow(FIND_USER, email)
    return None if row is None else _user(row)


async def update_password(tx: Tx, *, user_id: UUID, password_hash: str) -> bool:
    """Set a person's hash; False when there is no such person."""
    return affected(await tx.execute(UPDATE_PASSWORD, user_id, password_hash, tx.now)) == 1


async def replace_hash(tx: Tx, *, user_id: UUID, old: str, new: str) -> None:
    """Exchange a hash for one of the same password, unless the password was changed meanwhile."""
    await tx.execute(REPLACE_HASH, user_id, new, old)


async def disable_user(tx: Tx, *, user_id: UUID) -> bool:
    """Bar a person from logging in; False when that changes nothing."""
    return affected(await tx.execute(DISABLE_USER, user_id, tx.now)) == 1


async def find_credentials(tx: Tx, *, email: str) -> Credentials | None:
    """Find whom an e-mail address names, unless barred."""
    row = await tx.fetchrow(FIND_CREDENTIALS, email)
    return None if row is None else Credentials(row["id"], row["password_hash"])


async def put_member(tx: Tx, *, tenant_id: UUID, user_id: UUID, role: Role) -> None:
    """Give a person a role in a business, in place of any other."""
    await tx.execute(PUT_MEMBER, tenant_id, user_id, role.value, tx.now)


async def delete_member(tx: Tx, *, tenant_id: UUID, user_id: UUID) -> bool:
    """Take a person's role away; False when there was none."""
    return affected(await tx.execute(DELETE_MEMBER, tenant_id, user_id)) == 1


async def record_try(tx: Tx, *, account_hash: bytes, address: str, limits: LoginLimits) -> Try:
    """Count a login try as failed before its password is looked at, unless a limit is reached."""
    await tx.execute(LOCK_TRIES, account_hash, address)
    row = await tx.fetchrow(
        RECORD_TRY,
        account_hash,
        address,
        tx.now,
        limits.window,
        limits.per_account,
        limits.per_address,
        limits.overall,
        TRUSTED_FOR,
    )
    if row is None:
        raise LookupError("the throttle returned no row")
    return Try(row["id"], row["reason"], row["since"])


async def mark_try_succeeded(tx: Tx, *, try_id: int) -> None:
    """Turn a try that counted as failed into a success."""
    await tx.execute(MARK_TRY_SUCCEEDED, try_id)


async def insert_session(
    tx: Tx,
    *,
    session_id: UUID,
    token_hash: bytes,
    user_id: UUID,
    idle_expires_at: datetime,
    expires_at: datetime,
    address: str,
    user_agent: str,
) -> None:
    """Begin a session."""
    await tx.execute(
        INSERT_SESSION, session_id, token_hash, user_id, tx.now, idle_expires_at, expires_at, address, user_agent
    )


async def find_session(tx: Tx, *, token_hash: bytes) -> SeenSession | None:
    """Find a session that is neither revoked nor expired, of a person who is not barred."""
    row = await tx.fetchrow(FIND_SESSION, token_hash, tx.now)
    if row is None:
        return None
    roles = {tenant: Role(role) for tenant, role in zip(row["tenant_ids"], row["roles"], strict=True)}
    session = Session(
        id=row["id"],
        user_id=row["user_id"],
        email=row["email"],
        name=row["name"],
        platform_admin=row["platform_admin"],
        roles=roles,
        created_at=row["created_at"],
        idle_expires_at=row["idle_expires_at"],
        expires_at=row["expires_at"],
        proven_at=row["proven_at"],
    )
    return SeenSession(session, row["last_seen_at"])


async def touch_session(tx: Tx, *, session_id: UUID, idle: timedelta) -> None:
    """Note that a session is in use and push its idle end away, never beyond its absolute end."""
    await tx.execute(TOUCH_SESSION, session_id, tx.now, idle)


async def replace_session_token(tx: Tx, *, session_id: UUID, token_hash: bytes) -> bool:
    """Give a session another token because its person has proven anew who they are; False when it has ended."""
    return affected(await tx.execute(RENEW_SESSION, session_id, token_hash, tx.now)) == 1


async def revoke_session(tx: Tx, *, session_id: UUID) -> bool:
    """End one session; False when it had ended."""
    return affected(await tx.execute(REVOKE_SESSION, session_id, tx.now)) == 1


async def list_sessions(tx: Tx, *, user_id: UUID) -> list[OpenSession]:
    """List a person's sessions that are neither revoked nor expired, the one last seen first, 100 at most."""
    rows = await tx.fetch(LIST_SESSIONS, user_id, tx.now)
    return [OpenSession(row["id"], row["created_at"], row["last_seen_at"], row["user_agent"]) for row in rows]


async def revoke_session_of(tx: Tx, *, session_id: UUID, user_id: UUID) -> bool:
    """End one session of a person; False when it is not theirs, or had ended."""
    return affected(await tx.execute(REVOKE_SESSION_OF, session_id, user_id, tx.now)) == 1


async def revoke_sessions_of(tx: Tx, *, user_id: UUID, but: UUID | None) -> int:
    """End all sessions of a person, but one if named."""
    return affected(await tx.execute(REVOKE_SESSIONS_OF, user_id, tx.now, but))


async def revoke_all_sessions(tx: Tx) -> int:
    """End every session of everybody."""
    return affected(await tx.execute(REVOKE_ALL_SESSIONS, tx.now))


async def insert_token(tx: Tx, *, token: ApiToken, token_hash: bytes) -> None:
    """Keep a new token's hash."""
    scopes = sorted(scope.value for scope in token.scopes)
    await tx.execute(
        INSERT_TOKEN, token.id, token.tenant_id, token.name, token.prefix, token_hash, scopes,
        token.created_by, token.created_at, token.expires_at,
    )  # fmt: skip


async def find_token(tx: Tx, *, token_hash: bytes) -> ApiToken | None:
    """Find a token that is neither revoked nor expired."""
    row = await tx.fetchrow(FIND_TOKEN, token_hash, tx.now)
    return None if row is None else _token(row)


async def touch_token(tx: Tx, *, token_id: UUID) -> None:
    """Note that a token is in use."""
    await tx.execute(TOUCH_TOKEN, token_id, tx.now)


async def list_tokens(tx: Tx, *, tenant_id: UUID | None) -> list[ApiToken]:
    """List a tenant's tokens (None: the platform's), oldest first, revoked ones too."""
    return [_token(row) for row in await tx.fetch(LIST_TOKENS, tenant_id)]


async def revoke_token(tx: Tx, *, token_id: UUID, tenant_id: UUID | None) -> bool:
    """End a token of that tenant; False when there is none to end."""
    return affected(await tx.execute(REVOKE_TOKEN, token_id, tenant_id, tx.now)) == 1


async def revoke_all_tokens(tx: Tx) -> int:
    """End every token of everybody."""
    return affected(await tx.execute(REVOKE_ALL_TOKENS, tx.now))


async def delete_old_logins(tx: Tx, *, before: datetime) -> int:
    """Delete sessions, half-logins, resets and challenges that ended, and tries that were made, before a moment."""
    sessions = affected(await tx.execute(DELETE_OLD_SESSIONS, before))
    await tx.execute(DELETE_OLD_HALF_LOGINS, before)
    await tx.execute(DELETE_OLD_RESETS, before)
    await tx.execute(DELETE_OLD_CHALLENGES, before)
    return sessions + affected(await tx.execute(DELETE_OLD_TRIES, before))


def _user(row: asyncpg.Record) -> User:
    return User(row["id"], row["email"], row["name"], row["platform_admin"], row["disabled_at"])


def _token(row: asyncpg.Record) -> ApiToken:
    return ApiToken(
        id=row["id"],
        tenant_id=row["tenant_id"],
        name=row["name"],
        prefix=row["prefix"],
        scopes=_scopes(row["scopes"]),
        created_by=row["created_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
    )


def _scopes(names: Iterable[str]) -> frozenset[Scope]:
    # A scope that a newer program granted and this one does not know grants nothing here.
    known = {scope.value: scope for scope in Scope}
    return frozenset(known[name] for name in names if name in known)


async def list_businesses_of(tx: Tx, *, user_id: UUID) -> list[UUID]:
    """List the businesses that a person is a member of."""
    return [row["tenant_id"] for row in await tx.fetch(LIST_BUSINESSES_OF, user_id)]
