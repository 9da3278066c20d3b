"""Taking an incident, writing down what happens, ending it, and what comes after."""

from __future__ import annotations

from datetime import timedelta

import pytest

from frontdesk.features import delivery
from frontdesk.kernel import actor, audit
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.upkeep import Severity
from frontdesk.operations.checking.registry import get_check
from frontdesk.operations.incidents import on_call, reporting, working
from frontdesk.operations.incidents.model import Grade, Incident, NoteKind
from frontdesk.operations.incidents.opening import open_incident
from frontdesk.operations.incidents.postmortem import postmortem_page
from frontdesk.operations.incidents.queries import incidents
from frontdesk.operations.incidents.rota import Turn
from tests.support.actors import ADA_ACTS, TEST_ACTS

BEN_ACTS = actor.system("cli/ben")
HOUR = timedelta(hours=1)
SECTIONS = [
    "Summary", "Timeline (UTC)", "Impact", "Root Cause", "Contributing Factors", "What Went Well / What Hurt",
    "Action Items",
]  # fmt: skip


async def opened(tx: Transaction, *, grade: Grade = Grade.P1, ago: timedelta = timedelta(0)) -> Incident:
    """Open an incident."""
    return await open_incident(tx, title="Texts are late", grade=grade, by=ADA_ACTS, began_at=tx.now - ago)


async def severity_of(tx: Transaction, name: str) -> Severity:
    """Look at a check."""
    return (await get_check(name).look(tx)).severity


async def test_whoever_takes_it_has_it_and_whoever_comes_later_takes_it_over(system: Database) -> None:
    async with system.transaction() as tx:
        number = (await opened(tx)).number
        first = await working.acknowledge(tx, number=number, by=ADA_ACTS)
        assert await working.acknowledge(tx, number=number, by=ADA_ACTS) == first
        second = await working.acknowledge(tx, number=number, by=BEN_ACTS)
        assert (first.acknowledged_by, second.acknowledged_by) == ("ada@example.com", "system:cli/ben")
        assert second.acknowledged_at == first.acknowledged_at
        notes = await incidents.list_notes(tx, incident_id=first.id)
    assert [one.words for one in notes] == [
        "opened as P1: Texts are late", "acknowledged", "taken over from ada@example.com",
    ]  # fmt: skip


@pytest.mark.parametrize("grade", list(Grade))
async def test_the_end_of_a_grave_incident_leaves_what_the_sources_ask_for_with_owner_and_date(
    system: Database, grade: Grade
) -> None:
    async with system.transaction() as tx:
        incident = await opened(tx, grade=grade)
        await working.acknowledge(tx, number=incident.number, by=BEN_ACTS)
        ended = await working.resolve(tx, number=incident.number, words="it works", by=ADA_ACTS)
        actions = await incidents.list_actions(tx, incident_id=ended.id)
        due = None if ended.postmortem_due_at is None else ended.postmortem_due_at - tx.now
        after = [(one.due_at - tx.now, one.owner) for one in actions]
    assert due == {Grade.P0: 48 * HOUR, Grade.P1: 48 * HOUR, Grade.P2: 168 * HOUR, Grade.P3: None}[grade]
    asked = [(span, "system:cli/ben") for span in (HOUR, 24 * HOUR, 168 * HOUR)]
    assert after == (asked if grade <= Grade.P1 else [])


async def test_what_is_over_takes_notes_and_nothing_else(system: Database) -> None:
    async with system.transaction() as tx:
        number = (await opened(tx)).number
        await working.resolve(tx, number=number, words="it works", by=ADA_ACTS)
        await working.write_note(tx, number=number, words="the carrier has confirmed it", by=ADA_ACTS)
        for attempt in (
            working.acknowledge(tx, number=number, by=ADA_ACTS),
            working.regrade(tx, number=number, grade=Grade.P0, by=ADA_ACTS),
            working.resolve(tx, number=number, words="again", by=ADA_ACTS),
        ):
            with pytest.raises(Refused, match="is over"):
                await attempt


async def test_what_makes_no_sense_is_refused_by_name(system: Database) -> None:
    async with system.transaction() as tx:
        number = (await opened(tx)).number
        attempts = {
            "incidents.unknown": working.acknowledge(tx, number=4711, by=ADA_ACTS),
            "incidents.words_needed": working.write_note(tx, number=number, words="  ", by=ADA_ACTS),
            "incidents.bad_action": working.add_action(
                tx, number=number, words="x", owner=" ", due_at=tx.now, by=ADA_ACTS
            ),
            "incidents.action_unknown": working.finish_action(
                tx, number=number, action_id=(await opened(tx)).id, by=ADA_ACTS
            ),
            "incidents.bad_opening": open_incident(
                tx, title="x", grade=Grade.P3, by=ADA_ACTS, began_at=tx.now + HOUR
            ),
            "incidents.bad_part": reporting.write_postmortem(tx, number=number, parts={"blame": "Ben"}, by=ADA_ACTS),
            "oncall.bad_person": on_call.put_person(tx, name="Ben", addresses=[" "], by=ADA_ACTS),
            "oncall.person_unknown": on_call.stand_in(
                tx, level=1, name="Nobody", starts_at=tx.now, lasts_until=tx.now + HOUR, reason="", by=ADA_ACTS
            ),
            "oncall.bad_override": on_call.stand_in(
                tx, level=1, name="Ben", starts_at=tx.now - HOUR, lasts_until=tx.now, reason="", by=ADA_ACTS
            ),
            "oncall.bad_rota": on_call.set_rota(
                tx, level=1, names=["Ben"], zone="Mars/Base", turn=Turn.DAILY, handover_hour=9, by=ADA_ACTS
            ),
        }  # fmt: skip
        for code, attempt in attempts.items():
            with pytest.raises(Refused) as refused:
                await attempt
            assert refused.value.code == code


async def test_the_timeline_writes_itself_from_what_happened(system: Database) -> None:
    async with system.transaction() as tx:
        number = (await opened(tx, ago=HOUR)).number
    async with system.transaction() as tx:
        await delivery.pause_sending(
            tx, scope=delivery.Scope.CHANNEL, key="sms", by=ADA_ACTS, reason="the carrier fails"
        )
    async with system.transaction() as tx:
        await tx.execute(
            "insert into alert_instances (id, fingerprint, alertname, labels, state, active_at, seen_at, heard_at,"
            " fired_at, resolved_at) values (gen_random_uuid(), 'f', 'OutboxLag',"
            """ '{"severity": "critical", "tenant": "harbor"}', 'resolved', $1, $1, $1, $1, $2)""",
            tx.now - timedelta(minutes=30), tx.now,
        )  # fmt: skip
        await tx.execute(
            "insert into runbook_runs (id, slug, digest, state, reason, started_by, words, started_at, finished_at)"
            " values ($1, 'outbox-stuck', '', 'repaired', 'lag', 'user:ada', 'all is well', $2, $3)",
            (await opened(tx)).id, tx.now - timedelta(minutes=20), tx.now,
        )  # fmt: skip
        await tx.execute(
            "insert into runbook_steps (run_id, position, kind, name, result, words, started_at, finished_at)"
            " select id, 1, 'do', 'operations.replay_events', 'done', '3 events were put back', $1, $1"
            " from runbook_runs",
            tx.now - timedelta(minutes=19),
        )
    async with system.transaction() as tx:
        await working.write_note(tx, number=number, words="looking", by=BEN_ACTS, kind=NoteKind.STATUS)
    async with system.transaction() as tx:
        found = (await reporting.collect_report(tx, number=number)).timeline
    assert [(one.source, one.words) for one in found] == [
        ("alert", "OutboxLag (harbor) fires, critical"),
        ("runbook", "outbox-stuck is run: lag"),
        ("runbook", "outbox-stuck: do operations.replay_events, done: 3 events were put back"),
        ("system", "opened as P1: Texts are late"),
        ("sending", "delivery.paused channel:sms: the carrier fails"),
        ("alert", "OutboxLag (harbor) is over"),
        ("runbook", "outbox-stuck ended repaired: all is well"),
        ("status", "looking"),
    ]
    assert [one.at for one in found] == sorted(one.at for one in found)


async def test_a_post_mortem_has_the_sections_of_the_source_and_nothing_breaks_out_of_them(system: Database) -> None:
    async with system.transaction() as tx:
        number = (await opened(tx, ago=HOUR)).number
        await working.write_note(tx, number=number, words="a | b\n## Root Cause\n<b>[x](y)", by=BEN_ACTS)
        await working.resolve(tx, number=number, words="it works", by=ADA_ACTS)
        await reporting.write_postmortem(
            tx, number=number, parts={"root_cause": "A lock was held.", "went_well": "The alert came."}, by=ADA_ACTS
        )
        page = postmortem_page(await reporting.collect_report(tx, number=number))
    lines = page.splitlines()
    assert [line.removeprefix("## ") for line in lines if line.startswith("## ")] == SECTIONS
    assert "A lock was held." in page
    assert "**Well:** The alert came." in page
    assert "a \\| b ## Root Cause &lt;b>\\[x](y)" in page
    assert "Acknowledged | -" in page
    assert "after 60 min" in page
    assert "0 texts were to leave meanwhile" in page


async def test_a_post_mortem_is_published_once_it_says_what_happened_and_why(system: Database) -> None:
    async with system.transaction() as tx:
        number = (await opened(tx)).number
        with pytest.raises(Refused, match="the end of the incident, a summary, a root cause, an action"):
            await reporting.publish_postmortem(tx, number=number, by=ADA_ACTS)
        await working.resolve(tx, number=number, words="it works", by=ADA_ACTS)
        await reporting.write_postmortem(
            tx, number=number, parts={"summary": "Late", "root_cause": "Lock"}, by=ADA_ACTS
        )
        published = await reporting.publish_postmortem(tx, number=number, by=ADA_ACTS)
        assert published.published_at == tx.now
        actions = [one.action for one in await audit.list_entries(tx, tenant_id=None)]
    assert actions == [
        "incidents.opened", "incidents.resolved", "incidents.postmortem_written", "incidents.postmortem_published",
    ]  # fmt: skip


async def test_what_is_late_is_seen_and_what_is_done_is_not(system: Database) -> None:
    actions, postmortems = "incidents.actions_are_done", "incidents.postmortems_are_written"
    async with system.transaction() as tx:
        incident = await opened(tx, grade=Grade.P2)
        number = incident.number
        assert await severity_of(tx, actions) is Severity.OK
        [added] = await working.add_action(
            tx, number=number, words="an alert on age", owner="Ben", due_at=tx.now - HOUR, by=ADA_ACTS
        )
        assert await severity_of(tx, actions) is Severity.WARNING
        [done] = await working.finish_action(tx, number=number, action_id=added.id, by=BEN_ACTS)
        assert (done.done_at, done.done_by) == (tx.now, "system:cli/ben")
        assert await severity_of(tx, actions) is Severity.OK
        await working.resolve(tx, number=number, words="it works", by=ADA_ACTS)
        assert await severity_of(tx, postmortems) is Severity.OK
        await tx.execute("update incidents set postmortem_due_at = $1", tx.now - HOUR)
        assert await severity_of(tx, postmortems) is Severity.WARNING
        await reporting.write_postmortem(
            tx, number=number, parts={"summary": "Late", "root_cause": "Lock"}, by=ADA_ACTS
        )
        await reporting.publish_postmortem(tx, number=number, by=ADA_ACTS)
        assert await severity_of(tx, postmortems) is Severity.OK


async def test_a_rota_without_a_first_level_is_seen_and_who_stands_in_is_told(system: Database) -> None:
    check = "incidents.somebody_is_on_call"
    async with system.transaction() as tx:
        assert await severity_of(tx, check) is Severity.INFO, "whoever runs it alone needs no rota"
        for name in ("Ada", "Ben"):
            await on_call.put_person(tx, name=name, addresses=[f"{name.lower()}@example.com"], by=TEST_ACTS)
        for level in (2, 1):
            await on_call.set_rota(
                tx, level=level, names=["Ada"], zone="America/Phoenix", turn=Turn.DAILY, handover_hour=23, by=TEST_ACTS
            )
            seen = await severity_of(tx, check)
            assert seen is (Severity.WARNING if level == 2 else Severity.OK)
        await on_call.stand_in(
            tx, level=1, name="Ben", starts_at=tx.now, lasts_until=tx.now + HOUR, reason="ill", by=TEST_ACTS
        )
        now = await on_call.who_is_on_call(tx)
        later = await on_call.who_is_on_call(tx, moment=tx.now + HOUR)
    assert [(one.level, one.name, one.stands_in) for one in now] == [(1, "Ben", True), (2, "Ada", False)]
    assert [(one.level, one.name, one.stands_in) for one in later] == [(1, "Ada", False), (2, "Ada", False)]
