"""Processes that are asked to stop finish what they have begun; a rolling restart loses and doubles nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.office import call_form
from tests.support.processes import live_office
from tests.support.provider import Provider

pytestmark = pytest.mark.slow


async def test_a_web_process_asked_to_stop_answers_what_it_has_begun_and_ends_cleanly(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        web, _ = await office.start()
        callers = [f"+1206555{number:04}" for number in range(500, 508)]
        async with office.holding("lock table outbox_events in share mode"):
            told = [asyncio.create_task(office.miss_call(caller)) for caller in callers]
            await office.stuck_in("insert into webhook_events", kind="web")
            await office.eventually(lambda: office.has_waiting("insert into webhook_events", len(callers)))
            web.ask_to_stop()

            async def takes_nothing_new() -> bool:
                return (await office.post("voice", call_form("CA" + "9" * 32), within=1))[0] == 0

            await office.eventually(takes_nothing_new)
        assert [status for status, _ in await asyncio.gather(*told)] == [200] * len(callers)
        assert await web.ended() == 0
        await office.settled()
        await office.each_got_one(callers)


async def test_workers_asked_to_stop_in_the_middle_of_a_campaign_finish_their_posts_and_leave_the_rest_queued(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        [first] = await office.start(webs=0)
        recipients = await office.queue(600)
        assert (await office.twin.wait_for_text(status="queued", count=30, within=30)).met
        first.ask_to_stop()
        second = await office.start_worker()
        assert await first.ended() == 0
        assert await office.count("select count(*) from send_jobs where status = 'unknown'") == 0
        await office.settled(seconds=50)
        second.ask_to_stop()
        assert await second.ended() == 0
        await office.each_got_one(recipients)
        assert await office.count("select count(*) from live_processes where ended_at is null") == 0


@pytest.mark.timeout(240)
async def test_a_rolling_restart_under_steady_calls_loses_none_and_costs_each_at_most_a_few_repeats(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        first, second, worker = await office.start(webs=2)
        provider = Provider(office, [first.url, second.url])
        await provider.has_told(40)
        for place, elsewhere in enumerate((False, True)):
            old = (first, second)[place]
            old.ask_to_stop()
            assert await old.ended() == 0
            provider.webs[place] = (await office.start_web(elsewhere=elsewhere)).url
            await provider.has_told(40)
        worker.ask_to_stop()
        assert await worker.ended() == 0
        await office.start_worker()
        await provider.has_told(40)
        await provider.end()
        await office.settled()
        await office.each_got_one(provider.acknowledged)
        assert {status for told in provider.statuses for status in told} <= {200, 0}
        assert await office.count("select count(*) from webhook_events") == len(provider.acknowledged)
