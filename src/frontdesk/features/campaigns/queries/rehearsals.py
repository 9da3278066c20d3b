"""Rehearsals as rows: what would happen to each person, and the sum of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from frontdesk.features.campaigns.model import RehearsalStatus
from frontdesk.kernel.db import Transaction

INSERT = """
    insert into rehearsals (id, tenant_id, campaign_id, content_hash, status, starts_at, ends_at, created_by,
                            created_at)
    values ($1, $2, $3, $4, 'running', $5, $6, $7, $5)
"""

GET = """
    select id, campaign_id, content_hash, status, starts_at, ends_at, summary, rehearsed, created_by, created_at,
           done_at
    from rehearsals where tenant_id = $1 and id = $2
"""

FINISH = """
    update rehearsals set status = $3, summary = $4::jsonb, rehearsed = $5, done_at = $6
    where tenant_id = $1 and id = $2
"""

NOTE_PROGRESS = "update rehearsals set rehearsed = $3 where tenant_id = $1 and id = $2"

ADD_ENTRIES = """
    insert into rehearsal_entries (rehearsal_id, phone_e164, tenant_id, contact_id, variant, sender_e164, verdict, code,
                                   citation, would_leave_at, segments, cost_cents, body)
    select $1, phone, $2, contact_id, variant, sender, verdict, code, citation, leaves_at, segments, cost, body
    from unnest($3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                $10::timestamptz[], $11::smallint[], $12::numeric[], $13::text[])
         as given (phone, contact_id, variant, sender, verdict, code, citation, leaves_at, segments, cost, body)
    on conflict (rehearsal_id, phone_e164) do update
    set verdict = excluded.verdict, code = excluded.code, citation = excluded.citation,
        would_leave_at = excluded.would_leave_at
"""

LIST_ENTRIES = """
    select phone_e164, contact_id, variant, sender_e164, verdict, code, citation, would_leave_at, segments, cost_cents,
           body
    from rehearsal_entries
    where tenant_id = $1 and rehearsal_id = $2 and phone_e164 > $3 and ($4::text is null or verdict = $4)
    order by phone_e164 limit $5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A rehearsal; `summary` is JSON, empty while it runs; `rehearsed` counts the people looked at so far."""

    id: UUID
    campaign_id: UUID
    content_hash: str
    status: RehearsalStatus
    starts_at: datetime
    ends_at: datetime
    summary: str
    rehearsed: int
    created_by: str
    created_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One person in a rehearsal."""

    phone_e164: str
    contact_id: UUID
    variant: str
    sender_e164: str
    verdict: str
    code: str
    citation: str
    would_leave_at: datetime | None
    segments: int
    cost_cents: Decimal
    body: str


async def insert_rehearsal(
    tx: Transaction, *, rehearsal_id: UUID, campaign_id: UUID, content_hash: str, ends_at: datetime, by: str
) -> None:
    """Begin a rehearsal that starts now."""
    await tx.execute(INSERT, rehearsal_id, tx.tenant, campaign_id, content_hash, tx.now, ends_at, by)


async def find_rehearsal(tx: Transaction, *, rehearsal_id: UUID) -> Rehearsal | None:
    """Find a rehearsal by id."""
    row = await tx.fetchrow(GET, tx.tenant, rehearsal_id)
    return None if row is None else Rehearsal(**{**dict(row), "status": RehearsalStatus(row["status"])})


async def note_progress(tx: Transaction, *, rehearsal_id: UUID, rehearsed: int) -> None:
    """Write how many people have been looked at."""
    await tx.execute(NOTE_PROGRESS, tx.tenant, rehearsal_id, rehearsed)


async def finish_rehearsal(
    tx: Transaction, *, rehearsal_id: UUID, status: RehearsalStatus, summary_json: str, rehearsed: int
) -> None:
    """Write the sum of a rehearsal."""
    await tx.execute(FINISH, tx.tenant, rehearsal_id, status.value, summary_json, rehearsed, tx.now)


async def add_entries(tx: Transaction, entries: Sequence[Entry], *, rehearsal_id: UUID) -> None:
    """Write what would happen to each person."""
    await tx.execute(
        ADD_ENTRIES,
        rehearsal_id,
        tx.tenant,
        [one.phone_e164 for one in entries],
        [one.contact_id for one in entries],
        [one.variant for one in entries],
        [one.sender_e164 for one in entries],
        [one.verdict for one in entries],
        [one.code for one in entries],
        [one.citation for one in entries],
        [one.would_leave_at for one in entries],
        [one.segments for one in entries],
        [one.cost_cents for one in entries],
        [one.body for one in entries],
    )


async def list_entries(
    tx: Transaction, *, rehearsal_id: UUID, after: str, verdict: str | None, limit: int
) -> list[Entry]:
    """List the people of a rehearsal by number, from after a given one."""
    rows = await tx.fetch(LIST_ENTRIES, tx.tenant, rehearsal_id, after, verdict, limit)
    return [Entry(**dict(row)) for row in rows]
