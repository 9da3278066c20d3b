"""Promise: after STOP nothing more is sent, whoever calls again; START lets texts come again."""

from __future__ import annotations

from tests.journeys.journey import Journey


async def test_stop_silences_the_next_missed_call_with_its_legal_source(journey: Journey) -> None:
    carol = journey.somebody()
    assert (await journey.twin.send_text(customer=carol, to=journey.number, body="Stop.")).status == 200
    before = await journey.posts_to(carol)
    await journey.twin.place_call(caller=carol, to=journey.number)
    await journey.twin.wait_until_idle()
    [call] = await journey.calls_of(carol)
    report = await journey.report(call)
    assert (report.outcome, report.reason) == ("skipped", "consent.opted_out")
    assert report.text is not None
    assert (report.text.status, report.text.citation) == ("blocked", "47 CFR 64.1200(a)(10), (a)(12); FCC 24-24")
    assert await journey.posts_to(carol) == before


async def test_start_lets_texts_come_again(journey: Journey) -> None:
    carol = journey.somebody()
    assert (await journey.twin.send_text(customer=carol, to=journey.number, body="STOP")).status == 200
    assert (await journey.twin.send_text(customer=carol, to=journey.number, body="START")).status == 200
    await journey.twin.wait_until_idle()
    before = await journey.posts_to(carol)
    await journey.twin.place_call(caller=carol, to=journey.number)
    [call] = await journey.calls_of(carol)
    report = await journey.report(call)
    assert (report.outcome, report.reason) == ("texting", "ok")

    async def posted() -> bool:
        return await journey.posts_to(carol) == before + 1

    await journey.eventually(posted)
