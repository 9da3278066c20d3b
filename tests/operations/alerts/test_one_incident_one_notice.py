"""From a reading to whoever is told: once per incident, whatever happens in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from frontdesk.kernel.upkeep import Sample, Severity
from frontdesk.operations.alerts.evaluating import evaluate_once
from frontdesk.operations.alerts.model import Inhibition
from frontdesk.operations.alerts.notifying import Notifier
from frontdesk.operations.alerts.queries import figures, notices
from frontdesk.operations.alerts.rulebook import our_rules
from frontdesk.operations.alerts.silencing import silence_alerts
from frontdesk.providers.alert_webhook import AlertWebhook, DeadMansSwitch
from frontdesk.providers.http import HttpClient
from tests.operations.alerts.stage import Ear, Stage, rule
from tests.support.actors import TEST_ACTS

LEASE = timedelta(seconds=60)


def statuses(ear: Ear) -> list[object]:
    """List what the ear heard: firing or resolved."""
    return [one["status"] for one in ear.heard]


async def test_an_incident_is_told_once_when_it_begins_and_once_when_it_ends(stage: Stage, ear: Ear) -> None:
    stage.heat.show(20, "harbor")
    await stage.run(180)
    assert statuses(ear) == ["firing"]
    assert ear.heard[0]["groupKey"] == '{}:{alertname="Hot", tenant="harbor"}'
    stage.heat.samples = []
    await stage.run(600)
    assert statuses(ear) == ["firing", "resolved"]
    assert await stage.states() == [("Hot", "resolved")]


async def test_a_metric_that_flaps_is_one_notice(stage: Stage, ear: Ear) -> None:
    stage.use(rule(lasting=timedelta(0), keep_firing=timedelta(minutes=5)))
    for turn in range(80):
        stage.heat.samples = [Sample(20 if turn % 2 else 0, ("harbor",))]
        await stage.run(15)
    assert statuses(ear) == ["firing"]


async def test_a_metric_that_flaps_faster_than_it_must_hold_is_none(stage: Stage, ear: Ear) -> None:
    for turn in range(40):
        stage.heat.samples = [Sample(20 if turn % 4 else 0, ("harbor",))]
        await stage.run(15)
    assert not ear.heard


async def test_a_sink_that_is_down_hears_of_the_incident_once_when_it_is_back(stage: Stage, ear: Ear) -> None:
    ear.status = 503
    stage.heat.show(20, "harbor")
    await stage.run(900)
    assert not ear.heard
    assert ear.refused > 3
    ear.status = 200
    await stage.run(400)
    assert statuses(ear) == ["firing"]


async def test_what_ended_while_a_sink_was_down_is_told_as_one_notice_that_it_is_over(stage: Stage, ear: Ear) -> None:
    ear.status = 500
    stage.heat.show(20, "harbor")
    await stage.run(180)
    stage.heat.samples = []
    await stage.run(600)
    ear.status = 200
    await stage.run(400)
    assert statuses(ear) == ["resolved"]


async def test_a_sink_that_asks_for_patience_gets_it(stage: Stage, ear: Ear) -> None:
    ear.status, ear.headers = 429, {"Retry-After": "120"}
    stage.heat.show(20, "harbor")
    await stage.run(120)
    assert ear.refused == 1
    await stage.run(60)
    assert ear.refused == 1
    ear.status = 200
    await stage.run(120)
    assert (ear.refused, statuses(ear)) == (1, ["firing"])


async def test_businesses_are_told_apart_and_alerts_of_one_together(stage: Stage, ear: Ear) -> None:
    stage.heat.samples = [Sample(20, ("harbor",)), Sample(30, ("mesa",))]
    await stage.run(180)
    assert sorted(str(one["groupKey"]) for one in ear.heard) == [
        '{}:{alertname="Hot", tenant="harbor"}',
        '{}:{alertname="Hot", tenant="mesa"}',
    ]


async def test_an_alert_that_goes_on_is_told_again_after_four_hours(stage: Stage, ear: Ear) -> None:
    stage.heat.show(20, "harbor")
    await stage.run(120)
    for _ in range(5):
        await stage.run(240, step=240)
    assert statuses(ear) == ["firing"]
    stage.clock.ahead += timedelta(hours=4)
    await stage.run(30)
    assert statuses(ear) == ["firing", "firing"]


async def test_two_workers_at_once_tell_once(stage: Stage, ear: Ear, http: HttpClient) -> None:
    stage.use(rule(lasting=timedelta(0)))
    stage.heat.show(20, "harbor")
    other = Notifier(
        system=stage.system, sinks={"webhook": AlertWebhook(f"{ear.url}/alerts", http)}, process_id=uuid4()
    )
    for _ in range(12):
        stage.clock.ahead += timedelta(seconds=15)
        done = await asyncio.gather(*(evaluate_once(stage.system, stage.watch) for _ in range(4)))
        assert len([one for one in done if one is not None]) == 1
        await asyncio.gather(*(one.notify_once() for one in (stage.notifier, other, stage.notifier, other)))
    assert statuses(ear) == ["firing"]


async def test_a_notice_is_written_down_before_anybody_is_told(stage: Stage, ear: Ear) -> None:
    stage.use(rule(lasting=timedelta(0)))
    stage.heat.show(20, "harbor")
    for _ in range(3):
        await stage.evaluate()
    async with stage.system.transaction() as tx:
        [known] = await notices.list_recent(tx, limit=10)
    assert (known.status, known.sink, known.attempts) == ("pending", "webhook", 0)
    assert not ear.heard


async def test_a_notice_whose_teller_died_is_told_by_another(stage: Stage, ear: Ear) -> None:
    stage.use(rule(lasting=timedelta(0)))
    stage.heat.show(20, "harbor")
    for _ in range(3):
        await stage.evaluate()
    async with stage.system.transaction() as tx:
        [claimed] = await notices.claim_due(tx, owner=uuid4(), sinks=["webhook"], limit=5, lease=LEASE)
    await stage.run(45)
    assert not ear.heard, "the lease of the dead one has not run out"
    await stage.run(30)
    assert statuses(ear) == ["firing"]
    async with stage.system.transaction() as tx:
        assert not await notices.settle_sent(tx, claimed), "whoever comes back late changes nothing"


async def test_a_silenced_alert_fires_and_nobody_is_told(stage: Stage, ear: Ear) -> None:
    async with stage.system.transaction() as tx:
        await silence_alerts(
            tx, book=stage.watch.book, matchers={"alertname": "Hot"}, lasting=timedelta(hours=1), reason="known",
            by=TEST_ACTS,
        )  # fmt: skip
    stage.heat.show(20, "harbor")
    await stage.run(600)
    assert await stage.states() == [("Hot", "firing")]
    assert not ear.heard
    stage.clock.ahead += timedelta(hours=1)
    await stage.run(120)
    assert statuses(ear) == ["firing"]


async def test_a_cause_is_told_and_its_symptoms_are_not(stage: Stage, ear: Ear) -> None:
    stage.use(rule("Fire", reading="crowd"), rule("Hot"), inhibitions=(Inhibition(source="Fire", targets=("*",)),))
    stage.heat.show(20, "harbor")
    stage.dials["crowd"].show(99, "harbor")
    await stage.run(600)
    assert [one["groupLabels"] for one in ear.heard] == [{"alertname": "Fire", "tenant": "harbor"}]


async def test_a_mild_alert_reaches_only_those_who_want_to_hear_of_it(stage: Stage, ear: Ear) -> None:
    stage.use(rule(severity=Severity.INFO), routes={"webhook": Severity.WARNING})
    stage.heat.show(20, "harbor")
    await stage.run(300)
    assert not ear.heard


async def test_a_broken_reading_blinds_its_own_rules_alone_and_is_noted(stage: Stage, ear: Ear) -> None:
    stage.use(rule(), rule("Crowded", reading="crowd"))
    stage.heat.broken = True
    stage.dials["crowd"].show(99, "harbor")
    seen = await stage.run(300)
    assert seen[-1].failed == ("heat",)
    assert [one["groupLabels"] for one in ear.heard] == [{"alertname": "Crowded", "tenant": "harbor"}]
    async with stage.system.transaction() as tx:
        assert await figures.list_failed_readings(tx) == ["heat"]
    stage.heat.broken = False
    await stage.run(15)
    async with stage.system.transaction() as tx:
        assert await figures.list_failed_readings(tx) == []


async def test_an_alert_whose_rule_is_gone_ends(stage: Stage, ear: Ear) -> None:
    stage.heat.show(20, "harbor")
    await stage.run(180)
    stage.use(rule("Other"))
    await stage.run(600)
    assert [(one["groupLabels"], one["status"]) for one in ear.heard] == [
        ({"alertname": "Hot", "tenant": "harbor"}, "firing"),
        ({"alertname": "Other", "tenant": "harbor"}, "firing"),
        ({"alertname": "Hot", "tenant": "harbor"}, "resolved"),
    ]


@pytest.mark.parametrize("set_up", [False, True])
async def test_that_nobody_is_told_is_known(stage: Stage, ear: Ear, *, set_up: bool) -> None:
    """With no sink at all, and with one that takes nothing."""
    if set_up:
        ear.status = 500
    else:
        stage.watch = type(stage.watch)(
            book=stage.watch.book, readings=stage.watch.readings, sinks=(), base_url=stage.watch.base_url
        )
    stage.heat.show(20, "harbor")
    await stage.run(300)
    assert await untold(stage) == 0, "five minutes have not passed since it was to be told"
    await stage.run(150)
    assert await untold(stage) == 1
    if set_up:
        ear.status = 200
        await stage.run(300)
        assert await untold(stage) == 0


async def untold(stage: Stage) -> float:
    """Count groups that nobody was told of."""
    async with stage.system.transaction() as tx:
        return await figures.measure_untold(tx, after=timedelta(minutes=5), except_for=[])


async def test_the_dead_mans_switch_hears_us_each_minute_and_only_while_alerts_are_evaluated(
    stage: Stage, ear: Ear, http: HttpClient
) -> None:
    notifier = Notifier(
        system=stage.system, sinks={}, process_id=uuid4(), dead_man=DeadMansSwitch(f"{ear.url}/ping", http)
    )
    assert not await notifier.beat(), "nobody has evaluated anything yet"
    for _ in range(16):
        await stage.evaluate()
        await notifier.beat()
    assert len(ear.heard) == 4
    stage.clock.ahead += timedelta(minutes=5)
    assert not await notifier.beat()
    assert len(ear.heard) == 4


def test_the_times_are_those_of_alertmanager() -> None:
    timing = our_rules().timing
    assert (timing.group_wait, timing.group_interval) == (timedelta(seconds=30), timedelta(minutes=5))
    assert (timing.repeat_interval, timing.resolve_timeout) == (timedelta(hours=4), timedelta(minutes=5))
