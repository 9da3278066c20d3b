"""Reads a look at the agenda: everything of it in one transaction, each thing at its place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.features import contacts, scheduling, tenants
from frontdesk.features.contacts import Person
from frontdesk.features.scheduling import AppointmentStatus
from frontdesk.features.scheduling.model import Stretch, merged, without
from frontdesk.features.scheduling.service import agenda as service
from frontdesk.features.scheduling.service.agenda import Agenda, Worktime
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.web.pages.agenda_axis import A_DAY, DAY_MINUTES, HOUR, Axis, axis_of, clock_change, day_bounds
from frontdesk.web.pages.agenda_views import (
    DAYS_IN_WEEK,
    TONES,
    WEEKDAYS,
    Board,
    Column,
    Entry,
    Free,
    Shade,
    View,
    Wanted,
    days_of,
    say_left,
    say_span,
    say_stretch,
    spread,
)
from frontdesk.web.words import phone_words

LEAST_HOURS = 8 * HOUR, 18 * HOUR  # what is shown of a week in which nobody works
HALF_HOUR = timedelta(minutes=30)
KINDS = {
    AppointmentStatus.BOOKED: "booked",
    AppointmentStatus.COMPLETED: "done",
    AppointmentStatus.NO_SHOW: "missed",
}
CHIPS = {AppointmentStatus.COMPLETED: "Done", AppointmentStatus.NO_SHOW: "Did not come"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What all columns of a look are made from."""

    wanted: Wanted
    business: tenants.Tenant
    agenda: Agenda
    people: Mapping[UUID, Person]
    services: Mapping[UUID, str]
    axis: Axis
    tones: Mapping[UUID, int]
    now: datetime
    may_write: bool


def within(wanted: Wanted, *, business: tenants.Tenant) -> Stretch:
    """Tell which instants a look shows."""
    days = days_of(wanted, country=business.country)
    return day_bounds(days[0], business.timezone)[0], day_bounds(days[-1], business.timezone)[1]


async def read_board(tx: Transaction, visit: Visit, wanted: Wanted) -> Board:
    """Read a look at the agenda."""
    business = await tenants.get_tenant(tx)
    days = days_of(wanted, country=business.country)
    shown = within(wanted, business=business)
    agenda = await service.read_agenda(tx, within=shown)
    ids = {one.contact_id for one in agenda.appointments} | {one.contact_id for one in agenda.holds if one.contact_id}
    services = await scheduling.list_services(tx, active_only=False)
    axis = axis_of(days, zone=business.timezone)
    reader = Reader(
        wanted=wanted,
        business=business,
        agenda=agenda,
        people=await contacts.facts_for(tx, sorted(ids)) if visit.may(Scope.CONTACTS_READ) else {},
        services={one.id: one.name for one in services},
        axis=axis if wanted.whole else _narrowed(axis, days, agenda, zone=business.timezone),
        tones={one.resource.id: at % TONES + 1 for at, one in enumerate(agenda.worktimes)},
        now=tx.now,
        may_write=visit.may(Scope.BOOKING_WRITE),
    )
    step = A_DAY if wanted.view is View.DAY else A_DAY * DAYS_IN_WEEK
    return Board(
        wanted=wanted,
        title=say_span(days),
        zone=business.timezone.replace("_", " "),
        country=business.country,
        now=tx.now,
        columns=_columns(reader, days),
        axis=reader.axis,
        resources=[one.resource for one in agenda.worktimes],
        today=tx.now.astimezone(ZoneInfo(business.timezone)).date(),
        earlier=wanted.day - step,
        later=wanted.day + step,
        mark=await service.read_agenda_mark(tx, within=shown),
        may_write=reader.may_write,
        may_see_people=visit.may(Scope.CONTACTS_READ),
        has_services=any(one.active for one in services),
    )


def _columns(reader: Reader, days: Sequence[date]) -> list[Column]:
    chosen = [one for one in reader.agenda.worktimes if reader.wanted.resource in (None, one.resource.id)]
    if reader.wanted.view is View.DAY and chosen:
        return [_column(reader, days[0], [one], of_person=True) for one in chosen]
    return [_column(reader, day, chosen, of_person=False) for day in days]


def _column(reader: Reader, day: date, worktimes: Sequence[Worktime], *, of_person: bool) -> Column:
    zone = reader.business.timezone
    bounds = day_bounds(day, zone)
    alone = worktimes[0].resource if len(worktimes) == 1 else None
    today = reader.now.astimezone(ZoneInfo(zone)).date()
    column = Column(
        key=f"{day.isoformat()}{'/' + str(alone.id) if of_person and alone else ''}",
        heading=alone.name if of_person and alone else WEEKDAYS[day.weekday()][:3],
        number="" if of_person else str(day.day),
        address=reader.wanted.of(alone.id) if of_person and alone else reader.wanted.as_view("day", day),
        is_today=day == today,
    )
    open_ = _clipped([one for time in worktimes for one in time.open], bounds)
    breaks = _clipped(worktimes[0].breaks, bounds) if alone else []
    column.shut = _shades(reader.axis, without([bounds], [*open_, *breaks]))
    column.breaks = _shades(reader.axis, breaks, words="Break")
    column.missing = [Shade(row, rows) for row, rows in reader.axis.missing(day)]
    column.entries = spread(_entries(reader, bounds, worktimes))
    column.notes = _notes(reader, day, worktimes, shut=not open_)
    if reader.may_write:
        column.free = _free(reader, open_, resource_id=alone.id if alone else None)
    if day == today:
        row, rows = reader.axis.span(reader.now, reader.now + timedelta(minutes=1))
        column.now_row = row if rows else 0
    return column


def _entries(reader: Reader, bounds: Stretch, worktimes: Sequence[Worktime]) -> list[Entry]:
    names = {one.resource.id: one.resource.name for one in worktimes}
    single = len(names) == 1
    found = [
        _appointment(reader, one, bounds, single=single)
        for one in reader.agenda.appointments
        if one.starts_at < bounds[1]
        and one.ends_at > bounds[0]
        # Who was booked with somebody who is archived by now still comes.
        and (one.resource_id in names or (reader.wanted.resource is None and one.resource_id not in reader.tones))
    ]
    found += [
        _hold(reader, one, bounds, where="" if single else names[one.resource_id])
        for one in reader.agenda.holds
        if one.resource_id in names
    ]
    for worktime in worktimes:
        found += [_busy(reader, worktime, one, bounds, single=single) for one in worktime.busy]
    return [one for one in found if one.rows]


def _appointment(reader: Reader, one: scheduling.Appointment, bounds: Stretch, *, single: bool) -> Entry:
    row, rows = _rows(reader.axis, (one.starts_at, one.ends_at), bounds)
    who = reader.people.get(one.contact_id)
    return Entry(
        kind=KINDS[one.status],
        row=row,
        rows=rows,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        when=say_stretch(one.starts_at, one.ends_at, zone=reader.business.timezone),
        title=_name(who),
        under=one.service_name if single else f"{one.service_name}, {one.resource_name}",
        tone=reader.tones.get(one.resource_id, 1),
        address=reader.wanted.address(open=str(one.id)),
        id=str(one.id),
        revision=one.revision,
        chip="Busy elsewhere" if one.collided_at else CHIPS.get(one.status, ""),
        warns=one.collided_at is not None or one.status is AppointmentStatus.NO_SHOW,
        movable=reader.may_write and one.status is AppointmentStatus.BOOKED,
    )


def _hold(reader: Reader, one: scheduling.Hold, bounds: Stretch, *, where: str) -> Entry:
    row, rows = _rows(reader.axis, (one.starts_at, one.ends_at), bounds)
    who = None if one.contact_id is None else reader.people.get(one.contact_id)
    why = "Waits for the deposit" if one.awaits_payment else "Held"
    return Entry(
        kind="held",
        row=row,
        rows=rows,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        when=say_stretch(one.starts_at, one.ends_at, zone=reader.business.timezone),
        title=f"{why} for {_name(who)}" if who else why,
        under=", ".join(part for part in (reader.services.get(one.service_id, ""), where) if part),
        tone=reader.tones.get(one.resource_id, 1),
        address=reader.wanted.address(hold=str(one.id)),
        id=str(one.id),
        chip=say_left(one.expires_at - reader.now),
    )


def _busy(reader: Reader, worktime: Worktime, stretch: Stretch, bounds: Stretch, *, single: bool) -> Entry:
    row, rows = _rows(reader.axis, stretch, bounds)
    return Entry(
        kind="busy",
        row=row,
        rows=rows,
        starts_at=stretch[0],
        ends_at=stretch[1],
        when=say_stretch(max(stretch[0], bounds[0]), min(stretch[1], bounds[1]), zone=reader.business.timezone),
        title="Busy elsewhere",
        under="" if single else worktime.resource.name,
        tone=reader.tones[worktime.resource.id],
    )


def _free(reader: Reader, open_: Sequence[Stretch], *, resource_id: UUID | None) -> list[Free]:
    """List the half hours that are open and still to come."""
    found: list[Free] = []
    for opens, closes in merged(open_):
        start = opens
        while start + HALF_HOUR <= closes:
            if start >= reader.now:
                row, rows = reader.axis.span(start, start + HALF_HOUR)
                at = {"new": "1", "at": start.isoformat()}
                if resource_id is not None:
                    at["with"] = str(resource_id)
                if rows:
                    found.append(Free(row, rows, reader.wanted.address(**at)))
            start += HALF_HOUR
    return found


def _notes(reader: Reader, day: date, worktimes: Sequence[Worktime], *, shut: bool) -> list[str]:
    notes = [note for note in (clock_change(day, reader.business.timezone),) if note]
    special = [*json.loads(reader.business.hours).get("special", [])]
    for worktime in worktimes if len(worktimes) == 1 else ():
        special += json.loads(worktime.resource.exceptions)
    named = [one for one in special if one["first"] <= day.isoformat() <= one.get("last", one["first"])]
    names = [str(one.get("name", "")) for one in named if one.get("name")]
    if shut and worktimes:
        notes.append(f"Closed: {names[-1]}" if names else "Closed")
    elif names:
        notes.append(names[-1])
    return notes


def _narrowed(axis: Axis, days: Sequence[date], agenda: Agenda, *, zone: str) -> Axis:
    """Show the hours in which anybody works or comes, and no others."""
    where = ZoneInfo(zone)
    stretches = [one for time in agenda.worktimes for one in time.open]
    stretches += [(one.starts_at, one.ends_at) for one in agenda.appointments]
    stretches += [(one.starts_at, one.ends_at) for one in agenda.holds]
    first, last = DAY_MINUTES, 0
    for day in days:
        for start, end in _clipped(stretches, day_bounds(day, zone)):
            begins, ends = start.astimezone(where), (end - timedelta(microseconds=1)).astimezone(where)
            first = min(first, begins.hour * HOUR)
            last = max(last, ends.hour * HOUR + HOUR)
    if first >= last:
        first, last = LEAST_HOURS
    return axis.narrowed(first, min(last, DAY_MINUTES))


def _rows(axis: Axis, stretch: Stretch, bounds: Stretch) -> tuple[int, int]:
    start, end = max(stretch[0], bounds[0]), min(stretch[1], bounds[1])
    return axis.span(start, end) if start < end else (1, 0)


def _shades(axis: Axis, stretches: Sequence[Stretch], *, words: str = "") -> list[Shade]:
    placed = [axis.span(start, end) for start, end in stretches]
    return [Shade(row, rows, words) for row, rows in placed if rows]


def _clipped(stretches: Sequence[Stretch], bounds: Stretch) -> list[Stretch]:
    cut = [(max(start, bounds[0]), min(end, bounds[1])) for start, end in stretches]
    return merged(one for one in cut if one[0] < one[1])


def _name(who: Person | None) -> str:
    if who is None:
        return "Somebody"
    return who.name or phone_words(who.phone_e164)
