"""What stands beside the agenda: an appointment with all that can be done about it, a held time, or a new booking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.features import contacts, scheduling
from frontdesk.features.contacts import Person
from frontdesk.features.contacts.model import Card
from frontdesk.features.contacts.service import cards
from frontdesk.features.scheduling import AppointmentStatus, Deposit, Why
from frontdesk.features.scheduling.model import ReminderStatus
from frontdesk.features.scheduling.service import agenda as service
from frontdesk.features.scheduling.service import reminding
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.web.pages.agenda_axis import day_bounds
from frontdesk.web.pages.agenda_views import Board, say_left, say_stretch
from frontdesk.web.pages.booking_views import read_moment
from frontdesk.web.pages.rows import Chip, Tone
from frontdesk.web.words import phone_words

FOUND = 6
MAX_TIMES = 1000
LEAST_WORDS = 2
NOT_SO: Mapping[Why, str] = {
    Why.TAKEN: "Somebody else has this time.",
    Why.CLOSED: "Nobody who gives this service works then.",
    Why.TOO_SOON: "That is too soon: the service asks for more notice.",
    Why.TOO_FAR: "That is further ahead than the service can be booked.",
    Why.NOT_OFFERED: "Nobody gives this service at the moment.",
}
STATUS = {
    AppointmentStatus.BOOKED: Chip("Booked", Tone.BUSY),
    AppointmentStatus.COMPLETED: Chip("Done", Tone.GOOD),
    AppointmentStatus.NO_SHOW: Chip("Did not come", Tone.WARN),
    AppointmentStatus.CANCELLED: Chip("Called off", Tone.CALM),
}
DEPOSITS = {
    Deposit.NONE: "None",
    Deposit.PAID: "Paid",
    Deposit.REFUNDED: "Paid back",
}
SOURCES = {
    "booking_page": "on the booking page",
    "console": "here",
    "console_quiet": "here",
    "dialogue": "in a text conversation",
    "payment": "on the booking page, with its deposit",
    "waiting_list": "from the waiting list",
    "api": "by a program",
}
REMINDERS = {
    ReminderStatus.WAITING: "will be sent",
    ReminderStatus.ASKED: "sent",
    ReminderStatus.SKIPPED: "not sent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeChoice:
    """A time that can be had: its start and at whom, and both in words."""

    at: str
    resource_id: str
    words: str
    who: str
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentPanel:
    """An appointment; `times` are those of `move_day`, to which it may be moved."""

    one: scheduling.Appointment
    who: str
    phone: str
    day_words: str
    when: str
    chip: Chip
    deposit: str
    booked: str
    cancelled: str
    source: str
    reminders: Sequence[tuple[str, str]]
    is_booked: bool
    has_begun: bool
    move_day: str
    times: Sequence[TimeChoice]
    wrong: str
    others: Sequence[TimeChoice]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPanel:
    """A time that is kept for somebody who has not booked yet."""

    one: scheduling.Hold
    who: str
    phone: str
    service: str
    day_words: str
    when: str
    left: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A new booking as it was typed."""

    service: str = ""
    resource: str = ""
    day: str = ""
    at: str = ""
    q: str = ""
    person: str = ""
    name: str = ""
    phone: str = ""
    note: str = ""
    tell: bool = True
    deposit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPanel:
    """The form of a new booking, with what is free on its day and who was found; `deposit` is empty without one."""

    draft: Draft
    services: Sequence[scheduling.Service]
    chosen: scheduling.Service | None
    givers: Sequence[scheduling.Resource]
    times: Sequence[TimeChoice]
    nearest: Sequence[TimeChoice]
    found: Sequence[Card]
    faults: Mapping[str, str]
    wrong: str
    deposit: str

    def fault(self, field: str) -> str:
        """Tell what is wrong with a field; empty if nothing is."""
        return self.faults.get(field, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What to say of a time that could not be had."""

    wrong: str = ""
    others: tuple[scheduling.Slot, ...] = ()


def taken(done: scheduling.SlotTaken) -> Taken:
    """Say why a time cannot be had."""
    return Taken(wrong=NOT_SO[done.why], others=done.other_slots)


async def read_appointment(
    tx: Transaction, board: Board, appointment_id: UUID, *, move: str = "", said: Taken | None = None
) -> AppointmentPanel:
    """Read an appointment, and the times of a day to which it may be moved."""
    known = await scheduling.get_appointment(tx, appointment_id=appointment_id)
    zone = board.axis.zone
    said = said or Taken()
    who = await _person(tx, board, known.contact_id)
    day = read_day(move)
    times: list[scheduling.Slot] = []
    if day is not None:
        times = await service.list_moves(tx, appointment_id=appointment_id, within=day_bounds(day, zone))
    reminders = await reminding.list_reminders(tx, appointment_id=appointment_id)
    return AppointmentPanel(
        one=known,
        who=_name(who),
        phone="" if who is None else who.phone_e164,
        day_words=scheduling.say_time(known.starts_at, zone=zone).partition(" at ")[0],
        when=say_stretch(known.starts_at, known.ends_at, zone=zone),
        chip=STATUS[known.status],
        deposit=DEPOSITS[known.deposit],
        booked=scheduling.say_time(known.created_at, zone=zone),
        cancelled="" if known.cancelled_at is None else scheduling.say_time(known.cancelled_at, zone=zone),
        source=SOURCES.get(known.source, "by a program"),
        reminders=[(scheduling.say_time(one.due_at, zone=zone), REMINDERS[one.status]) for one in reminders],
        is_booked=known.status is AppointmentStatus.BOOKED,
        has_begun=known.starts_at <= tx.now,
        move_day="" if day is None else day.isoformat(),
        times=[show_slot(one, zone=zone) for one in times],
        wrong=said.wrong,
        others=[show_slot(one, zone=zone, whole=True) for one in said.others],
    )


async def read_hold(tx: Transaction, board: Board, hold_id: UUID) -> HoldPanel | None:
    """Read a held time; None if it is over."""
    held = await scheduling.find_hold(tx, hold_id=hold_id)
    if held is None or held.expires_at <= tx.now:
        return None
    who = await _person(tx, board, held.contact_id)
    zone = board.axis.zone
    return HoldPanel(
        one=held,
        who="Somebody on the booking page" if who is None else _name(who),
        phone="" if who is None else who.phone_e164,
        service=(await scheduling.get_service(tx, service_id=held.service_id)).name,
        day_words=scheduling.say_time(held.starts_at, zone=zone).partition(" at ")[0],
        when=say_stretch(held.starts_at, held.ends_at, zone=zone),
        left=say_left(held.expires_at - tx.now),
    )


async def read_new(
    tx: Transaction, board: Board, draft: Draft, *, faults: Mapping[str, str] | None = None, said: Taken | None = None
) -> NewPanel:
    """Read what the form of a new booking offers, given what was chosen so far."""
    zone, said = board.axis.zone, said or Taken()
    givers = await scheduling.list_givers(tx)
    services = [one for one in await scheduling.list_services(tx) if givers.get(one.id)]
    resource_id = as_id(draft.resource)
    chosen = next((one for one in services if str(one.id) == draft.service), None)
    if chosen is None:
        chosen = next((one for one in services if resource_id in (None, *givers[one.id])), None)
    able = [one for one in board.resources if chosen is not None and one.id in givers[chosen.id]]
    day = read_day(draft.day) or _day_of(draft.at, zone) or board.wanted.day
    slots: list[scheduling.Slot] = []
    if chosen is not None and not (resource_id and resource_id not in {one.id for one in able}):
        slots = await scheduling.list_free_slots(
            tx, service_id=chosen.id, between=day_bounds(day, zone), resource_id=resource_id, limit=MAX_TIMES
        )
    found: list[Card] = []
    if len(draft.q) >= LEAST_WORDS and board.may_see_people:
        found = await cards.find_people(tx, words=draft.q, before=None, limit=FOUND)
    return NewPanel(
        draft=Draft(
            service=str(chosen.id) if chosen else "",
            resource=draft.resource,
            day=day.isoformat(),
            at=draft.at,
            q=draft.q,
            person=draft.person,
            name=draft.name,
            phone=draft.phone,
            note=draft.note,
            tell=draft.tell,
            deposit=draft.deposit,
        ),
        services=services,
        chosen=chosen,
        givers=able,
        times=_once(slots, zone=zone, chosen=read_moment(draft.at), named=resource_id is not None),
        nearest=[show_slot(one, zone=zone, whole=True) for one in said.others],
        found=found,
        faults=faults or {},
        wrong=said.wrong,
        deposit=scheduling.say_amount(chosen.deposit_cents, chosen.currency) if chosen and chosen.deposit_cents else "",
    )


async def find_person(tx: Transaction, draft: Draft, *, country: str) -> tuple[UUID | None, dict[str, str]]:
    """Find whom a booking is for, or add them; returns what is wrong by field where nobody can be told."""
    if draft.person:
        chosen = as_id(draft.person)
        if chosen is not None:
            return (await contacts.get_contact(tx, contact_id=chosen)).id, {}
    if not draft.phone:
        return None, {"phone": "Choose somebody, or write the number of somebody new."}
    if draft.name and not draft.name.isprintable():
        return None, {"name": "Leave out invisible characters."}
    try:
        phone = contacts.parse_phone(draft.phone, country).e164
    except Refused:
        return None, {"phone": "Write the number with its area code, like 206 555 0123."}
    return (await contacts.ensure_contact(tx, phone_e164=phone, name=draft.name)).id, {}


def show_slot(slot: scheduling.Slot, *, zone: str, whole: bool = False, chosen: bool = False) -> TimeChoice:
    """Show a free time on the agenda's clock; `whole` with its day."""
    local = slot.starts_at.astimezone(ZoneInfo(zone))
    return TimeChoice(
        at=slot.starts_at.isoformat(),
        resource_id=str(slot.resource_id),
        words=scheduling.say_time(slot.starts_at, zone=zone) if whole else scheduling.say_clock(local),
        who=slot.resource_name,
        chosen=chosen,
    )


def read_day(text: str) -> date | None:
    """Read a day like 2026-11-23; None if it is none that every zone has."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 9000 else None  # noqa: PLR2004 - every zone has these


def as_id(text: str) -> UUID | None:
    """Read an id; None if it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


async def _person(tx: Transaction, board: Board, contact_id: UUID | None) -> Person | None:
    """Find whom something is for, as far as the viewer may know people at all."""
    if contact_id is None or not board.may_see_people:
        return None
    return (await contacts.facts_for(tx, [contact_id])).get(contact_id)


def _once(slots: Sequence[scheduling.Slot], *, zone: str, chosen: datetime | None, named: bool) -> list[TimeChoice]:
    """List each start once; where nobody was named, whoever is free gives it."""
    once: dict[datetime, scheduling.Slot] = {}
    for slot in slots:
        once.setdefault(slot.starts_at, slot)
    return [
        TimeChoice(
            at=slot.starts_at.isoformat(),
            resource_id=str(slot.resource_id) if named else "",
            words=scheduling.say_clock(slot.starts_at.astimezone(ZoneInfo(zone))),
            who=slot.resource_name if named else "",
            chosen=slot.starts_at == chosen,
        )
        for slot in once.values()
    ]


def _day_of(at: str, zone: str) -> date | None:
    moment = read_moment(at)
    return None if moment is None else moment.astimezone(ZoneInfo(zone)).date()


def _name(who: Person | None) -> str:
    if who is None:
        return "Somebody"
    return who.name or phone_words(who.phone_e164)
