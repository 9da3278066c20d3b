"""The SQL of segments, which are filters with a name."""

from __future__ import annotations

from uuid import UUID

from frontdesk.features.contacts.filters import Filter, Segment, read_filter, write_filter
from frontdesk.kernel.db import Transaction, affected

INSERT_SEGMENT = """
    insert into segments (id, tenant_id, name, filter, created_by, created_at, updated_at)
    values ($1, $2, $3, $4::jsonb, $5, $6, $6) on conflict (tenant_id, name) do nothing
"""
UPDATE_SEGMENT = """
    update segments set name = $3, filter = $4::jsonb, updated_at = $5
    where tenant_id = $1 and id = $2
      and not exists (select from segments as other where other.tenant_id = $1 and other.name = $3 and other.id <> $2)
"""
FIND_SEGMENT = """
    select id, name, filter::text as filter, created_by, created_at, updated_at from segments
    where tenant_id = $1 and id = $2
"""
LIST_SEGMENTS = """
    select id, name, filter::text as filter, created_by, created_at, updated_at from segments
    where tenant_id = $1 and id < $2 order by id desc limit $3
"""
DELETE_SEGMENT = "delete from segments where tenant_id = $1 and id = $2"


async def insert_segment(tx: Transaction, *, segment_id: UUID, name: str, filter_: Filter, by: str) -> bool:
    """Add a segment; tells whether its name was free."""
    tag = await tx.execute(INSERT_SEGMENT, segment_id, tx.tenant, name, write_filter(filter_), by, tx.now)
    return affected(tag) == 1


async def update_segment(tx: Transaction, *, segment_id: UUID, name: str, filter_: Filter) -> bool:
    """Write a segment anew; tells whether it is there and its name is free."""
    tag = await tx.execute(UPDATE_SEGMENT, tx.tenant, segment_id, name, write_filter(filter_), tx.now)
    return affected(tag) == 1


async def find_segment(tx: Transaction, *, segment_id: UUID) -> Segment | None:
    """Find a segment by id."""
    row = await tx.fetchrow(FIND_SEGMENT, tx.tenant, segment_id)
    return None if row is None else Segment(**dict(row) | {"filter": read_filter(row["filter"])})


async def list_segments(tx: Transaction, *, before: UUID, limit: int) -> list[Segment]:
    """List segments, newest first, from before a given one."""
    rows = await tx.fetch(LIST_SEGMENTS, tx.tenant, before, limit)
    return [Segment(**dict(row) | {"filter": read_filter(row["filter"])}) for row in rows]


async def delete_segment(tx: Transaction, *, segment_id: UUID) -> bool:
    """Delete a segment; tells whether there was one."""
    return affected(await tx.execute(DELETE_SEGMENT, tx.tenant, segment_id)) == 1
