"""What is done again is done once: intents, events and runs replayed by the thousand, and outages in between."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from frontdesk.features import delivery
from frontdesk.features.delivery.courier import FIRST_WINDOW
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.jobs import replay_run
from frontdesk.providers.twin.wire import FaultKind, FaultOrder
from tests.faults.bulk import (
    CREATE,
    ask,
    claim,
    marketing_lane,
    open_bulk,
    people_texted,
    posts,
    send_some,
    states,
    value_as_int,
)
from tests.features.campaigns import stage
from tests.support.actors import TEST_ACTS
from tests.support.marketing import add_people, intents, phones
from tests.support.office import ADAS_NUMBER, Office, open_office

MANY = 10_000
DONE, OPEN, FAILED = 3_000, 4_000, 3_000
FINISH_SOME = """
    update send_jobs set status = case when numbered.n <= $1 then 'delivered' else 'failed' end,
                         posting_at = $3, finished_at = $3, attempts = 1, fence = 1,
                         provider_message_id = case when numbered.n <= $1 then 'SM' || numbered.n end,
                         failure_code = case when numbered.n > $1 then '21614' end
    from (select id, row_number() over (order by recipient_e164) as n from send_jobs) as numbered
    where numbered.id = send_jobs.id and numbered.n <= $2
"""
# What a person does who lets events that were set aside be handled again.
HAND_ON_AGAIN = """
    with back as (
      delete from outbox_events_errors
      returning id, tenant_id, name, payload, correlation_id, causation_id, created_at, handled
    )
    insert into outbox_events (id, tenant_id, name, payload, correlation_id, causation_id, created_at, available_at,
                               handled)
    select id, tenant_id, name, payload, correlation_id, causation_id, created_at, $1, handled from back
"""
SET_ASIDE = """
    with aside as (
      delete from outbox_events
      returning id, tenant_id, name, payload, correlation_id, causation_id, created_at, attempts, claims, handled
    )
    insert into outbox_events_errors (id, tenant_id, name, payload, correlation_id, causation_id, created_at, attempts,
                                      claims, handled, last_error, failed_at)
    select id, tenant_id, name, payload, correlation_id, causation_id, created_at, attempts, claims, handled, 'test', $1
    from aside
"""


async def request_all(office: Office, campaign: UUID, people: dict[str, UUID]) -> int:
    """Ask for everybody's text as the campaign did; returns how many are new."""
    made = 0
    numbers = list(people)
    for start in range(0, len(numbers), 2_500):
        some = {number: people[number] for number in numbers[start : start + 2_500]}
        async with office.parts.app.transaction(office.ada.id) as tx:
            texts = intents(some, campaign_id=campaign, sender_e164=ADAS_NUMBER, due_at=tx.now)
            made += len(await delivery.request_many(tx, texts, campaign_id=campaign))
    return made


async def test_ten_thousand_intents_asked_for_again_make_no_text_twice_whatever_became_of_them(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        numbers = [f"+1206{index:07}" for index in range(5_550_000, 5_550_000 + MANY)]
        async with office.parts.app.transaction(office.ada.id) as tx:
            people = await add_people(tx, numbers)
        campaign = new_id()
        assert await request_all(office, campaign, people) == MANY
        async with office.login.transaction() as tx:
            await tx.execute(FINISH_SOME, DONE, DONE + FAILED, tx.now - timedelta(hours=1))
        before = await states(office)
        assert await request_all(office, campaign, people) == 0
        assert await states(office) == before
        async with office.parts.app.transaction(office.ada.id) as tx:
            await delivery.open_stream(
                tx, campaign_id=campaign, per_minute=None, quiet_from=None, quiet_until=None, numbers=[ADAS_NUMBER]
            )
        leased: Counter[str] = Counter()
        while some := await claim(office):
            leased.update(job.recipient_e164 for job in some)
            office.clock.ahead += timedelta(seconds=1)
        assert leased == Counter(sorted(numbers)[DONE + FAILED :]), "each that was open once, none that had ended"


async def test_the_making_of_a_campaign_replayed_from_its_first_step_makes_nobody_a_second_text(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        await stage.set_up(office, 300)
        campaign = await stage.begun(office)
        await stage.run_background(office)
        await send_some(office, turns=30)
        assert await people_texted(office) == Counter(phones(300))
        async with office.parts.app.transaction(office.ada.id) as tx:
            run = await tx.fetchval("select id from job_runs where workflow like 'campaigns.expand%'")
            assert isinstance(run, UUID)
            await replay_run(tx, run_id=run, from_step="people after the first", actor=TEST_ACTS)
        await stage.run_background(office)
        await send_some(office, turns=30)
        assert await people_texted(office) == Counter(phones(300))
        written_down = "select count(*) from campaign_recipients where campaign_id = $1"
        assert await value_as_int(office, written_down, campaign) == 300


async def test_events_that_were_set_aside_and_are_handed_on_again_text_nobody_twice(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        callers = phones(60)
        for number, caller in enumerate(callers):
            await office.missed_call(sid=f"CA{number:032}", caller=caller)
        await office.settle()
        assert await people_texted(office) == Counter(callers)
        handed_on = await value_as_int(office, "select count(*) from outbox_events")
        async with office.login.transaction() as tx:
            await tx.execute(SET_ASIDE, tx.now)
            await tx.execute(HAND_ON_AGAIN, tx.now)
        await office.settle()
        assert await people_texted(office) == Counter(callers)
        handled = "select count(*) from outbox_events where dispatched_at is not null"
        assert await value_as_int(office, handled) >= handed_on
        assert await value_as_int(office, "select count(*) from outbox_events_errors") == 0


async def test_texts_put_back_after_their_time_are_dropped_with_a_code_and_not_posted(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        await ask(office, phones(50), useful_until=office.clock.now() + timedelta(hours=1))
        async with office.login.transaction() as tx:
            await tx.execute("update send_jobs set status = 'failed', failure_code = '30001', attempts = 1")
        office.clock.ahead += timedelta(hours=2)
        async with office.login.transaction() as tx:
            await tx.execute("update send_jobs set status = 'queued', available_at = $1", tx.now)
        await send_some(office, turns=40)
        assert await posts(office) == []
        assert await states(office) == {("dropped", "delivery.too_late"): 50}
        assert await office.fetchval("select distinct failure_reason from send_jobs") == "Too late"
        explained = "select count(distinct job_id) from send_decisions where code = 'delivery.too_late'"
        assert await value_as_int(office, explained) == 50


@pytest.mark.parametrize("status", [500, 503])
async def test_an_outage_of_a_quarter_of_an_hour_costs_a_campaign_of_ten_thousand_a_handful_of_requests(
    status: int, database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        numbers = [f"+1206{index:07}" for index in range(5_550_000, 5_550_000 + MANY)]
        async with office.parts.app.transaction(office.ada.id) as tx:
            people = await add_people(tx, numbers)
        campaign = new_id()
        await request_all(office, campaign, people)
        async with office.parts.app.transaction(office.ada.id) as tx:
            await delivery.open_stream(
                tx, campaign_id=campaign, per_minute=None, quiet_from=None, quiet_until=None, numbers=[ADAS_NUMBER]
            )
        await office.twin.inject_fault(
            FaultOrder(kind=FaultKind.ERROR_BEFORE_ACCEPT, on=CREATE, count=None, status=status)
        )
        await send_some(office, turns=5)
        tried = len(await posts(office))
        assert tried <= 2 * FIRST_WINDOW, "five failures in a row open the breaker; a set that is on its way counts too"
        await send_some(office, turns=180, seconds=5)
        assert len(await posts(office)) - tried <= 8, "then probes: after 10, 20, 40, 80, 160 and 300 s"
        await office.twin.clear_faults()
        office.clock.ahead += timedelta(minutes=6)
        await drains_without_a_stampede(office)


async def drains_without_a_stampede(office: Office) -> None:
    """Dispatch after the outage: one probe, then at most twice what was answered before and a first window."""
    lane = marketing_lane(office)
    widths: list[int] = []
    for _ in range(8):
        already = len(await posts(office))
        await lane.dispatch_once()
        await office.parts.courier.idle()
        widths.append(len(await posts(office)) - already)
        office.clock.ahead += timedelta(seconds=1)
    assert widths[0] == 1
    assert sum(widths) > 100
    for place in range(1, len(widths)):
        assert widths[place] <= 2 * max(widths[:place]) + FIRST_WINDOW
    assert set((await people_texted(office)).values()) == {1}
