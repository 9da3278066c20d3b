"""SQL of the calendars in connected accounts: their use, how far they were read, and their channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.features.scheduling.model.calendars import CalendarUse
from frontdesk.kernel.db import Transaction, affected
from frontdesk.kernel.ids import new_id
from frontdesk.ports.calendars import Channel, ExternalCalendar

PUT = """
    insert into calendars (id, tenant_id, connection_id, provider_calendar_id, name, zone, writable, created_at,
                           updated_at)
    select told.id, $1, $2, told.provider_calendar_id, told.name, told.zone, told.writable, $3, $3
    from unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::boolean[])
         as told (id, provider_calendar_id, name, zone, writable)
    on conflict (connection_id, provider_calendar_id) do update
    set name = excluded.name, zone = excluded.zone, writable = excluded.writable or calendars.writes,
        updated_at = excluded.updated_at
"""
DROP_GONE = """
    delete from calendars
    where tenant_id = $1 and connection_id = $2 and resource_id is null and provider_calendar_id <> all ($3::text[])
"""
LIST_ALL = """
    select id, tenant_id, connection_id, provider_calendar_id, name, zone, writable, resource_id, blocks, writes,
           sync_token, covered_until, refreshed_at, synced_at, news, news_seen, channel_id, provider_resource_id,
           channel_expires_at, channel_heard_at, channel_silent_at, channel_retry_at
    from calendars where tenant_id = $1 and ($2::uuid is null or connection_id = $2) order by name, id
"""
FIND = """
    select id, tenant_id, connection_id, provider_calendar_id, name, zone, writable, resource_id, blocks, writes,
           sync_token, covered_until, refreshed_at, synced_at, news, news_seen, channel_id, provider_resource_id,
           channel_expires_at, channel_heard_at, channel_silent_at, channel_retry_at
    from calendars where tenant_id = $1 and id = $2 for update
"""
USE = """
    update calendars
    set resource_id = $3, blocks = $4, writes = $5, sync_token = '', covered_until = null, refreshed_at = null,
        synced_at = null, updated_at = $6
    where tenant_id = $1 and id = $2
"""
FIND_WRITTEN = """
    select id from calendars where tenant_id = $1 and resource_id = $2 and writes and id <> $3
"""
RECORD_LOOK = """
    update calendars
    set sync_token = $3, news_seen = greatest(news_seen, $4), synced_at = $5,
        refreshed_at = case when $6::timestamptz is null then refreshed_at else $5 end,
        covered_until = coalesce($6, covered_until),
        channel_silent_at = case when $7 then coalesce(channel_silent_at, $5) when news > $4 then null
                                 else channel_silent_at end
    where tenant_id = $1 and id = $2
"""
PUT_CHANNEL = """
    update calendars
    set channel_id = $3, channel_secret_hash = $4, provider_resource_id = $5, channel_expires_at = $6,
        channel_heard_at = null, channel_silent_at = null, channel_retry_at = null
    where tenant_id = $1 and id = $2
"""
POSTPONE_CHANNEL = """
    update calendars set channel_retry_at = $3 where tenant_id = $1 and id = $2
"""
FIND_CHANNEL = """
    select id, tenant_id, connection_id, channel_secret_hash from calendars where channel_id = $1
"""
NOTE_NEWS = """
    update calendars
    set news = news + $4, channel_heard_at = $3, channel_silent_at = null
    where tenant_id = $1 and ($2::uuid is null or id = $2) and ($5::uuid is null or connection_id = $5)
"""
FIND_HORIZON = """
    select coalesce(max(horizon_days), 60)::int from sched_services where tenant_id = $1 and active
"""
FIND_ZONE = """
    select coalesce(nullif(resource.zone, ''), business.timezone)
    from sched_resources as resource join tenants as business on business.id = resource.tenant_id
    where resource.tenant_id = $1 and resource.id = $2
"""


async def put_calendars(tx: Transaction, *, connection_id: UUID, found: Sequence[ExternalCalendar]) -> None:
    """Keep the calendars of an account as it lists them; unused ones that it lists no more go."""
    ids = [one.id for one in found]
    await tx.execute(
        PUT,
        tx.tenant,
        connection_id,
        tx.now,
        [new_id() for _ in found],
        ids,
        [one.name for one in found],
        [one.zone for one in found],
        [one.writable for one in found],
    )
    await tx.execute(DROP_GONE, tx.tenant, connection_id, ids)


async def list_calendars(tx: Transaction, *, connection_id: UUID | None = None) -> list[CalendarUse]:
    """List the calendars of one account, or of all."""
    return [_calendar(row) for row in await tx.fetch(LIST_ALL, tx.tenant, connection_id)]


async def find_calendar(tx: Transaction, *, calendar_id: UUID) -> CalendarUse | None:
    """Find a calendar and lock it."""
    row = await tx.fetchrow(FIND, tx.tenant, calendar_id)
    return None if row is None else _calendar(row)


async def update_use(
    tx: Transaction, *, calendar_id: UUID, resource_id: UUID | None, blocks: bool, writes: bool
) -> None:
    """Say whose time a calendar takes and whether our appointments go there; it is read anew from the beginning."""
    await tx.execute(USE, tx.tenant, calendar_id, resource_id, blocks, writes, tx.now)


async def find_written(tx: Transaction, *, resource_id: UUID, besides: UUID) -> UUID | None:
    """Find another calendar into which a resource's appointments are written."""
    found = await tx.fetchval(FIND_WRITTEN, tx.tenant, resource_id, besides)
    return None if found is None else UUID(str(found))


async def record_look(
    tx: Transaction, calendar: CalendarUse, *, token: str, covered_until: datetime | None, silent: bool
) -> None:
    """Write down how far a calendar was read; `silent`: something had changed and its channel had not said so."""
    await tx.execute(RECORD_LOOK, calendar.tenant_id, calendar.id, token, calendar.news, tx.now, covered_until, silent)


async def put_channel(tx: Transaction, *, calendar_id: UUID, channel: Channel, secret_hash: bytes) -> None:
    """Keep the channel that was opened, in place of the one before it."""
    await tx.execute(
        PUT_CHANNEL,
        tx.tenant,
        calendar_id,
        UUID(channel.id),
        secret_hash,
        channel.resource_id,
        channel.expires_at,
    )


async def postpone_channel(tx: Transaction, *, calendar_id: UUID, until: datetime) -> None:
    """Leave a channel that cannot be opened alone for a while: asking goes on."""
    await tx.execute(POSTPONE_CHANNEL, tx.tenant, calendar_id, until)


async def find_channel(tx: Transaction, *, channel_id: UUID) -> tuple[UUID, UUID, UUID, bytes] | None:
    """Find whose channel it is: calendar, tenant, connection, and the hash of its token."""
    row = await tx.fetchrow(FIND_CHANNEL, channel_id)
    return None if row is None else (row["id"], row["tenant_id"], row["connection_id"], row["channel_secret_hash"])


async def note_news(
    tx: Transaction, *, calendar_id: UUID | None = None, connection_id: UUID | None = None, changed: bool
) -> int:
    """Write down that a provider spoke of a calendar, or of all of an account; returns how many that are."""
    tag = await tx.execute(NOTE_NEWS, tx.tenant, calendar_id, tx.now, int(changed), connection_id)
    return affected(tag)


async def find_horizon(tx: Transaction) -> int | None:
    """Tell how many days ahead the business can be booked."""
    found = await tx.fetchval(FIND_HORIZON, tx.tenant)
    return found if isinstance(found, int) else None


async def find_zone(tx: Transaction, *, resource_id: UUID) -> str | None:
    """Tell whose clock a resource goes by."""
    found = await tx.fetchval(FIND_ZONE, tx.tenant, resource_id)
    return found if isinstance(found, str) else None


def _calendar(row: asyncpg.Record) -> CalendarUse:
    return CalendarUse(**dict(row))
