"""SQL of accounts with calendars: consents under way, connections, and whose turn it is to be asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from frontdesk.features.scheduling.model.calendars import CalendarCompany, Connection, ConnectionState, Lease
from frontdesk.kernel.db import Transaction

PUT_CONSENT = """
    insert into calendar_consents (state_hash, tenant_id, provider, sealed_verifier, redirect_uri, asked_by, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7)
"""
TAKE_CONSENT = """
    delete from calendar_consents where tenant_id = $1 and state_hash = $2 and asked_by = $3
    returning provider, sealed_verifier, redirect_uri, expires_at
"""
FORGET_CONSENTS = """
    delete from calendar_consents where tenant_id = $1 and expires_at < $2
"""
PUT_CONNECTION = """
    insert into calendar_connections (id, tenant_id, provider, provider_account_id, account_name, sealed_login, state,
                                      due_at, connected_by, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, 'active', $7, $8, $7, $7)
    on conflict (tenant_id, provider, provider_account_id) do update
    set account_name = excluded.account_name, sealed_login = excluded.sealed_login, state = 'active',
        revoked_at = null, revoked_because = '', failures = 0, last_error = '', due_at = excluded.due_at,
        fence = calendar_connections.fence + 1, leased_until = null, connected_by = excluded.connected_by,
        updated_at = excluded.updated_at
    returning id
"""
FIND_CONNECTION = """
    select id, tenant_id, provider, provider_account_id, account_name, state, revoked_at, revoked_because, last_error,
           last_error_at, connected_by, created_at
    from calendar_connections where tenant_id = $1 and id = $2
"""
LIST_CONNECTIONS = """
    select id, tenant_id, provider, provider_account_id, account_name, state, revoked_at, revoked_because, last_error,
           last_error_at, connected_by, created_at
    from calendar_connections where tenant_id = $1 order by created_at, id
"""
DELETE_CONNECTION = """
    delete from calendar_connections where tenant_id = $1 and id = $2
    returning sealed_login, provider, provider_account_id
"""
LIST_OF_ACCOUNT = """
    select id, tenant_id from calendar_connections where provider = $1 and provider_account_id = $2
"""
CLAIM = """
    with due as (
      select id from calendar_connections
      where state = 'active' and due_at <= $1 and (leased_until is null or leased_until < $1)
      order by due_at limit $2 for update skip locked
    )
    update calendar_connections as connection
    set leased_until = $1::timestamptz + $3::interval, fence = connection.fence + 1
    from due where connection.id = due.id
    returning connection.id, connection.tenant_id, connection.provider, connection.provider_account_id,
              connection.sealed_login, connection.fence, connection.failures
"""
HOLD = """
    select true from calendar_connections where tenant_id = $1 and id = $2 and fence = $3 for update
"""
REPLACE_LOGIN = """
    update calendar_connections set sealed_login = $4, updated_at = $5
    where tenant_id = $1 and id = $2 and fence = $3
    returning true
"""
# What was told while it was being asked is asked for at once.
FINISH = """
    update calendar_connections as connection
    set leased_until = null, failures = case when $5 = '' then 0 else failures + 1 end,
        errors = errors + case when $5 = '' then 0 else 1 end, last_error = $5,
        last_error_at = case when $5 = '' then last_error_at else $4 end,
        due_at = case when $5 = '' and exists (
                   select from calendars as one
                   where one.connection_id = connection.id and one.tenant_id = $1 and one.news > one.news_seen
                 ) then $4 else $6 end
    where connection.tenant_id = $1 and connection.id = $2 and connection.fence = $3
"""
REVOKE = """
    update calendar_connections
    set state = 'revoked', revoked_at = $3, revoked_because = $4, leased_until = null, fence = fence + 1,
        errors = errors + 1, updated_at = $3
    where tenant_id = $1 and id = $2 and state = 'active'
    returning true
"""
HASTEN = """
    update calendar_connections set due_at = least(due_at, $3)
    where tenant_id = $1 and ($2::uuid is null or id = $2) and state = 'active'
"""


async def put_consent(
    tx: Transaction,
    *,
    state_hash: bytes,
    provider: CalendarCompany,
    sealed_verifier: bytes,
    redirect_uri: str,
    asked_by: str,
    expires_at: datetime,
) -> None:
    """Remember whom we sent to a provider, and forget those who never came back."""
    await tx.execute(FORGET_CONSENTS, tx.tenant, tx.now)
    await tx.execute(
        PUT_CONSENT, state_hash, tx.tenant, provider.value, sealed_verifier, redirect_uri, asked_by, expires_at
    )


async def take_consent(
    tx: Transaction, *, state_hash: bytes, asked_by: str
) -> tuple[CalendarCompany, bytes, str, datetime] | None:
    """Take out whom we sent, once: the provider, the sealed verifier, the address back, until when it counts."""
    row = await tx.fetchrow(TAKE_CONSENT, tx.tenant, state_hash, asked_by)
    if row is None:
        return None
    return CalendarCompany(row["provider"]), row["sealed_verifier"], row["redirect_uri"], row["expires_at"]


async def put_connection(
    tx: Transaction,
    *,
    connection_id: UUID,
    provider: CalendarCompany,
    provider_account_id: str,
    account_name: str,
    sealed_login: bytes,
    connected_by: str,
) -> UUID:
    """Keep an account, or open a known one anew; returns its id, and whoever held its lease has lost it."""
    found = await tx.fetchval(
        PUT_CONNECTION,
        connection_id,
        tx.tenant,
        provider.value,
        provider_account_id,
        account_name,
        sealed_login,
        tx.now,
        connected_by,
    )
    return UUID(str(found))


async def find_connection(tx: Transaction, *, connection_id: UUID) -> Connection | None:
    """Find one of the business's accounts."""
    row = await tx.fetchrow(FIND_CONNECTION, tx.tenant, connection_id)
    return None if row is None else _connection(row)


async def list_connections(tx: Transaction) -> list[Connection]:
    """List the business's accounts, oldest first."""
    return [_connection(row) for row in await tx.fetch(LIST_CONNECTIONS, tx.tenant)]


async def delete_connection(tx: Transaction, *, connection_id: UUID) -> tuple[CalendarCompany, str, bytes] | None:
    """Delete an account with its calendars; gives provider, account and sealed login, None if it is not there."""
    row = await tx.fetchrow(DELETE_CONNECTION, tx.tenant, connection_id)
    if row is None:
        return None
    return CalendarCompany(row["provider"]), row["provider_account_id"], row["sealed_login"]


async def list_of_account(
    tx: Transaction, *, provider: CalendarCompany, provider_account_id: str
) -> list[tuple[UUID, UUID]]:
    """List the connections that any business has to an account: connection and tenant."""
    rows = await tx.fetch(LIST_OF_ACCOUNT, provider.value, provider_account_id)
    return [(row["id"], row["tenant_id"]) for row in rows]


async def claim_due(tx: Transaction, *, limit: int, lasting: timedelta) -> list[Lease]:
    """Lease connections whose turn it is, of any business, longest due first."""
    return [_lease(row) for row in await tx.fetch(CLAIM, tx.now, limit, lasting)]


async def hold_lease(tx: Transaction, lease: Lease) -> bool:
    """Keep a lease from being lost until this transaction ends; False if it is lost already."""
    return await tx.fetchval(HOLD, lease.tenant_id, lease.connection_id, lease.fence) is True


async def replace_login(tx: Transaction, lease: Lease, *, sealed_login: bytes) -> bool:
    """Keep a renewed login; False if the lease is lost."""
    done = await tx.fetchval(REPLACE_LOGIN, lease.tenant_id, lease.connection_id, lease.fence, sealed_login, tx.now)
    return done is True


async def finish_lease(tx: Transaction, lease: Lease, *, error: str, due_at: datetime) -> None:
    """Give a lease back: `error` empty is well; due again then, or at once if there was news meanwhile."""
    await tx.execute(FINISH, lease.tenant_id, lease.connection_id, lease.fence, tx.now, error, due_at)


async def revoke_connection(tx: Transaction, *, connection_id: UUID, because: str) -> bool:
    """Write down that an account no longer lets us in; False if that is known."""
    return await tx.fetchval(REVOKE, tx.tenant, connection_id, tx.now, because) is True


async def advance_connections(tx: Transaction, *, connection_id: UUID | None = None) -> None:
    """Make an account's turn come now, or all accounts' of the business."""
    await tx.execute(HASTEN, tx.tenant, connection_id, tx.now)


def _connection(row: asyncpg.Record) -> Connection:
    fields = dict(row)
    return Connection(**fields | {"provider": CalendarCompany(row["provider"]), "state": ConnectionState(row["state"])})


def _lease(row: asyncpg.Record) -> Lease:
    return Lease(
        connection_id=row["id"],
        tenant_id=row["tenant_id"],
        provider=CalendarCompany(row["provider"]),
        provider_account_id=row["provider_account_id"],
        sealed_login=row["sealed_login"],
        fence=row["fence"],
        failures=row["failures"],
    )
