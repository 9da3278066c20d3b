"""Figures are right on days of 23 and 25 hours, add up however they are cut, and are found without a long look."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from frontdesk.features import insights
from frontdesk.features.insights.queries import days, spans, timeline
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from tests.support.actors import TEST_ACTS
from tests.support.office import ADAS_NUMBER, Office, open_office

NEW_YORK = "America/New_York"
ADD_CALL = """
    insert into calls (id, tenant_id, provider, provider_call_id, called_e164, status, missed_at, started_at,
                       updated_at)
    values ($1, $2, 'twilio', gen_random_uuid()::text, '+12125550100', 'completed', $3, $3, $3)
"""


@pytest.fixture
async def office(database_url: str, home: Path) -> AsyncIterator[Office]:
    """Open an office."""
    async with open_office(database_url, home) as opened:
        yield opened


async def add_calls(office: Office, *moments: datetime) -> None:
    """Let calls be missed at some moments."""
    async with office.parts.system.transaction(office.ada.id) as tx:
        for moment in moments:
            await tx.execute(ADD_CALL, new_id(), office.ada.id, moment)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 7, 1), 24), (date(2026, 11, 2), 24)]
)
def test_a_day_is_as_long_as_its_clocks_make_it(day: date, hours: int) -> None:
    period = insights.choose_period(first=day, last=day, zone=NEW_YORK)
    assert period.until - period.since == timedelta(hours=hours)


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1)])
async def test_each_call_is_on_one_day_where_the_clocks_change(office: Office, day: date) -> None:
    period = insights.choose_period(first=day - timedelta(days=1), last=day + timedelta(days=1), zone=NEW_YORK)
    day_begins, day_ends = (insights.start_of(one, NEW_YORK) for one in (day, day + timedelta(days=1)))
    tick = timedelta(microseconds=1)
    office.clock.ahead = datetime(2026, 12, 1, tzinfo=UTC) - office.clock.now()
    await add_calls(office, day_begins - tick, day_begins, day_begins + timedelta(hours=2), day_ends - tick, day_ends)
    async with office.parts.app.transaction(office.ada.id) as tx:
        days = await insights.list_days(tx, period)
    assert [one.counted.missed for one in days] == [1, 3, 1]


async def test_a_week_ago_ends_at_the_same_time_of_day_though_the_clocks_changed(office: Office) -> None:
    # A Wednesday after the clocks went back: ten in the morning is an hour later in UTC than the week before.
    now = datetime(2026, 11, 4, 15, 0, tzinfo=UTC)
    office.clock.ahead = now - office.clock.now()
    ten_before = datetime(2026, 10, 28, 14, 0, tzinfo=UTC)
    await add_calls(office, ten_before - timedelta(minutes=1), ten_before + timedelta(minutes=5))
    async with office.parts.app.transaction(office.ada.id) as tx:
        glance = await insights.take_glance(tx, zone=NEW_YORK)
    assert glance.week_ago.counted.missed == 1
    assert glance.today.counted.missed == 0


async def test_whoever_answers_keeps_people_waiting_from_their_first_text_on(office: Office) -> None:
    await office.missed_call()
    await office.settle()
    begun = office.clock.now()
    for number, body in enumerate(("Hello?", "Anybody there?")):
        await office.text_in(body, sid="SM" + str(number) * 32)
    async with office.parts.system.transaction(office.ada.id) as tx:
        person, thread = await _thread(office)
        await tx.execute(
            """
            insert into conv_messages (id, tenant_id, conversation_id, direction, body, sender_e164, recipient_e164,
                                       author, created_at)
            values ($1, $2, $3, 'outbound', 'Yes!', '+12125550100', $4, 'Ben', $5)
            """,
            new_id(),
            office.ada.id,
            thread,
            person,
            begun + timedelta(minutes=10),
        )
    office.clock.ahead = timedelta(minutes=20)
    async with office.parts.app.transaction(office.ada.id) as tx:
        today = tx.now.date()
        period = insights.choose_period(first=today - timedelta(days=2), last=today + timedelta(days=1), zone="UTC")
        everybody, ben = (await insights.sum_up(tx, period)).total.agents
    assert everybody.is_everybody
    assert (ben.author, ben.threads, ben.texts, ben.within_quarter) == ("Ben", 1, 1, 1)
    assert ben.median_seconds is not None
    assert 590 < ben.median_seconds <= 600


async def _thread(office: Office) -> tuple[str, object]:
    async with office.login.transaction() as tx:
        row = await tx.fetchrow(
            """
            select person.phone_e164, thread.id from conversations as thread
            join contacts as person on person.id = thread.contact_id
            """
        )
    assert row is not None
    return row["phone_e164"], row["id"]


def test_a_month_is_foreseen_by_the_mean_of_the_last_week() -> None:
    spent = [(date(2026, 11, day), Decimal(100)) for day in range(1, 11)]
    foreseen = insights.foresee_cents(spent, today=date(2026, 11, 10), month_ends=date(2026, 11, 30))
    assert foreseen == 1000 + 20 * 100
    assert insights.foresee_cents([], today=date(2026, 11, 30), month_ends=date(2026, 11, 30)) == 0


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 1, 2), date(2026, 1, 1)), (date(2024, 1, 1), date(2026, 1, 1)), (date.min, date.min)],
)
def test_days_that_cannot_be_are_refused(first: date, last: date) -> None:
    with pytest.raises(Refused, match="choose a first day"):
        insights.choose_period(first=first, last=last, zone=NEW_YORK)


async def test_the_hot_questions_are_answered_from_indexes(office: Office) -> None:
    async with office.parts.system.transaction(office.ada.id) as tx:
        await insights.make_up_history(tx, people=400, messages=20_000, number_e164=ADAS_NUMBER, by=TEST_ACTS)
    async with office.login.transaction() as tx:
        await tx.execute("analyze")
        now = tx.now
    day = timedelta(days=1)
    asked: tuple[tuple[str, tuple[object, ...]], ...] = (
        (spans.COUNT_SPANS, ([now - day, now - 8 * day], [now, now - 7 * day], now)),
        (spans.COUNT_PROMISED, (now - 7 * day, now)),
        (days.COUNT_WAITS, ([now - 2 * day], [now], list(insights.EDGES))),
        (days.COUNT_HOURS, ([now - 2 * day], [now], "UTC")),
        (days.COUNT_FUNNEL, ([now - 2 * day], [now])),
        (days.COUNT_WAITING, ([now - 2 * day], [now])),
        (days.COUNT_THREADS, ([now - 2 * day], [now], "UTC")),
        (days.COUNT_COSTS, ([now - 2 * day], [now])),
        (days.COUNT_REPLIES, ([now - 2 * day], [now])),
        (timeline.LIST_TEXTS, (None, None, 40)),
        (timeline.LIST_CALLS, (None, None, 40)),
    )
    for statement, arguments in asked:
        async with office.parts.app.transaction(office.ada.id) as tx:
            explained = await tx.fetchval("explain (format json) " + statement, office.ada.id, *arguments)
        assert not _read_whole(json.loads(str(explained))[0]["Plan"]) & {"calls", "conv_messages", "send_attempts"}


def _read_whole(node: dict[str, object]) -> set[str]:
    """Name the tables that a plan reads from end to end."""
    found = {str(node["Relation Name"])} if node["Node Type"] == "Seq Scan" else set()
    plans = node.get("Plans", [])
    for child in plans if isinstance(plans, list) else []:
        found |= _read_whole(child)
    return found
