"""A time that takes a deposit is kept by text and booked by the payment."""

from __future__ import annotations

from pathlib import Path

from tests.features.billing.stage import open_till
from tests.features.textback.desk import Talk, appointments, open_desk
from tests.support.office import open_office


async def test_a_chosen_time_is_kept_until_its_deposit_is_paid_and_booked_by_it(database_url: str, home: Path) -> None:
    async with open_till(database_url, home) as till:
        office = till.office
        await open_desk(office, deposit_cents=2500)
        carol = Talk(office)
        await carol.say("wednesday at 10am")
        asked = await carol.say("10am")
        assert asked.startswith("We keep Wed, Jun 9 at 10:00 AM for 30 minutes."), asked
        assert "25.00 USD is paid: http" in asked
        assert await appointments(office) == []

        await till.work()
        session = await office.fetchval("select provider_session_id from payments")
        await till.stripe.pay(str(session))
        await till.quiet()
        await office.settle()
        assert await appointments(office) == ["Wed 10:00"]
        assert "booked" in (await office.texts_to())[-1]


async def test_without_a_payment_company_a_person_takes_over(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office, deposit_cents=2500)
        carol = Talk(office)
        await carol.say("wednesday at 10am")
        assert "get back to you" in await carol.say("10am")
        assert await office.fetchval("select count(*) from sched_holds") == 0
