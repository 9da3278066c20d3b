"""A process stands still until it counts as dead, others take over, and then it goes on: too late to do harm."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from frontdesk.providers.twin.wire import FaultKind, FaultOrder
from frontdesk.wiring import EXIT_AGAIN
from tests.support.office import CAROL, call_form
from tests.support.processes import live_office
from tests.support.shut_door import ShutDoor

pytestmark = pytest.mark.slow

CREATE = "messages.create"
# Its verdict had grown old, or on a busy machine it gave up reaching the carrier at all.
NEVER_LEFT = {"not_started", "unavailable"}
# The carrier's answer was read after waking up, unless the request's 10 s were over by then.
READ_LATE = {"accepted", "ambiguous"}


async def test_workers_that_were_halted_in_the_middle_of_a_text_wake_up_fenced_and_send_nothing(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office, ShutDoor(office.twin_url) as door:
        before_the_request = await office.start_worker(TWILIO_API_BASE_URL=door.url)
        [first] = await office.queue(1, first=1)
        await office.reaches(first, "posting")
        await before_the_request.halt()

        during_the_request = await office.start_worker()
        await office.twin.inject_fault(FaultOrder(kind=FaultKind.SLOW, on=CREATE, seconds=0.5))
        [second] = await office.queue(1, first=2)
        assert (await office.twin.wait_for_text(second, status="queued")).met
        await during_the_request.halt()

        for halted in (before_the_request, during_the_request):
            await office.cut_off(halted)
        await office.start_worker()
        await office.settled()
        await office.each_got_one([first, second])

        await door.open()
        for halted in (before_the_request, during_the_request):
            halted.go_on()
        assert [await one.ended() for one in (before_the_request, during_the_request)] == [EXIT_AGAIN, EXIT_AGAIN]
        [late, accepted] = await office.outcomes(first)
        assert (late in NEVER_LEFT, accepted) == (True, "accepted")
        [awoken] = await office.outcomes(second)
        assert awoken in READ_LATE
        assert (await office.posts_to(first), await office.posts_to(second)) == (1, 1)
        await office.each_got_one([first, second])


async def test_a_web_process_halted_before_its_request_left_does_not_send_what_another_has_sent(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office, ShutDoor(office.twin_url) as door:
        web = await office.start_web(TWILIO_API_BASE_URL=door.url)
        assert (await office.miss_call())[0] == 200
        await office.reaches(CAROL, "posting")
        await web.halt()
        await office.cut_off(web)
        await office.start_worker()
        await office.settled()
        await door.open()
        web.go_on()
        assert await web.ended() == EXIT_AGAIN
        assert await office.posts_to() == 1
        [late, accepted] = await office.outcomes(CAROL)
        assert (late in NEVER_LEFT, accepted) == (True, "accepted")
        await office.each_got_one([CAROL])


async def test_a_web_process_halted_before_its_commit_leaves_the_call_to_another(database_url: str, home: Path) -> None:
    async with live_office(database_url, home) as office:
        [web] = await office.start(workers=0)
        form = call_form("CA" + "5" * 32, DialCallStatus="no-answer")
        async with office.holding("lock table textbacks in share mode"):
            told = asyncio.create_task(office.post("voice/dial-action", form))
            await office.stuck_in("insert into textbacks", kind="web")
            await web.halt()
        halted_backends = await office.backends("web")
        other = await office.start_web(elsewhere=True)
        told_again = asyncio.create_task(office.post("voice/dial-action", form, to=other.url))
        await office.stuck_in("insert into webhook_events", kind="web")
        await office.end_backends(halted_backends)
        assert (await told_again)[0] == 200
        web.go_on()
        assert (await told)[0] in {0, 503}
        assert await web.ended() == EXIT_AGAIN
        await office.settled()
        await office.each_got_one([CAROL])
        assert await office.count("select count(*) from webhook_events") == 1
