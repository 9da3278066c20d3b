"""Nobody earns by making a business text: what outsiders can cause is bound by country, by range and by money."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from frontdesk.features import consent, conversations, delivery, tenants
from frontdesk.features.conversations import service as threads_service
from frontdesk.features.delivery.gates import Destination, Facts, Money, Provoked, Verdict, decide
from frontdesk.features.delivery.model import MessageClass
from frontdesk.features.delivery.prices import costs_extra, country_of, wanted_countries
from tests.support.actors import TEST_ACTS
from tests.support.office import ADAS_NUMBER, CAROL, Office, open_office

JAMAICA, BRITAIN, SATELLITE = "+18765550123", "+447700900123", "+870773111632"
NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
CODES = "select coalesce(failure_code, ''), count(*)::int from send_jobs group by 1 order by 1"
TASKS = "select kind, count(*)::int from tasks where kind = 'strangers_turned_away' group by 1"


@pytest_asyncio.fixture
async def office(database_url: str, home: Path) -> AsyncIterator[Office]:
    async with open_office(database_url, home) as found:
        yield found


async def change(office: Office, **settings: object) -> None:
    async with office.parts.app.transaction(office.ada.id) as tx:
        changed = replace(await tenants.get_tenant(tx), **settings)  # type: ignore[arg-type]  # fields of a business
        await tenants.update_tenant(tx, changed, by=TEST_ACTS, changed=sorted(settings))


async def codes(office: Office) -> dict[str, int]:
    async with office.login.transaction() as tx:
        return {row[0]: row[1] for row in await tx.fetch(CODES)}


async def tasks(office: Office) -> int:
    async with office.login.transaction() as tx:
        return sum(row[1] for row in await tx.fetch(TASKS))


def sequential(count: int, *, start: str = "+1206555") -> list[str]:
    return [f"{start}{9000 + number:04d}" for number in range(count)]


async def ring(office: Office, callers: list[str], *, at_once: int = 10, salt: int = 0) -> None:
    """Let calls of all these go unanswered, some at once, and everything happen that follows."""
    for begin in range(0, len(callers), at_once):
        await asyncio.gather(
            *(
                office.missed_call(sid=f"CA{salt:08d}{begin + place:024d}", caller=caller)
                for place, caller in enumerate(callers[begin : begin + at_once])
            )
        )
    await office.settle()


async def texted(office: Office, callers: list[str]) -> int:
    return sum([await office.posts_to(caller) for caller in callers])


async def test_a_caller_from_abroad_is_texted_only_where_the_business_wants_it(office: Office) -> None:
    await ring(office, [JAMAICA, BRITAIN])
    assert await texted(office, [JAMAICA, BRITAIN]) == 0
    assert await codes(office) == {"delivery.country_not_allowed": 2}
    assert await tasks(office) == 1, "one task an hour, not one a call"
    await change(office, texting_countries=("GB",), textback_cooldown_seconds=0)
    await ring(office, [JAMAICA, BRITAIN], salt=1)
    assert await texted(office, [BRITAIN]) == 1
    assert await texted(office, [JAMAICA]) == 0


async def test_neighbours_at_the_same_price_are_answered_as_before(office: Office) -> None:
    neighbours = ["+14165550123", "+17875550123", CAROL]  # Toronto, Puerto Rico, Seattle
    await ring(office, neighbours)
    assert [await office.posts_to(one) for one in neighbours] == [1, 1, 1]


async def test_a_number_that_costs_extra_is_never_texted_wherever_it_is(office: Office) -> None:
    await change(office, texting_countries=("GB",))
    await office.text_in("HELP", sid="SM" + "1" * 32, sender=SATELLITE)
    await office.settle()
    assert await office.posts_to(SATELLITE) == 0
    assert await codes(office) == {"delivery.number_costs_extra": 1}


async def test_neighbouring_numbers_get_as_many_texts_an_hour_as_allowed_however_they_come(office: Office) -> None:
    await change(office, range_hourly_limit=5)
    callers = sequential(30)
    await ring(office, callers, at_once=30)
    assert await texted(office, callers) == 5
    assert await codes(office) == {"": 5, "delivery.range_too_busy": 25}
    assert await tasks(office) == 1
    await ring(office, [CAROL], salt=1)
    assert await texted(office, [CAROL]) == 1, "another range is another matter"
    office.clock.ahead += timedelta(minutes=61)
    later = sequential(40)[30:]
    await ring(office, later, salt=2)
    assert await texted(office, later) == 5


async def test_texts_that_had_to_wait_are_counted_when_they_leave(office: Office) -> None:
    await change(office, range_hourly_limit=5)
    async with office.parts.app.transaction(office.ada.id) as tx:
        await delivery.pause_sending(tx, scope=delivery.Scope.TENANT, key=str(office.ada.id), reason="", by=TEST_ACTS)
    callers = sequential(12)
    await ring(office, callers)
    assert await texted(office, callers) == 0
    async with office.parts.app.transaction(office.ada.id) as tx:
        await delivery.resume_sending(tx, scope=delivery.Scope.TENANT, key=str(office.ada.id), by=TEST_ACTS)
    office.clock.ahead += timedelta(seconds=5)
    await office.settle()
    assert await texted(office, callers) == 5
    assert (await codes(office))["delivery.range_too_busy"] == 7


async def test_keywords_and_sign_ups_from_neighbouring_numbers_are_bound_likewise(office: Office) -> None:
    await change(office, range_hourly_limit=4)
    people = sequential(9)
    for place, person in enumerate(people):
        await office.text_in("HELP", sid=f"SM{place:032d}", sender=person)
    await office.settle()
    assert await texted(office, people) == 4
    others = sequential(9, start="+1303555")
    for person in others:
        async with office.parts.app.transaction(office.ada.id, inline=True) as tx:
            await consent.ask_to_confirm(tx, consent.OptIn(phone_e164=person), by=TEST_ACTS)
    await office.settle()
    assert await texted(office, others) == 4


async def test_outsiders_spend_a_quarter_of_the_days_money_in_an_hour_at_most(office: Office) -> None:
    async with office.login.transaction() as tx:
        await tx.execute("update segment_prices set cents = 30")
    await change(office, daily_budget_cents=Decimal(1000))
    callers = [f"+1{area}5550123" for area in range(301, 330) if country_of(f"+1{area}5550123") == "US"]
    await ring(office, callers, at_once=5)
    sent = await texted(office, callers)
    assert sent in range(8, 8 + 5), "250 cents, and what was asked for at the same moment"
    assert (await codes(office))["delivery.strangers_too_costly"] == len(callers) - sent
    async with office.parts.app.transaction(office.ada.id) as tx:
        assert (await delivery.get_budget(tx)).left_cents >= 1000 - (8 + 4) * 30, "the rest of the day has money left"
    assert await tasks(office) == 1


async def test_what_the_business_writes_itself_is_not_counted_as_anybody_elses(office: Office) -> None:
    await change(office, range_hourly_limit=1)
    await office.text_in("Are you open?", sid="SM" + "1" * 32)
    for number in range(3):
        async with office.parts.app.transaction(office.ada.id) as tx:
            threads = await threads_service.list_threads(tx)
            await conversations.write_to(
                tx,
                contact_id=threads[0].contact_id,
                body=f"Yes, until {number + 4}.",
                author="ada",
                key=f"test:{number}",
                sender_e164=ADAS_NUMBER,
                provider="twilio",
                lane=office.parts.courier,
            )
        await office.parts.courier.idle()
    assert await texted(office, [CAROL]) == 3


async def test_one_business_under_attack_takes_nothing_from_another(office: Office) -> None:
    await change(office, range_hourly_limit=1)
    await ring(office, sequential(4))
    async with office.parts.app.transaction(office.mallory.id) as tx:
        assert await tx.fetch("select tenant_id from provoked_texts") == []


FACTS = Facts(
    at=NOW,
    message_class=MessageClass.REPLY,
    basis="answers the person's own call",
    basis_at=NOW,
    useful_until=NOW + timedelta(minutes=14),
    recipient_is_own_number=False,
    opted_out_scope=None,
    consent_known=True,
    opted_out_of_sender=False,
    paused=(),
    sender_known=True,
    sender_may_text=True,
    sender_blocked_reason="",
    sender_held_until=None,
    sender_held_because="",
    earlier_unsettled=False,
    money=Money(cost_cents=Decimal(2), left_cents=Decimal(100)),
    destination=Destination(
        country="US",
        costs_extra=False,
        allowed=("CA", "US"),
        provoked=Provoked(range_texts=0, range_limit=1, hour_cents=Decimal(8), hour_limit_cents=Decimal(10)),
    ),
)


def aimed(**changes: object) -> Facts:
    assert FACTS.destination is not None
    assert FACTS.destination.provoked is not None
    known = {name for name in changes if name in Provoked.__slots__}
    provoked = replace(FACTS.destination.provoked, **{name: changes[name] for name in known})  # type: ignore[arg-type]  # a table of fields
    rest = {name: value for name, value in changes.items() if name not in known}
    return replace(FACTS, destination=replace(FACTS.destination, provoked=provoked, **rest))  # type: ignore[arg-type]  # the same


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (aimed(), "ok"),
        (aimed(country="JM"), "delivery.country_not_allowed"),
        (aimed(country=""), "delivery.country_not_allowed"),
        (aimed(costs_extra=True), "delivery.number_costs_extra"),
        (aimed(range_texts=1), "delivery.range_too_busy"),
        (aimed(hour_cents=Decimal("8.01")), "delivery.strangers_too_costly"),
    ],
)
def test_the_gate_bars_and_never_holds(facts: Facts, code: str) -> None:
    decision = decide(facts)
    assert decision.code == code
    assert decision.verdict is (Verdict.SEND if code == "ok" else Verdict.BAR)
    assert decision.until is None


@pytest.mark.parametrize(
    ("number", "country", "extra"),
    [
        ("+19005551234", "US", True),
        ("+870773111632", "", True),
        ("+8816123456789", "", True),
        ("+979123456789", "", True),
        ("+18765551234", "JM", False),
        ("+12065551234", "US", False),
        ("+18005551234", "US", False),
        ("+99955512345", "", False),
        ("+449091234567", "GB", True),
    ],
)
def test_where_a_number_is_and_whether_it_earns_somebody_money(number: str, country: str, *, extra: bool) -> None:
    assert (country_of(number), costs_extra(number)) == (country, extra)


def test_the_caribbean_is_not_next_door() -> None:
    assert wanted_countries("US", ()) == ("AS", "CA", "GU", "MP", "PR", "US", "VI")
    assert wanted_countries("GB", ("IE",)) == ("GB", "IE")
