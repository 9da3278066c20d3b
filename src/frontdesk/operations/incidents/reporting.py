"""What is known of an incident: its timeline and its impact, read from the rows that everything leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.operations.incidents.model import Action, Impact, Incident, TimelineEntry, Written
from frontdesk.operations.incidents.queries import incidents, timeline
from frontdesk.operations.incidents.working import get_incident

MOST_WRITTEN = 20_000
# What led to it comes first: an alert fires some time after its cause.
LEAD = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything about an incident."""

    incident: Incident
    timeline: tuple[TimelineEntry, ...]
    impact: Impact
    actions: tuple[Action, ...]
    written: Written


async def assemble_timeline(tx: Transaction, incident: Incident) -> list[TimelineEntry]:
    """Put together what happened from 15 minutes before an incident began until its end, or now; oldest first.

    Alerts, who was told, runs and steps of runbooks, audited changes, pauses, and what people wrote. At most 500 of
    each kind. No bodies of texts and no numbers of customers.
    """
    since, until = incident.began_at - LEAD, (incident.resolved_at or tx.now) + timedelta(microseconds=1)
    found: list[TimelineEntry] = []
    for listing in (
        timeline.list_alerts,
        timeline.list_told,
        timeline.list_runs,
        timeline.list_steps,
        timeline.list_audited,
    ):
        found += await listing(tx, since=since, until=until)
    found += await timeline.list_paused_before(tx, moment=since)
    for note in await incidents.list_notes(tx, incident_id=incident.id):
        found.append(TimelineEntry(note.written_at, note.kind.value, note.words, note.written_by))
    return sorted(found, key=lambda one: one.at)


async def collect_report(tx: Transaction, *, number: int) -> Report:
    """Collect everything about an incident; refuses `incidents.unknown` (404)."""
    incident = await get_incident(tx, number=number)
    return Report(
        incident=incident,
        timeline=tuple(await assemble_timeline(tx, incident)),
        impact=await timeline.measure_impact(tx, since=incident.began_at, until=incident.resolved_at or tx.now),
        actions=tuple(await incidents.list_actions(tx, incident_id=incident.id)),
        written=await incidents.find_written(tx, incident_id=incident.id) or Written(),
    )


async def write_postmortem(tx: Transaction, *, number: int, parts: dict[str, str], by: Actor) -> Written:
    """Write parts of a post-mortem, by the names of `Written`; the others stay as they are.

    Refuses `incidents.unknown` (404), and a part that there is not or that is too long (`incidents.bad_part`, 422).
    """
    incident = await get_incident(tx, number=number)
    before = await incidents.find_written(tx, incident_id=incident.id) or Written()
    if not parts.keys() <= set(Written.__slots__) or any(len(text) > MOST_WRITTEN for text in parts.values()):
        names = ", ".join(Written.__slots__)
        raise Refused("incidents.bad_part", f"The parts are {names}, up to 20000 characters each.", status=422)
    after = replace(before, **{name: text.strip() for name, text in parts.items()})
    await incidents.put_written(tx, after, incident_id=incident.id, by=by.shown)
    details = {"parts": sorted(parts)}
    await audit.write_entry(
        tx, actor=by, action="incidents.postmortem_written", subject=f"incident:{number}", details=details
    )
    return after


async def publish_postmortem(tx: Transaction, *, number: int, by: Actor) -> Incident:
    """Declare a post-mortem finished.

    Refuses `incidents.unknown` (404), and one of an incident that goes on, or without a summary, a root cause or an
    action (`incidents.postmortem_incomplete`, 409).
    """
    incident = await incidents.lock_incident(tx, number=number) or await get_incident(tx, number=number)
    written = await incidents.find_written(tx, incident_id=incident.id) or Written()
    actions = await incidents.list_actions(tx, incident_id=incident.id)
    missing = [
        name
        for name, there in (
            ("the end of the incident", incident.resolved_at is not None),
            ("a summary", bool(written.summary)),
            ("a root cause", bool(written.root_cause)),
            ("an action", bool(actions)),
        )
        if not there
    ]
    if missing:
        raise Refused("incidents.postmortem_incomplete", f"It still lacks {', '.join(missing)}.", status=409)
    published = replace(incident, published_at=incident.published_at or tx.now)
    await incidents.update_incident(tx, published)
    await audit.write_entry(tx, actor=by, action="incidents.postmortem_published", subject=f"incident:{number}")
    return published
