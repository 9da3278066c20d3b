"""A kill switch stops campaigns within a second, and what waited leaves afterwards by law and at its pace."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from frontdesk.features import delivery
from frontdesk.features.delivery import Scope
from tests.faults.bulk import (
    ask,
    ask_answers,
    go_to,
    marketing_lane,
    open_bulk,
    people_texted,
    posts,
    send_some,
    states,
    value_as_int,
)
from tests.support.actors import ADA_ACTS
from tests.support.marketing import phones
from tests.support.office import CAROL, Office

PACIFIC = ZoneInfo("America/Los_Angeles")
PACE = 2  # texts a second
SWITCHES = (Scope.CAMPAIGN, Scope.TENANT, Scope.CHANNEL, Scope.GLOBAL)


def key_of(office: Office, scope: Scope, campaign_id: UUID) -> str:
    """Name the switch of a scope that stops Ada's campaign."""
    keys = {Scope.CAMPAIGN: str(campaign_id), Scope.TENANT: str(office.ada.id), Scope.CHANNEL: "sms"}
    return keys.get(scope, "all")


async def pause(office: Office, scope: Scope, key: str) -> None:
    """Pull a switch."""
    async with office.parts.switches.transaction(office.ada.id) as tx:
        await delivery.pause_sending(tx, scope=scope, key=key, by=ADA_ACTS, reason="test")


async def resume(office: Office, scope: Scope, key: str) -> None:
    """Release a switch."""
    async with office.parts.switches.transaction(office.ada.id) as tx:
        assert await delivery.resume_sending(tx, scope=scope, key=key, by=ADA_ACTS)


@pytest.mark.parametrize("scope", SWITCHES)
async def test_a_switch_pulled_in_the_middle_of_a_campaign_lets_no_further_text_start(
    scope: Scope, database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        campaign = await ask(office, phones(400))
        key = key_of(office, scope, campaign)
        lanes = [marketing_lane(office) for _ in range(4)]

        async def burst(lane: delivery.MarketingDispatch) -> None:
            for _ in range(100):
                await lane.dispatch_once()
                office.clock.ahead += timedelta(milliseconds=5)
                await asyncio.sleep(0)

        sending = asyncio.gather(*(burst(lane) for lane in lanes))
        await office.twin.wait_for_text(status="queued", count=20)
        await pause(office, scope, key)
        await sending
        await office.parts.courier.idle()
        stopped_at = len(await posts(office))
        assert 20 <= stopped_at < 400
        await send_some(office, turns=5)
        assert len(await posts(office)) == stopped_at
        async with office.parts.switches.transaction(office.ada.id) as tx:
            proof = await delivery.prove_stop(tx, scope=scope, key=key)
        assert proof.paused_at is not None
        assert proof.last_started_at is not None
        assert proof.last_started_at - proof.paused_at < timedelta(seconds=1)
        assert (proof.in_flight, proof.queued) == (0, 400 - stopped_at)
        await resume(office, scope, key)
        await send_some(office, turns=60)
        assert await people_texted(office) == Counter(phones(400))


async def test_after_a_pause_of_eight_hours_nothing_leaves_by_night_and_the_rest_leaves_at_its_pace(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home, pace=PACE) as office:
        go_to(office, datetime(2026, 12, 1, 20, 0, tzinfo=UTC))  # noon in Seattle
        people = phones(60)
        await ask(office, people)
        await office.missed_call(caller=CAROL)
        await office.parts.courier.idle()
        assert await office.posts_to(CAROL) == 1
        await send_some(office, turns=5)
        before = len(await posts(office))
        await pause(office, Scope.TENANT, str(office.ada.id))
        await office.missed_call(sid="CA" + "2" * 32, caller="+12065550188")
        await ask_answers(office, ["+12065550177"], useful_for=timedelta(hours=4))
        office.clock.ahead += timedelta(hours=8, minutes=5)  # 20:05 in Seattle: the law's evening
        await resume(office, Scope.TENANT, str(office.ada.id))
        await send_some(office, turns=30)
        await office.settle()
        assert len(await posts(office)) == before
        found = await states(office)
        assert found["dropped", "delivery.too_late"] == 2, "the reply to a call and the answer have grown old"
        assert found["queued", "law.quiet_hours"] > 0
        go_to(office, datetime(2026, 12, 2, 17, 0, tzinfo=UTC))  # 9:00 in Seattle
        await leaves_at_its_pace(office, turns=60)
        assert {number for number in await people_texted(office) if number in people} == set(people)
        assert set((await people_texted(office)).values()) == {1}


async def leaves_at_its_pace(office: Office, *, turns: int) -> None:
    """Dispatch second by second: no second may see more texts than the number's pace allows."""
    lane = marketing_lane(office)
    for _ in range(turns):
        already = len(await posts(office))
        await lane.dispatch_once()
        await office.parts.courier.idle()
        assert len(await posts(office)) - already <= PACE
        office.clock.ahead += timedelta(seconds=1)


async def test_a_pause_beyond_the_end_of_their_use_drops_texts_with_the_reason(database_url: str, home: Path) -> None:
    async with open_bulk(database_url, home) as office:
        await ask(office, phones(20), useful_until=office.clock.now() + timedelta(hours=3))
        await pause(office, Scope.GLOBAL, "all")
        office.clock.ahead += timedelta(hours=4)
        await send_some(office, turns=2)
        assert await states(office) == {("queued", ""): 20}, "a pause touches nothing"
        await resume(office, Scope.GLOBAL, "all")
        await send_some(office, turns=20)
        assert await states(office) == {("dropped", "delivery.too_late"): 20}
        assert await posts(office) == []
        assert await value_as_int(office, "select count(*) from send_decisions where verdict = 'drop'") == 20
