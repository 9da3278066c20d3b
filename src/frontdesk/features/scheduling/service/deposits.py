"""The verbs of deposits: a time is kept until its deposit is paid, and money for a lost time goes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from frontdesk.features import billing
from frontdesk.features.billing.events import PaymentExpired, PaymentFailed, PaymentRefunded, PaymentSucceeded
from frontdesk.features.scheduling.model import (
    PAYMENT_TTL,
    Appointment,
    Deposit,
    DepositDue,
    Slot,
    SlotTaken,
    is_given_back,
)
from frontdesk.features.scheduling.queries import appointments, deposits, holds
from frontdesk.features.scheduling.queries.deposits import AskedDeposit
from frontdesk.features.scheduling.service.holding import confirm_hold, expire_hold
from frontdesk.features.scheduling.service.offers import get_page, get_resource, get_service
from frontdesk.features.scheduling.service.searching import near, read_offer
from frontdesk.features.scheduling.service.telling import Told, tell_paid_too_late
from frontdesk.kernel.actor import Actor, system
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused

PURPOSE = "booking_deposit"
GRACE = timedelta(minutes=2)  # the news of a payment made in its last second is still under way
BY = system("scheduling")


async def ask_deposit(tx: Transaction, *, hold_id: UUID, contact_id: UUID, base_url: str = "") -> DepositDue:
    """Ask for the deposit of a held time; the hold stays as long as it can be paid (30 min), and is booked by it.

    Refuses a hold that is over (`scheduling.hold_not_found`) and a service without a deposit
    (`scheduling.no_deposit`).
    """
    held = await holds.lock_hold(tx, hold_id=hold_id)
    if held is None:
        raise Refused("scheduling.hold_not_found", "no such hold, or it is over", status=404)
    service = await get_service(tx, service_id=held.service_id)
    if service.deposit_cents == 0:
        raise Refused("scheduling.no_deposit", "this service needs no deposit: book the hold", status=409)
    until = held.expires_at - GRACE if held.awaits_payment else tx.now + PAYMENT_TTL
    waiting = replace(held, contact_id=contact_id, awaits_payment=True, expires_at=until + GRACE)
    await holds.note_awaits_payment(tx, waiting)
    asked = await billing.request_payment(
        tx,
        tenant_id=tx.tenant,
        purpose=PURPOSE,
        reference=hold_id,
        contact_id=contact_id,
        amount_cents=service.deposit_cents,
        currency=service.currency,
        description=f"Deposit for {service.name}",
        expires_at=until,
        now=tx.now,
        base_url=base_url,
    )
    page = await get_page(tx)
    await deposits.add_deposit(tx, hold_id=hold_id, payment_id=asked.id, refund_hours=page.refund_hours)
    return DepositDue(
        hold_id=hold_id,
        url=asked.url,
        amount_cents=service.deposit_cents,
        currency=service.currency,
        expires_at=until,
    )


async def take_payment(tx: Transaction, told: Told, paid: PaymentSucceeded) -> None:
    """Book what was paid for; if its time is lost, give the money back and tell the person which others there are."""
    if paid.purpose != PURPOSE or paid.contact_id is None:
        return
    try:
        done = await confirm_hold(
            tx, hold_id=paid.reference, contact_id=paid.contact_id, source="payment", deposit=Deposit.PAID
        )
    except Refused:
        others = await _others_of(tx, paid.reference)
    else:
        if not isinstance(done, SlotTaken):
            await deposits.note_booked(tx, hold_id=paid.reference, appointment_id=done.id)
            return
        others = done.other_slots
    await billing.refund_payment(
        tx,
        tenant_id=tx.tenant,
        payment_id=paid.payment_id,
        amount_cents=None,
        reason="the time was lost before the payment came",
        by=BY,
        now=tx.now,
        refund_id=paid.payment_id,
    )
    past = await holds.lock_past(tx, hold_id=paid.reference)
    if past is not None:
        resource = await get_resource(tx, resource_id=past.resource_id)
        slot = Slot(
            service_id=past.service_id,
            resource_id=past.resource_id,
            resource_name=resource.name,
            starts_at=past.starts_at,
            ends_at=past.ends_at,
            zone=resource.zone,
        )
        await tell_paid_too_late(tx, told, hold_id=paid.reference, contact_id=paid.contact_id, slot=slot, others=others)


async def give_back(tx: Transaction, known: Appointment, *, refund: bool | None, by: Actor) -> bool:
    """Order the deposit of an appointment that is called off back, once; False if it is kept or gone back by hand.

    It goes back if that was promised before it was paid and it is early enough now, or as `refund` says.
    """
    asked = await deposits.find_deposit(tx, appointment_id=known.id)
    if asked is None or known.deposit is not Deposit.PAID:
        return False
    if not (is_given_back(asked.refund_hours, starts_at=known.starts_at, now=tx.now) if refund is None else refund):
        return False
    try:
        await billing.refund_payment(
            tx,
            tenant_id=tx.tenant,
            payment_id=asked.payment_id,
            amount_cents=None,
            reason="the appointment was called off",
            by=by,
            now=tx.now,
            refund_id=asked.payment_id,
        )
    except Refused:  # somebody has given it back by hand: nothing is left
        return False
    await deposits.note_given_back(tx, appointment_id=known.id)
    return True


async def find_promise(tx: Transaction, *, hold_id: UUID) -> int | None:
    """Find until how many hours before the start the deposit of a held time goes back; None promises nothing."""
    return await deposits.find_promise(tx, hold_id=hold_id)


async def find_terms(tx: Transaction, *, appointment_id: UUID) -> AskedDeposit | None:
    """Find what was promised about the deposit of an appointment, and whether it is on its way back."""
    return await deposits.find_deposit(tx, appointment_id=appointment_id)


async def drop_unpaid(tx: Transaction, over: PaymentExpired | PaymentFailed) -> None:
    """Let a held time go whose deposit nobody can pay any more."""
    if over.purpose == PURPOSE:
        await expire_hold(tx, hold_id=over.reference)


async def note_refund(tx: Transaction, refunded: PaymentRefunded) -> None:
    """Note on the appointment that its deposit went back whole."""
    if refunded.purpose != PURPOSE or refunded.refunded_cents < refunded.amount_cents:
        return
    past = await holds.lock_past(tx, hold_id=refunded.reference)
    if past is not None and past.appointment_id is not None:
        await appointments.note_deposit(tx, appointment_id=past.appointment_id, deposit=Deposit.REFUNDED)


async def _others_of(tx: Transaction, hold_id: UUID) -> tuple[Slot, ...]:
    past = await holds.lock_past(tx, hold_id=hold_id)
    if past is None:
        return ()
    try:
        offer = await read_offer(tx, service_id=past.service_id, resource_id=None)
    except Refused:
        return ()
    return await near(tx, offer, starts_at=past.starts_at)
