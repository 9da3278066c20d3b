"""A deposit goes back if its appointment is called off in time, once; what was said before it was paid holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from frontdesk.features import contacts, scheduling
from frontdesk.providers.twin import FaultKind, FaultOrder
from tests.features.billing.stage import Till, open_till
from tests.features.textback.desk import MONDAY_TEN, open_desk
from tests.support.actors import TEST_ACTS
from tests.support.office import CAROL

NINE = timedelta(days=2, hours=-1)  # Wednesday at nine


@dataclass
class Counter:
    """Where Carol pays 25.00 for Wednesday at nine."""

    till: Till
    service_id: UUID

    async def promise(self, hours: int | None) -> None:
        """Say what becomes of deposits."""
        async with self.till.office.parts.app.transaction(self.till.tenant_id) as tx:
            page = await scheduling.get_page(tx)
            await scheduling.change_page(tx, replace(page, refund_hours=hours), by=TEST_ACTS)

    async def booked(self) -> scheduling.Appointment:
        """Hold the time, pay, and be booked by that."""
        async with self.till.office.parts.app.transaction(self.till.tenant_id) as tx:
            carol = await contacts.ensure_contact(tx, phone_e164=CAROL, name="Carol")
            held = await scheduling.hold_slot(
                tx,
                service_id=self.service_id,
                resource_id=None,
                starts_at=MONDAY_TEN + NINE,
                contact_id=carol.id,
                source="booking_page",
            )
            assert isinstance(held, scheduling.Held)
            await scheduling.ask_deposit(tx, hold_id=held.hold.id, contact_id=carol.id)
        await self.till.work()
        session = await self.till.office.fetchval("select provider_session_id from payments order by id desc limit 1")
        await self.till.stripe.pay(str(session))
        await self.till.quiet()
        await self.till.office.settle()
        async with self.till.office.parts.app.transaction(self.till.tenant_id) as tx:
            (appointment,) = await scheduling.find_upcoming(tx, contact_id=carol.id)
        assert appointment.deposit is scheduling.Deposit.PAID
        return appointment

    async def call_off(self, appointment: scheduling.Appointment, *, refund: bool | None = None) -> None:
        """Call the appointment off, and let everything settle."""
        async with self.till.office.parts.app.transaction(self.till.tenant_id) as tx:
            await scheduling.cancel_appointment(
                tx, appointment_id=appointment.id, because="", source="booking_page", by=TEST_ACTS, refund=refund
            )
        await self.settle()

    async def settle(self, *, seconds: float = 0) -> None:
        """Let orders and events be worked off."""
        await self.till.work(seconds=seconds)
        await self.till.office.settle()

    async def given_back(self) -> list[int]:
        """List what the company has given back, in cents."""
        return [int(str(one["amount"])) for one in (await self.till.stripe.look()).refunds]

    async def deposit(self) -> object:
        """Tell how the deposit stands on the appointment."""
        return await self.till.office.fetchval("select deposit from sched_appointments")


@pytest.fixture
async def counter(database_url: str, home: Path) -> AsyncIterator[Counter]:
    """Open the till and the desk."""
    async with open_till(database_url, home) as till:
        (service_id,) = await open_desk(till.office, deposit_cents=2500)
        yield Counter(till=till, service_id=service_id)


async def test_called_off_in_time_the_whole_deposit_goes_back_once_and_the_person_is_told(counter: Counter) -> None:
    await counter.promise(24)
    booked = await counter.booked()
    await counter.call_off(booked)
    await counter.call_off(booked)
    assert await counter.given_back() == [2500]
    assert await counter.deposit() == "refunded"
    assert "Your deposit is on its way back to you." in (await counter.till.office.texts_to())[-1]


async def test_called_off_too_late_or_without_a_promise_the_deposit_is_kept(counter: Counter) -> None:
    await counter.promise(24)
    booked = await counter.booked()
    counter.till.office.clock.ahead += timedelta(hours=23, minutes=1)
    await counter.call_off(booked)
    assert await counter.given_back() == []
    assert await counter.deposit() == "paid"
    assert "The deposit is kept." in (await counter.till.office.texts_to())[-1]


@pytest.mark.parametrize(("before", "after", "cents"), [(24, None, [2500]), (None, 0, [])])
async def test_what_was_promised_before_the_payment_holds_whatever_is_said_later(
    counter: Counter, before: int | None, after: int | None, cents: list[int]
) -> None:
    await counter.promise(before)
    booked = await counter.booked()
    await counter.promise(after)
    await counter.call_off(booked)
    assert await counter.given_back() == cents


@pytest.mark.parametrize(("promised", "refund", "cents"), [(None, True, [2500]), (24, False, [])])
async def test_a_person_at_the_business_decides_otherwise(
    counter: Counter, promised: int | None, *, refund: bool, cents: list[int]
) -> None:
    await counter.promise(promised)
    await counter.call_off(await counter.booked(), refund=refund)
    assert await counter.given_back() == cents


async def test_a_refund_whose_answer_is_lost_gives_the_deposit_back_once(counter: Counter) -> None:
    await counter.promise(24)
    booked = await counter.booked()
    fault = FaultOrder(kind=FaultKind.REPLY_LOST, on="stripe.refunds.create", count=2)
    await counter.till.control.inject_fault(fault)
    await counter.call_off(booked)
    for _ in range(3):
        await counter.settle(seconds=120)
    assert await counter.given_back() == [2500]
    assert await counter.deposit() == "refunded"


async def test_a_deposit_that_went_back_by_hand_does_not_keep_anybody_from_calling_off(counter: Counter) -> None:
    await counter.promise(24)
    booked = await counter.booked()
    payment_id = await counter.till.office.fetchval("select id from payments")
    assert isinstance(payment_id, UUID)
    await counter.till.refund(payment_id)
    await counter.settle()
    await counter.call_off(booked)
    assert await counter.given_back() == [2500]
    assert await counter.till.office.fetchval("select status from sched_appointments") == "cancelled"
