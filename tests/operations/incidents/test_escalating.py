"""From an alert or a person's word to whoever is on call, up the path, once each."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from frontdesk.kernel import audit
from frontdesk.kernel.upkeep import Severity
from frontdesk.operations.alerts.silencing import silence_alerts
from frontdesk.operations.incidents import on_call, working
from frontdesk.operations.incidents.escalating import Escalated, escalate_once
from frontdesk.operations.incidents.model import Grade, Incident
from frontdesk.operations.incidents.opening import open_incident
from frontdesk.operations.incidents.queries import incidents
from frontdesk.operations.incidents.rota import Turn
from tests.operations.alerts.stage import Ear, Stage, rule
from tests.support.actors import ADA_ACTS, TEST_ACTS

LEVELS = (("Ben", "ben@example.com"), ("Ada", "ada@example.com"), ("Olive", "+12065550101"))


async def put_on_call(stage: Stage) -> None:
    """Put somebody on call at each level."""
    async with stage.system.transaction() as tx:
        for level, (name, address) in enumerate(LEVELS, start=1):
            await on_call.put_person(tx, name=name, addresses=[address], by=TEST_ACTS)
            await on_call.set_rota(
                tx, level=level, names=[name], zone="America/Phoenix", turn=Turn.WEEKLY, handover_hour=9, by=TEST_ACTS
            )


async def open_one(stage: Stage, grade: Grade = Grade.P0, runbook: str = "") -> Incident:
    """Open an incident by hand."""
    async with stage.system.transaction() as tx:
        return await open_incident(tx, title="Nobody is texted", grade=grade, by=ADA_ACTS, runbook=runbook)


async def look(stage: Stage, *, after: float = 0) -> Escalated:
    """Let minutes pass, look after incidents, and tell what is to be told."""
    stage.clock.ahead += timedelta(minutes=after)
    done = await escalate_once(stage.system, stage.watch)
    assert done is not None
    await stage.notifier.notify_once()
    return done


async def known(stage: Stage) -> list[Incident]:
    """List all incidents, newest first."""
    async with stage.system.transaction() as tx:
        return await incidents.list_incidents(tx, only_open=False, before=None, limit=50)


def summaries(ear: Ear) -> list[str]:
    """List what the ear was told of incidents."""
    found = []
    for one in ear.heard:
        alerts = one["alerts"]
        assert isinstance(alerts, list)
        if alerts[0]["labels"]["alertname"] == "Incident":
            found.append(f"{one['status']} {alerts[0]['annotations']['summary']}")
    return found


async def test_an_incident_opened_by_hand_is_told_to_whoever_is_on_call_and_goes_up_until_it_is_taken(
    stage: Stage, ear: Ear
) -> None:
    await put_on_call(stage)
    opened = await open_one(stage)
    assert await look(stage) == Escalated(opened=0, told=1, closed=0)
    assert await look(stage, after=4) == Escalated(opened=0, told=0, closed=0)
    await look(stage, after=1)
    async with stage.system.transaction() as tx:
        await working.acknowledge(tx, number=opened.number, by=ADA_ACTS)
    await look(stage, after=6)
    told = summaries(ear)
    take = f"Take it: frontdesk incident ack {opened.number}"
    assert told == [
        f"firing P0 incident {opened.number}: Nobody is texted (opened). For: L1 Ben ben@example.com. {take}",
        (
            f"firing P0 incident {opened.number}: Nobody is texted (not acknowledged within 5 min). "
            f"For: L1 Ben ben@example.com, L2 Ada ada@example.com. {take}"
        ),
    ]
    await look(stage, after=20)
    assert [one.level for one in await known(stage)] == [3]
    assert "roll back, or say why not" in summaries(ear)[-1]


async def test_the_end_of_an_incident_that_was_told_is_told(stage: Stage, ear: Ear) -> None:
    opened = await open_one(stage)
    await look(stage)
    async with stage.system.transaction() as tx:
        await working.resolve(tx, number=opened.number, words="the carrier answers again", by=ADA_ACTS)
    await look(stage)
    await look(stage)
    assert [one.partition(" ")[0] for one in summaries(ear)] == ["firing", "resolved"]
    assert "the carrier answers again" in summaries(ear)[-1]


async def test_a_critical_alert_that_was_told_opens_one_incident_as_grave_as_its_runbook_says(
    stage: Stage,
) -> None:
    stage.heat.show(20, "harbor")
    await stage.evaluate()
    assert (await look(stage)).opened == 0, "it does not fire yet"
    await stage.run(150)
    assert (await look(stage)).opened == 1
    await stage.run(600)
    assert (await look(stage)).opened == 0
    [incident] = await known(stage)
    assert (incident.title, incident.tenant, incident.alert_group) == ("Hot (harbor)", "harbor", "Hot/harbor")
    assert (incident.runbook, incident.grade) == ("texts-not-going-out", Grade.P1)
    assert incident.began_at < incident.opened_at
    async with stage.system.transaction() as tx:
        entries = await audit.list_entries(tx, tenant_id=None)
    assert [one.action for one in entries if one.action == "incidents.opened"] == ["incidents.opened"]


async def test_where_nobody_is_named_the_alerts_own_notice_is_the_first_level(stage: Stage, ear: Ear) -> None:
    stage.heat.show(20, "harbor")
    await stage.run(180)
    assert (await look(stage)).told == 0
    assert [one.level for one in await known(stage)] == [1]
    await look(stage, after=5)
    assert len(summaries(ear)) == 1
    assert "For: whoever reads this" in summaries(ear)[0]


async def test_a_warning_opens_none(stage: Stage, ear: Ear) -> None:
    stage.use(rule(severity=Severity.WARNING))
    stage.heat.show(20, "harbor")
    await stage.run(300)
    assert (await look(stage)).opened == 0
    assert ear.heard, "people were told of the warning all the same"


async def test_a_silenced_alert_opens_none_until_the_silence_is_over(stage: Stage) -> None:
    async with stage.system.transaction() as tx:
        await silence_alerts(
            tx,
            book=stage.watch.book,
            matchers={"alertname": "Hot"},
            lasting=timedelta(hours=1),
            reason="known",
            by=TEST_ACTS,
        )
    stage.heat.show(20, "harbor")
    await stage.run(300)
    assert (await look(stage)).opened == 0
    stage.clock.ahead += timedelta(hours=1)
    await stage.run(120)
    assert (await look(stage)).opened == 1


async def test_what_nobody_took_is_closed_once_its_alerts_have_been_over_for_a_quarter_of_an_hour(
    stage: Stage,
) -> None:
    stage.heat.show(20, "harbor")
    await stage.run(180)
    await look(stage)
    stage.heat.samples = []
    await stage.run(600)
    assert (await look(stage)).closed == 0
    assert (await look(stage, after=16)).closed == 1
    [incident] = await known(stage)
    assert incident.state == "resolved"
    assert "ended by themselves" in incident.resolution
    assert incident.postmortem_due_at is None, "no page to write for what mended itself, short of a P0"
    stage.heat.show(20, "harbor")
    await stage.run(900)
    assert (await look(stage)).opened == 1, "it begins anew, so that is another incident"


async def test_what_somebody_took_is_for_them_to_end_and_ending_it_while_the_alert_fires_opens_no_other(
    stage: Stage,
) -> None:
    stage.heat.show(20, "harbor")
    await stage.run(180)
    await look(stage)
    [incident] = await known(stage)
    async with stage.system.transaction() as tx:
        await working.acknowledge(tx, number=incident.number, by=ADA_ACTS)
    stage.heat.samples = []
    await stage.run(600)
    assert (await look(stage, after=60)).closed == 0
    stage.heat.show(20, "harbor")
    await stage.run(900)
    assert (await look(stage)).opened == 0, "it is the same incident as long as nobody has ended it"
    async with stage.system.transaction() as tx:
        await working.resolve(tx, number=incident.number, words="known and harmless", by=ADA_ACTS)
    await stage.run(60)
    assert (await look(stage)).opened == 0


async def test_two_workers_at_once_open_and_tell_once(stage: Stage) -> None:
    stage.heat.show(20, "harbor")
    await stage.run(180)
    await put_on_call(stage)
    done = [one for one in await asyncio.gather(*(escalate_once(stage.system, stage.watch) for _ in range(4))) if one]
    assert sum(one.opened for one in done) == 1
    assert sum(one.told for one in done) == 1
    assert len(await known(stage)) == 1


async def test_an_incident_that_somebody_changes_this_moment_holds_nothing_up(stage: Stage) -> None:
    opened = await open_one(stage)
    other = await open_one(stage)
    async with stage.system.transaction() as tx:
        await incidents.lock_incident(tx, number=opened.number)
        done = await escalate_once(stage.system, stage.watch)
    assert done == Escalated(opened=0, told=1, closed=0)
    assert [(one.number, one.level) for one in await known(stage)] == [(other.number, 1), (opened.number, 0)]


async def test_two_repairs_that_failed_in_a_row_are_told_to_the_second_level(stage: Stage, ear: Ear) -> None:
    await put_on_call(stage)
    await open_one(stage, Grade.P2, runbook="outbox-stuck")
    await look(stage)
    for turn in range(2):
        assert [one.level for one in await known(stage)] == [1]
        async with stage.system.transaction() as tx:
            await tx.execute(
                "insert into runbook_runs (id, slug, digest, state, reason, started_by, started_at, finished_at)"
                " values (gen_random_uuid(), 'outbox-stuck', '', 'unresolved', 'x', 'x', $1, $1)",
                tx.now + timedelta(seconds=turn),
            )
        await look(stage)
    assert [one.level for one in await known(stage)] == [2]
    assert "two repairs in a row have failed" in summaries(ear)[-1]


async def test_a_notice_of_an_incident_changes_nothing_that_alerts_know(stage: Stage, ear: Ear) -> None:
    await open_one(stage)
    await look(stage)
    await stage.run(600)
    assert len(ear.heard) == 1, "the evaluation of alerts neither repeats nor ends it"
