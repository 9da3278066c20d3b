"""Promise: whoever calls and is not answered gets exactly one text, and the business sees it."""

from __future__ import annotations

import asyncio

from frontdesk.providers.twin import CallOutcome, FaultKind, FaultOrder
from tests.journeys.journey import Journey


async def test_a_missed_call_gets_one_text_that_is_delivered_and_seen(journey: Journey) -> None:
    carol = journey.somebody()
    await journey.twin.place_call(caller=carol, to=journey.number)
    assert (await journey.twin.wait_for_text(carol, status="delivered")).met

    async def delivered() -> bool:
        texts = await journey.texts_with(carol)
        return [text.status for text in texts] == ["delivered"]

    await journey.eventually(delivered)
    [call] = await journey.calls_of(carol)
    report = await journey.report(call)
    assert (report.outcome, report.reason) == ("texting", "ok")
    assert await journey.posts_to(carol) == 1


async def test_ringing_again_within_the_cool_down_brings_no_second_text_and_says_why(journey: Journey) -> None:
    carol = journey.somebody()
    for _ in range(3):
        await journey.twin.place_call(caller=carol, to=journey.number, outcome=CallOutcome.BUSY)
    await journey.twin.wait_until_idle()
    reasons = [(await journey.report(call)).reason for call in await journey.calls_of(carol)]
    assert reasons == ["textback.cooling_down", "textback.cooling_down", "ok"]
    assert await journey.posts_to(carol) == 1


async def test_duplicate_and_re_identified_webhooks_bring_no_second_text(journey: Journey) -> None:
    carol = journey.somebody()
    for kind in (FaultKind.DUPLICATE, FaultKind.REIDENTIFIED):
        await journey.twin.inject_fault(FaultOrder(kind=kind, recipient=carol, copies=3, count=None))
    await journey.twin.place_call(caller=carol, to=journey.number)
    await journey.twin.wait_until_idle()
    await journey.twin.clear_faults()
    assert await journey.posts_to(carol) == 1
    assert len(await journey.calls_of(carol)) == 1


async def test_many_callers_at_once_get_one_text_each(journey: Journey) -> None:
    callers = [journey.somebody() for _ in range(20)]
    await asyncio.gather(*(journey.twin.place_call(caller=caller, to=journey.number) for caller in set(callers)))
    for caller in set(callers):
        assert (await journey.twin.wait_for_text(caller, status="delivered")).met
    assert {await journey.posts_to(caller) for caller in callers} == {1}


async def test_an_answered_call_gets_no_text(journey: Journey) -> None:
    carol = journey.somebody()
    await journey.twin.place_call(caller=carol, to=journey.number, outcome=CallOutcome.ANSWERED, seconds=60)
    await journey.twin.wait_until_idle()
    assert [call.missed_at for call in await journey.calls_of(carol)] == [None]
    assert await journey.posts_to(carol) == 0
