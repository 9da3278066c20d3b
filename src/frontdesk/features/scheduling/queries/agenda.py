"""What stands in the agenda besides appointments, and what tells that something in it has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.features.scheduling.model import Hold, Stretch
from frontdesk.kernel.db import Transaction

LIST_HOLDS = """
    select id, tenant_id, resource_id, service_id, contact_id, seat, starts_at, ends_at, expires_at, awaits_payment,
           source
    from sched_holds
    where tenant_id = $1 and starts_at < $3 and ends_at > $2 and expires_at > $4
    order by starts_at, id
"""

LIST_BUSY = """
    select resource_id, lower(during) as busy_from, upper(during) as busy_until
    from sched_busy_times
    where tenant_id = $1 and during && tstzrange($2, $3)
    order by resource_id, during
"""

# What an appointment keeps itself does not stand in its own way.
LIST_TAKEN_BY_OTHERS = """
    select taken.resource_id, taken.seat, lower(taken.during) as taken_from, upper(taken.during) as taken_until
    from sched_occupancies as taken
    left join sched_holds as hold on hold.id = taken.hold_id and hold.tenant_id = taken.tenant_id
    where taken.tenant_id = $1 and taken.resource_id = any($2::uuid[]) and taken.during && tstzrange($3, $4)
      and (hold.id is null or hold.expires_at > $5) and taken.appointment_id is distinct from $6
    order by taken.resource_id, taken.seat, taken.during
"""

READ_MARK = """
    select md5(concat(
      (select string_agg(concat(one.id, one.revision, one.status, one.updated_at), ',' order by one.id)
       from sched_appointments as one
       where one.tenant_id = $1 and one.starts_at >= $2 and one.starts_at < $3),
      '|',
      (select string_agg(concat(kept.id, kept.starts_at, kept.expires_at), ',' order by kept.id)
       from sched_holds as kept
       where kept.tenant_id = $1 and kept.starts_at < $3 and kept.ends_at > $2 and kept.expires_at > $4),
      '|',
      (select string_agg(concat(busy.resource_id, busy.during), ',' order by busy.resource_id, busy.source, busy.during)
       from sched_busy_times as busy
       where busy.tenant_id = $1 and busy.during && tstzrange($2, $3)),
      '|',
      (select string_agg(concat(one.id, one.updated_at), ',' order by one.id)
       from sched_resources as one where one.tenant_id = $1)))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyTime:
    """A stretch in which a calendar outside is busy."""

    resource_id: UUID
    starts_at: datetime
    ends_at: datetime


async def list_holds(tx: Transaction, *, within: Stretch) -> list[Hold]:
    """List the times that are kept within a stretch and have not run out."""
    return [Hold(**row) for row in await tx.fetch(LIST_HOLDS, tx.tenant, within[0], within[1], tx.now)]


async def list_busy(tx: Transaction, *, within: Stretch) -> list[BusyTime]:
    """List what calendars outside tell of a stretch."""
    return [
        BusyTime(resource_id=row["resource_id"], starts_at=row["busy_from"], ends_at=row["busy_until"])
        for row in await tx.fetch(LIST_BUSY, tx.tenant, within[0], within[1])
    ]


async def list_taken_by_others(
    tx: Transaction, *, appointment_id: UUID, resource_ids: Sequence[UUID], within: Stretch
) -> dict[UUID, list[tuple[int, datetime, datetime]]]:
    """List what is taken of each resource by all but one appointment, as seat, from and until."""
    found: dict[UUID, list[tuple[int, datetime, datetime]]] = {one: [] for one in resource_ids}
    rows = await tx.fetch(
        LIST_TAKEN_BY_OTHERS, tx.tenant, list(resource_ids), within[0], within[1], tx.now, appointment_id
    )
    for row in rows:
        found[row["resource_id"]].append((row["seat"], row["taken_from"], row["taken_until"]))
    return found


async def read_mark(tx: Transaction, *, within: Stretch) -> str:
    """Read a word that is another one as soon as anything in a stretch of the agenda is."""
    return str(await tx.fetchval(READ_MARK, tx.tenant, within[0], within[1], tx.now))
