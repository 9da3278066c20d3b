"""Promise: after STOP nothing more is sent, whoever calls again; START lets texts come again."""

from __future__ import annotations

import asyncpg

from tests.journeys.journey import Journey

CARRIER_OPT_OUT_HEARD = """
    select exists (
      select from outbox_events where name = 'delivery.carrier_reported_opt_out.v1'
      and payload->>'recipient_e164' = $1 and dispatched_at is not null
    )
"""


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

    login = await asyncpg.connect(journey.installation.database_url)

    async def carrier_has_told_us_too() -> bool:
        return bool(await login.fetchval(CARRIER_OPT_OUT_HEARD, carol))

    await journey.eventually(carrier_has_told_us_too)
    await login.close()
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
