"""The verbs of telling: people learn of their bookings by text, each thing once, and only while it is true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.features import tenants
from frontdesk.features.scheduling import words
from frontdesk.features.scheduling.model import (
    Appointment,
    AppointmentStatus,
    Deposit,
    DepositDue,
    Hold,
    ReminderStatus,
    Slot,
)
from frontdesk.features.scheduling.queries import appointments, deposits, holds, reminders
from frontdesk.features.scheduling.queries.reminders import DueReminder
from frontdesk.features.scheduling.service.offers import get_service
from frontdesk.features.scheduling.service.searching import near, read_offer
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused

USEFUL_FOR = timedelta(hours=4)
REMINDER_USEFUL_FOR = timedelta(hours=1)  # a reminder that is later than this says nothing new
OFFERED = 3
# Sources after which nobody is told: the dialogue has said it in its own thread, the console was asked not to.
TELLS_ITSELF = frozenset({"dialogue", "console_quiet"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a person is told, once per `key`; `basis` says in words what permits it, `basis_at` since when."""

    key: str
    contact_id: UUID
    template: str
    cause: str
    basis: str
    basis_at: datetime
    body: str
    useful_until: datetime


class Speaker(Protocol):
    """Whoever writes to people, as a transactional text in their thread; False if no number may write."""

    async def tell(self, tx: Transaction, message: Message) -> bool:
        """Write to a person once per key; gates decide whether and when it leaves."""
        ...


class Links(Protocol):
    """Where a person looks after their booking; each link is signed and good for one thing."""

    def appointment(self, slug: str, appointment_id: UUID) -> str:
        """Link to an appointment."""
        ...

    def hold(self, slug: str, hold_id: UUID) -> str:
        """Link to a time that is kept."""
        ...

    def page(self, slug: str) -> str:
        """Link to the business's booking page."""
        ...


class Wording(Protocol):
    """One of `words`: what is said of a booking."""

    def __call__(self, *, business: str, service: str, when: str, link: str) -> str:
        """Put it into one text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What it takes to tell people."""

    speaker: Speaker
    links: Links


async def tell_booked(tx: Transaction, told: Told, *, appointment_id: UUID, source: str) -> None:
    """Tell a person that they are booked, unless whoever booked has told them already."""
    known = await _still_booked(tx, appointment_id)
    if known is not None and source not in TELLS_ITSELF:
        await _tell(tx, told, known, kind="booked", say=words.confirmed)


async def tell_moved(tx: Transaction, told: Told, *, appointment_id: UUID, revision: int, source: str) -> None:
    """Tell a person that their booking has another time; only of its latest move."""
    known = await _still_booked(tx, appointment_id)
    if known is not None and known.revision == revision and source not in TELLS_ITSELF:
        await _tell(tx, told, known, kind="moved", say=words.moved)


async def tell_called_off(tx: Transaction, told: Told, *, appointment_id: UUID, source: str) -> None:
    """Tell a person that their booking is off, if it was still to come."""
    known = await appointments.find_appointment(tx, appointment_id=appointment_id)
    if known is None or known.starts_at <= tx.now or source in TELLS_ITSELF:
        return
    say = partial(words.called_off, deposit=await _say_deposit(tx, known))
    await _tell(tx, told, known, kind="cancelled", say=say, book_again=True)


async def tell_collided(tx: Transaction, told: Told, *, appointment_id: UUID) -> None:
    """Tell a person that something came over their booking, and which other times can be had."""
    known = await _still_booked(tx, appointment_id)
    if known is None or known.collided_at is None:
        return
    others = await _others(tx, service_id=known.service_id, starts_at=known.starts_at)
    await _tell(tx, told, known, kind="collided", say=partial(words.collided, others=others))


async def tell_came_free(tx: Transaction, told: Told, hold: Hold, *, contact_id: UUID) -> None:
    """Tell somebody on the waiting list that a time is kept for them."""
    business, service = await tenants.get_tenant(tx), await get_service(tx, service_id=hold.service_id)
    zone = business.timezone
    body = words.came_free(
        business=business.name,
        service=service.name,
        when=words.say_time(hold.starts_at, zone=zone),
        until=words.say_time(hold.expires_at, zone=zone),
        link=told.links.hold(business.slug, hold.id),
    )
    await told.speaker.tell(
        tx,
        Message(
            key=f"waiting:{hold.id}",
            contact_id=contact_id,
            template="scheduling.came_free",
            cause=f"hold:{hold.id}",
            basis="the person's own wish to be told when a time comes free",
            basis_at=tx.now,
            body=body,
            useful_until=hold.expires_at,
        ),
    )


async def tell_paid_too_late(
    tx: Transaction, told: Told, *, hold_id: UUID, contact_id: UUID, slot: Slot, others: tuple[Slot, ...]
) -> None:
    """Tell somebody whose payment came too late that it goes back, and which other times can be had."""
    business, service = await tenants.get_tenant(tx), await get_service(tx, service_id=slot.service_id)
    body = words.lost(
        business=business.name,
        service=service.name,
        when=words.say_time(slot.starts_at, zone=slot.zone),
        others=[words.say_time(one.starts_at, zone=one.zone) for one in others[:OFFERED]],
        link=told.links.page(business.slug),
    )
    await told.speaker.tell(
        tx,
        Message(
            key=f"paid_too_late:{hold_id}",
            contact_id=contact_id,
            template="scheduling.paid_too_late",
            cause=f"hold:{hold_id}",
            basis="the person's own payment",
            basis_at=tx.now,
            body=body,
            useful_until=tx.now + USEFUL_FOR,
        ),
    )


async def remind_due(tx: Transaction, told: Told, *, limit: int = 100) -> int:
    """Remind the people of the business whose reminders are due; returns how many reminders were settled.

    A reminder is looked at when it is due: a booking that is off, has begun, or stands in outside time gets none.
    """
    due = await reminders.claim_due(tx, limit=limit)
    for reminder in due:
        asked = await _remind(tx, told, reminder)
        await reminders.settle_reminder(tx, reminder, ReminderStatus.ASKED if asked else ReminderStatus.SKIPPED)
    return len(due)


async def _remind(tx: Transaction, told: Told, reminder: DueReminder) -> bool:
    known = await _still_booked(tx, reminder.appointment_id)
    if known is None or known.collided_at is not None or tx.now - reminder.due_at > REMINDER_USEFUL_FOR:
        return False
    quiet = await reminders.get_quiet_hours(tx)
    if quiet.began(tx.now) is not None:
        return False
    useful_until = quiet.useful_until(min(known.starts_at, reminder.due_at + REMINDER_USEFUL_FOR))
    kind = f"reminder_{reminder.minutes_before}"
    return await _tell(tx, told, known, kind=kind, say=words.reminder, useful_until=useful_until)


async def tell_deposit(tx: Transaction, told: Told, due: DepositDue, *, contact_id: UUID) -> bool:
    """Send somebody the link to the deposit that books the time kept for them; False if no number may write."""
    held = await holds.find_hold(tx, hold_id=due.hold_id)
    if held is None:
        return False
    business, service = await tenants.get_tenant(tx), await get_service(tx, service_id=held.service_id)
    asked = await deposits.find_promise(tx, hold_id=due.hold_id)
    body = words.deposit_due(
        business=business.name,
        service=service.name,
        when=words.say_time(held.starts_at, zone=business.timezone),
        amount=words.say_amount(due.amount_cents, due.currency),
        until=words.say_clock(due.expires_at.astimezone(ZoneInfo(business.timezone))),
        link=due.url,
        terms=words.deposit_terms(asked),
    )
    message = Message(
        key=f"deposit:{due.hold_id}",
        contact_id=contact_id,
        template="scheduling.deposit",
        cause=f"hold:{due.hold_id}",
        basis="the person's own booking",
        basis_at=tx.now,
        body=body,
        useful_until=due.expires_at,
    )
    return await told.speaker.tell(tx, message)


async def _say_deposit(tx: Transaction, known: Appointment) -> str:
    if known.deposit is Deposit.NONE:
        return ""
    asked = await deposits.find_deposit(tx, appointment_id=known.id)
    if known.deposit is Deposit.REFUNDED or (asked is not None and asked.given_back_at is not None):
        return "Your deposit is on its way back to you."
    return "The deposit is kept."


async def _still_booked(tx: Transaction, appointment_id: UUID) -> Appointment | None:
    known = await appointments.find_appointment(tx, appointment_id=appointment_id)
    if known is None or known.status is not AppointmentStatus.BOOKED or known.starts_at <= tx.now:
        return None
    return known


async def _others(tx: Transaction, *, service_id: UUID, starts_at: datetime) -> list[str]:
    try:
        offer = await read_offer(tx, service_id=service_id, resource_id=None)
    except Refused:
        return []
    found = await near(tx, offer, starts_at=starts_at, limit=OFFERED)
    return [words.say_time(slot.starts_at, zone=slot.zone) for slot in found]


async def _tell(
    tx: Transaction,
    told: Told,
    known: Appointment,
    *,
    kind: str,
    say: Wording,
    book_again: bool = False,
    useful_until: datetime | None = None,
) -> bool:
    business, links = await tenants.get_tenant(tx), told.links
    body = say(
        business=business.name,
        service=known.service_name,
        when=words.say_time(known.starts_at, zone=known.zone),
        link=links.page(business.slug) if book_again else links.appointment(business.slug, known.id),
    )
    message = Message(
        key=f"appointment:{known.id}:{known.revision}:{kind}",
        contact_id=known.contact_id,
        template=f"scheduling.{kind.partition('_')[0]}",
        cause=f"appointment:{known.id}",
        basis="the person's own booking",
        basis_at=known.created_at,
        body=body,
        useful_until=useful_until or tx.now + USEFUL_FOR,
    )
    return await told.speaker.tell(tx, message)
