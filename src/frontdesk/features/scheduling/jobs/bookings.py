"""What scheduling does when bookings are made, moved, called off or collide, and when a time comes free."""

from __future__ import annotations

from frontdesk.features.billing.events import PaymentExpired, PaymentFailed, PaymentRefunded, PaymentSucceeded
from frontdesk.features.scheduling.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentRescheduled,
    BookingCollided,
    HoldExpired,
    SlotFreed,
)
from frontdesk.features.scheduling.service import deposits, outside, telling, waiting
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.outbox import Handler, NewsOf, on


def handlers(told: telling.Told) -> list[Handler]:
    """List what scheduling listens to; `told` is how people are reached."""
    return [*_telling(told), *_times(told), *_deposits(told)]


def _telling(told: telling.Told) -> list[Handler]:

    async def tell_booked(tx: Transaction, news: NewsOf[AppointmentBooked]) -> None:
        event = news.event
        await telling.tell_booked(tx, told, appointment_id=event.appointment_id, source=event.source)

    async def tell_moved(tx: Transaction, news: NewsOf[AppointmentRescheduled]) -> None:
        event = news.event
        await telling.tell_moved(
            tx, told, appointment_id=event.appointment_id, revision=event.revision, source=event.source
        )

    async def tell_called_off(tx: Transaction, news: NewsOf[AppointmentCancelled]) -> None:
        event = news.event
        await telling.tell_called_off(tx, told, appointment_id=event.appointment_id, source=event.source)

    async def tell_collided(tx: Transaction, news: NewsOf[BookingCollided]) -> None:
        await telling.tell_collided(tx, told, appointment_id=news.event.appointment_id)

    return [
        on(AppointmentBooked, "scheduling.tell_booked", tell_booked),
        on(AppointmentRescheduled, "scheduling.tell_moved", tell_moved),
        on(AppointmentCancelled, "scheduling.tell_called_off", tell_called_off),
        on(BookingCollided, "scheduling.tell_collided", tell_collided),
    ]


def _times(told: telling.Told) -> list[Handler]:
    async def note_taken(tx: Transaction, news: NewsOf[AppointmentBooked]) -> None:
        await waiting.note_booked(tx, hold_id=news.event.hold_id)

    async def note_lapsed(tx: Transaction, news: NewsOf[HoldExpired]) -> None:
        await waiting.note_lapsed(tx, hold_id=news.event.hold_id)

    async def lay_outside(tx: Transaction, news: NewsOf[SlotFreed]) -> None:
        await outside.settle_if_needed(tx, resource_id=news.event.resource_id)

    async def offer_freed(tx: Transaction, news: NewsOf[SlotFreed]) -> None:
        offered = await waiting.offer_freed(tx, news.event)
        if offered is not None:
            await telling.tell_came_free(tx, told, offered[0], contact_id=offered[1].contact_id)

    return [
        on(AppointmentBooked, "scheduling.note_taken", note_taken),
        on(HoldExpired, "scheduling.note_lapsed", note_lapsed),
        on(SlotFreed, "scheduling.lay_outside", lay_outside),
        on(SlotFreed, "scheduling.offer_freed", offer_freed),
    ]


def _deposits(told: telling.Told) -> list[Handler]:
    async def take_payment(tx: Transaction, news: NewsOf[PaymentSucceeded]) -> None:
        await deposits.take_payment(tx, told, news.event)

    async def drop_expired(tx: Transaction, news: NewsOf[PaymentExpired]) -> None:
        await deposits.drop_unpaid(tx, news.event)

    async def drop_failed(tx: Transaction, news: NewsOf[PaymentFailed]) -> None:
        await deposits.drop_unpaid(tx, news.event)

    async def note_refund(tx: Transaction, news: NewsOf[PaymentRefunded]) -> None:
        await deposits.note_refund(tx, news.event)

    return [
        on(PaymentSucceeded, "scheduling.take_payment", take_payment),
        on(PaymentExpired, "scheduling.drop_expired", drop_expired),
        on(PaymentFailed, "scheduling.drop_failed", drop_failed),
        on(PaymentRefunded, "scheduling.note_refund", note_refund),
    ]
