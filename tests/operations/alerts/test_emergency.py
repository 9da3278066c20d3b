"""A database that is away is told of from memory: once per outage, and that it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from frontdesk.kernel.db import UNAVAILABLE
from frontdesk.operations.alerts.emergency import Emergency
from frontdesk.operations.alerts.evaluating import evaluate_once
from frontdesk.operations.alerts.rulebook import our_rules
from frontdesk.providers.alert_webhook import AlertWebhook
from frontdesk.providers.http import HttpClient
from tests.operations.alerts.stage import Ear, Stage
from tests.support.office import TravelClock


def emergency(ear: Ear, http: HttpClient, clock: TravelClock) -> Emergency:
    """Make what a worker remembers."""
    sink = AlertWebhook(f"{ear.url}/alerts", http)
    return Emergency(book=our_rules(), sinks={"webhook": sink}, clock=clock, base_url="https://desk.example.com")


async def test_an_outage_is_told_once_when_it_lasts_and_once_when_it_is_over(ear: Ear, http: HttpClient) -> None:
    clock = TravelClock()
    memory = emergency(ear, http, clock)
    await memory.database_is_away()
    clock.ahead += timedelta(seconds=29)
    await memory.database_is_away()
    assert not ear.heard, "it may be back at once"
    for _ in range(5):
        clock.ahead += timedelta(seconds=5)
        await memory.database_is_away()
    assert [one["status"] for one in ear.heard] == ["firing"]
    lasted = await memory.database_is_back()
    assert lasted is not None
    assert lasted >= timedelta(seconds=54)
    assert await memory.database_is_back() is None
    assert [one["status"] for one in ear.heard] == ["firing", "resolved"]


async def test_a_short_outage_is_told_to_nobody(ear: Ear, http: HttpClient) -> None:
    memory = emergency(ear, http, TravelClock())
    await memory.database_is_away()
    await memory.database_is_back()
    assert not ear.heard


async def test_a_sink_that_is_away_too_is_told_when_it_is_back(ear: Ear, http: HttpClient) -> None:
    clock = TravelClock()
    memory = emergency(ear, http, clock)
    ear.status = 503
    for _ in range(4):
        await memory.database_is_away()
        clock.ahead += timedelta(seconds=20)
    ear.status = 200
    await memory.database_is_away()
    await memory.database_is_away()
    assert [one["status"] for one in ear.heard] == ["firing"]
    ear.status = 503
    await memory.database_is_back()
    ear.status = 200
    await memory.database_is_back()
    assert [one["status"] for one in ear.heard] == ["firing", "resolved"]


async def test_alerts_are_not_evaluated_without_a_database_and_nothing_ends_for_it(stage: Stage) -> None:
    stage.use(*stage.watch.book.rules)
    stage.heat.show(20, "harbor")
    await stage.run(180)
    await stage.system.close()
    with pytest.raises(UNAVAILABLE):
        await evaluate_once(stage.system, stage.watch)
