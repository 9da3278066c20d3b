"""The one table of taken time: seats are won here, and busy times outside are laid around what is booked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.features.scheduling.model import Collision, Stretch
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_ids

# A hold that has run out keeps nobody away, collected or not.
LIST_TAKEN = """
    select taken.resource_id, taken.seat, lower(taken.during) as taken_from, upper(taken.during) as taken_until
    from sched_occupancies as taken
    left join sched_holds as hold on hold.id = taken.hold_id and hold.tenant_id = taken.tenant_id
    where taken.tenant_id = $1 and taken.resource_id = any($2::uuid[]) and taken.during && tstzrange($3, $4)
      and (hold.id is null or hold.expires_at > $5)
    order by taken.resource_id, taken.seat, taken.during
"""

HAS_OUTSIDE = """
    select exists (
      select from sched_occupancies
      where tenant_id = $1 and resource_id = $2 and kind = 'external' and during && tstzrange($3, $4))
"""

DROP_OF_HOLD = "delete from sched_occupancies where tenant_id = $1 and hold_id = $2"

DROP_OF_APPOINTMENT = "delete from sched_occupancies where tenant_id = $1 and appointment_id = $2"

LIST_SOURCE = """
    select lower(during) as busy_from, upper(during) as busy_until from sched_busy_times
    where tenant_id = $1 and resource_id = $2 and source = $3 and during && tstzrange($4, $5)
    order by during
"""

DROP_SOURCE = """
    delete from sched_busy_times
    where tenant_id = $1 and resource_id = $2 and source = $3 and during && tstzrange($4, $5)
"""

DROP_WHOLE_SOURCE = "delete from sched_busy_times where tenant_id = $1 and resource_id = $2 and source = $3"

HAS_WAITING_OUTSIDE = """
    select exists (
      select from sched_occupancies
      where tenant_id = $1 and resource_id = $2 and kind = 'external' and not binding)
"""

ADD_SOURCE = """
    insert into sched_busy_times (tenant_id, resource_id, source, during)
    select $1, $2, $3, tstzrange(busy_from, busy_until)
    from unnest($4::timestamptz[], $5::timestamptz[]) as busy (busy_from, busy_until)
    on conflict (resource_id, source, during) do nothing
"""

LIST_OUTSIDE = """
    select lower(during) as busy_from, upper(during) as busy_until from sched_busy_times
    where tenant_id = $1 and resource_id = $2 and upper(during) > $3
"""

LIST_BOOKED = """
    select seat, lower(during) as taken_from, upper(during) as taken_until from sched_occupancies
    where tenant_id = $1 and resource_id = $2 and kind <> 'external' and upper(during) > $3
    order by seat, during
"""

CLEAR_OUTSIDE = "delete from sched_occupancies where tenant_id = $1 and resource_id = $2 and kind = 'external'"

LAY_OUTSIDE = """
    insert into sched_occupancies (id, tenant_id, resource_id, seat, during, kind, binding)
    select id, $1, $2, seat, tstzrange(busy_from, busy_until), 'external', binding
    from unnest($3::uuid[], $4::smallint[], $5::timestamptz[], $6::timestamptz[], $7::bool[])
      as piece (id, seat, busy_from, busy_until, binding)
    on conflict do nothing
    returning true
"""

# The person's own time counts, not the buffers: a meeting right after a booking is no collision.
NOTE_COLLISIONS = """
    with hit as (
      select appointment.id, min(busy.source) as source
      from sched_appointments as appointment
      join sched_busy_times as busy
        on busy.tenant_id = appointment.tenant_id and busy.resource_id = appointment.resource_id
       and busy.during && tstzrange(appointment.starts_at, appointment.ends_at)
      where appointment.tenant_id = $1 and appointment.resource_id = $2 and appointment.status = 'booked'
        and appointment.collided_at is null and appointment.ends_at > $3
      group by appointment.id
    )
    update sched_appointments as appointment set collided_at = $3, updated_at = $3
    from hit where appointment.id = hit.id and appointment.tenant_id = $1
    returning appointment.id as appointment_id, appointment.contact_id, appointment.resource_id, appointment.starts_at,
              appointment.ends_at, hit.source
"""

CLEAR_COLLISIONS = """
    update sched_appointments as appointment set collided_at = null
    where appointment.tenant_id = $1 and appointment.resource_id = $2 and appointment.collided_at is not null
      and not exists (
        select from sched_busy_times as busy
        where busy.tenant_id = appointment.tenant_id and busy.resource_id = appointment.resource_id
          and busy.during && tstzrange(appointment.starts_at, appointment.ends_at))
"""

MARK = "savepoint before_moving"
GO_BACK = "rollback to savepoint before_moving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of outside time on one seat; not binding where a booking stands in it."""

    seat: int
    stretch: Stretch
    binding: bool


async def list_taken(
    tx: Transaction, *, resource_ids: Sequence[UUID], within: Stretch
) -> dict[UUID, list[tuple[int, datetime, datetime]]]:
    """List what is taken of each resource within a stretch, as seat, from and until; holds that ran out are not."""
    found: dict[UUID, list[tuple[int, datetime, datetime]]] = {one: [] for one in resource_ids}
    for row in await tx.fetch(LIST_TAKEN, tx.tenant, list(resource_ids), within[0], within[1], tx.now):
        found[row["resource_id"]].append((row["seat"], row["taken_from"], row["taken_until"]))
    return found


async def is_busy_outside(tx: Transaction, *, resource_id: UUID, within: Stretch) -> bool:
    """Tell whether a calendar outside is busy within a stretch."""
    return await tx.fetchval(HAS_OUTSIDE, tx.tenant, resource_id, within[0], within[1]) is True


async def drop_of_hold(tx: Transaction, *, hold_id: UUID) -> None:
    """Free the time of a hold."""
    await tx.execute(DROP_OF_HOLD, tx.tenant, hold_id)


async def drop_of_appointment(tx: Transaction, *, appointment_id: UUID) -> None:
    """Free the time of an appointment."""
    await tx.execute(DROP_OF_APPOINTMENT, tx.tenant, appointment_id)


async def mark_before_moving(tx: Transaction) -> None:
    """Mark the moment to go back to when a new time cannot be had."""
    await tx.execute(MARK)


async def cancel_move(tx: Transaction) -> None:
    """Undo what was done since the mark: nobody has seen it."""
    await tx.execute(GO_BACK)


async def list_source(tx: Transaction, *, resource_id: UUID, source: str, window: Stretch) -> list[Stretch]:
    """List what one calendar has told of a window, whole stretches."""
    rows = await tx.fetch(LIST_SOURCE, tx.tenant, resource_id, source, window[0], window[1])
    return [(row["busy_from"], row["busy_until"]) for row in rows]


async def replace_source(
    tx: Transaction, *, resource_id: UUID, source: str, window: Stretch, busy: Sequence[Stretch]
) -> None:
    """Put what one calendar tells of a window in place of what it told."""
    await tx.execute(DROP_SOURCE, tx.tenant, resource_id, source, window[0], window[1])
    starts, ends = [start for start, _ in busy], [end for _, end in busy]
    await tx.execute(ADD_SOURCE, tx.tenant, resource_id, source, starts, ends)


async def drop_source(tx: Transaction, *, resource_id: UUID, source: str) -> None:
    """Forget all that one calendar has told of a resource."""
    await tx.execute(DROP_WHOLE_SOURCE, tx.tenant, resource_id, source)


async def is_outside_waiting(tx: Transaction, *, resource_id: UUID) -> bool:
    """Tell whether outside time of a resource waits for a booking that stands in it."""
    return await tx.fetchval(HAS_WAITING_OUTSIDE, tx.tenant, resource_id) is True


async def list_outside(tx: Transaction, *, resource_id: UUID) -> list[Stretch]:
    """List all that calendars tell of a resource and that is not over."""
    rows = await tx.fetch(LIST_OUTSIDE, tx.tenant, resource_id, tx.now)
    return [(row["busy_from"], row["busy_until"]) for row in rows]


async def list_booked(tx: Transaction, *, resource_id: UUID) -> list[tuple[int, datetime, datetime]]:
    """List the holds and appointments of a resource that are not over, as seat, from and until."""
    rows = await tx.fetch(LIST_BOOKED, tx.tenant, resource_id, tx.now)
    return [(row["seat"], row["taken_from"], row["taken_until"]) for row in rows]


async def replace_outside(tx: Transaction, *, resource_id: UUID, pieces: Sequence[Piece]) -> int:
    """Put these pieces in place of a resource's outside time; returns how many found their place."""
    await tx.execute(CLEAR_OUTSIDE, tx.tenant, resource_id)
    rows = await tx.fetch(
        LAY_OUTSIDE,
        tx.tenant,
        resource_id,
        new_ids(len(pieces)),
        [piece.seat for piece in pieces],
        [piece.stretch[0] for piece in pieces],
        [piece.stretch[1] for piece in pieces],
        [piece.binding for piece in pieces],
    )
    return len(rows)


async def note_collisions(tx: Transaction, *, resource_id: UUID) -> list[tuple[Collision, UUID]]:
    """Note which bookings of a resource stand in outside time, each once; returns them with their person."""
    rows = await tx.fetch(NOTE_COLLISIONS, tx.tenant, resource_id, tx.now)
    return [
        (
            Collision(
                appointment_id=row["appointment_id"],
                resource_id=row["resource_id"],
                starts_at=row["starts_at"],
                ends_at=row["ends_at"],
                source=row["source"],
            ),
            row["contact_id"],
        )
        for row in rows
    ]


async def forget_collisions(tx: Transaction, *, resource_id: UUID) -> None:
    """Forget the collisions whose outside time has gone."""
    await tx.execute(CLEAR_COLLISIONS, tx.tenant, resource_id)
