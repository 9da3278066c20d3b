"""Looking after incidents by the clock: opened by alerts, told up the path, closed when nobody needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from frontdesk.kernel import actor, audit
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.telemetry import get_logger
from frontdesk.operations.alerts.evaluating import Watch
from frontdesk.operations.incidents import working
from frontdesk.operations.incidents.model import AskToDecide, Grade, Incident, NoteKind, Step, Tell, steps_due
from frontdesk.operations.incidents.on_call import OnCall, who_is_on_call
from frontdesk.operations.incidents.opening import open_for_alert
from frontdesk.operations.incidents.queries import alarms, incidents
from frontdesk.operations.incidents.telling import tell
from frontdesk.operations.runbooks.reading import library

BY = actor.system("incidents")
SETTLED_AFTER = timedelta(minutes=15)

log = get_logger("incidents")


@dataclass(frozen=True, slots=True)
class Escalated:
    """What one look at all incidents did: how many were opened and closed, and how many notices were written."""

    opened: int
    told: int
    closed: int


async def escalate_once(system: Database, watch: Watch) -> Escalated | None:
    """Look after every incident once; None while another process does so this moment.

    Opens one for each group of critical alerts that people were told of, tells whoever is next on call where a clock of
    the sources has run out, asks for the decision to roll back, and closes what nobody took and what ended by itself.
    """
    async with system.transaction() as tx:
        if not await alarms.take_turn(tx):
            return None
        on_call = await who_is_on_call(tx)
        # Rows before the audit log's chain, as everybody else: whoever waits for one never holds the other.
        free = {one.number: one for one in await incidents.lock_open(tx)}
        closed = await _close_settled(tx, free)
        opened = await open_for_alerts(tx, watch, on_call=on_call)
        told = 0
        for incident in await incidents.lock_open(tx):
            failed = await alarms.count_failed_repairs(tx, incident)
            told += await _take_steps(
                tx, watch, incident, on_call, steps_due(incident, now=tx.now, failed_repairs=failed)
            )
        told += await _tell_of_ends(tx, watch)
    return Escalated(opened, told, closed)


async def open_for_alerts(tx: Transaction, watch: Watch, *, on_call: list[OnCall]) -> int:
    """Open an incident for each group of critical alerts that fires, that people were told of and that has none.

    It is as grave as the alert's runbook says, P1 if that says nothing. Where nobody is named for the first level, the
    alert's own notice has told everybody, so that nobody hears the same twice.
    """
    named = any(one.level == 1 for one in on_call)
    opened = 0
    for alarm in await alarms.list_alarming(tx):
        rule = watch.book.find(alarm.alertname)
        slug = "" if rule is None else rule.runbook
        page = library().get(slug)
        incident = await open_for_alert(
            tx,
            group_key=alarm.key,
            title=f"{alarm.alertname} ({alarm.tenant})" if alarm.tenant else alarm.alertname,
            grade=Grade.P1 if page is None else Grade[page.severity],
            tenant=alarm.tenant,
            runbook="" if page is None else slug,
            began_at=alarm.began_at,
            by=BY,
            told=not named,
        )
        opened += incident is not None
    return opened


async def _close_settled(tx: Transaction, free: Mapping[int, Incident]) -> int:
    """Close what ended by itself before anybody took it; only what was as grave as P0 is written up all the same."""
    settled = [free[number] for number in await alarms.list_ended(tx, for_longer_than=SETTLED_AFTER) if number in free]
    for one in settled:
        words = "its alerts ended by themselves; nobody had taken it"
        await working.resolve(tx, number=one.number, words=words, by=BY, review=one.grade is Grade.P0)
    return len(settled)


async def _take_steps(
    tx: Transaction, watch: Watch, incident: Incident, on_call: list[OnCall], steps: tuple[Step, ...]
) -> int:
    for step in steps:
        match step:
            case Tell(level=level, because=because):
                higher = level > incident.level
                incident = replace(incident, level=level, told_at=tx.now)
                action = "incidents.escalated" if higher and level > 1 else "incidents.told"
                words = f"L{level} is told: {because}"
            case AskToDecide(because=because):
                incident = replace(incident, asked_at=tx.now)
                action, words = "incidents.decision_asked", because
            case _:
                assert_never(step)
        # Whoever was told before hears it too: each level is asked for help, not relieved.
        meant = [one for one in on_call if one.level <= max(incident.level, 1)]
        incident = await tell(tx, watch, incident, because=because, on_call=meant)
        await incidents.update_incident(tx, incident)
        await incidents.insert_note(tx, incident_id=incident.id, kind=NoteKind.SYSTEM, words=words, by=BY.shown)
        await audit.write_entry(
            tx, actor=BY, action=action, subject=f"incident:{incident.number}", details={"words": words}
        )
        log.warning("incidents.told", incident=incident.number, level=incident.level, because=because)
    return len(steps)


async def _tell_of_ends(tx: Transaction, watch: Watch) -> int:
    told = 0
    for incident in await incidents.lock_over_untold(tx):
        counted = incident
        if incident.notices:
            counted = await tell(tx, watch, incident, because=f"resolved: {incident.resolution}"[:300], on_call=())
            told += 1
        await incidents.note_over_told(tx, counted)
    return told
