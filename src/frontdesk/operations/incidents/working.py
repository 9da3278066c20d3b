"""Working on an incident: taking it, writing down what happens, regrading it, ending it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.operations.incidents.model import AFTERWARDS, PACES, Action, Grade, Incident, NoteKind
from frontdesk.operations.incidents.queries import incidents

MOST_WORDS = 4000
MOST_ACTION = 500
MOST_OWNER = 200


async def get_incident(tx: Transaction, *, number: int) -> Incident:
    """Return an incident; refuses `incidents.unknown` (404)."""
    found = await incidents.find_incident(tx, number=number)
    if found is None:
        raise _unknown(number)
    return found


async def acknowledge(tx: Transaction, *, number: int, by: Actor) -> Incident:
    """Take an incident, so that nobody else is told for want of it; whoever comes later takes it over.

    Refuses `incidents.unknown` (404) and `incidents.over` (409).
    """
    incident = await _lock_open(tx, number)
    if incident.acknowledged_by == by.shown:
        return incident
    words = "acknowledged" if incident.acknowledged_at is None else f"taken over from {incident.acknowledged_by}"
    taken = replace(incident, acknowledged_at=incident.acknowledged_at or tx.now, acknowledged_by=by.shown)
    return await _changed(tx, taken, by, action="incidents.acknowledged", words=words)


async def write_note(
    tx: Transaction, *, number: int, words: str, by: Actor, kind: NoteKind = NoteKind.NOTE
) -> Incident:
    """Write a line into the timeline, also of an incident that is over; a status is what may be told to businesses.

    Refuses `incidents.unknown` (404) and no words or too many (`incidents.words_needed`, 422).
    """
    incident = await _lock(tx, number)
    await incidents.insert_note(tx, incident_id=incident.id, kind=kind, words=_said(words), by=by.shown)
    await _audit(tx, incident, by, "incidents.noted", kind=kind.value)
    return incident


async def regrade(tx: Transaction, *, number: int, grade: Grade, by: Actor) -> Incident:
    """Say that an incident is graver or milder than was thought; its clocks count from its opening all the same.

    Refuses `incidents.unknown` (404) and `incidents.over` (409).
    """
    incident = await _lock_open(tx, number)
    if incident.grade is grade:
        return incident
    words = f"regraded from {incident.grade.name} to {grade.name}"
    return await _changed(tx, replace(incident, grade=grade), by, action="incidents.regraded", words=words)


async def resolve(tx: Transaction, *, number: int, words: str, by: Actor, review: bool = True) -> Incident:
    """End an incident and say what ended it; what the sources ask for afterwards becomes actions with dates.

    Without `review` nothing is asked for afterwards.
    Refuses `incidents.unknown` (404), `incidents.over` (409) and `incidents.words_needed` (422).
    """
    incident = await _lock_open(tx, number)
    said = _said(words)
    after = PACES[incident.grade].postmortem if review else None
    ended = replace(
        incident,
        resolved_at=tx.now,
        resolved_by=by.shown,
        resolution=said,
        postmortem_due_at=None if after is None else tx.now + after,
    )
    if review and incident.grade <= Grade.P1:
        owner = incident.acknowledged_by or by.shown
        for span, task in AFTERWARDS:
            await incidents.insert_action(tx, incident_id=ended.id, words=task, owner=owner, due_at=tx.now + span)
    return await _changed(tx, ended, by, action="incidents.resolved", words=f"resolved: {said}"[:MOST_WORDS])


async def add_action(
    tx: Transaction, *, number: int, words: str, owner: str, due_at: datetime, by: Actor
) -> list[Action]:
    """Write down what has to be done, by whom and until when; returns all actions of the incident.

    Refuses `incidents.unknown` (404), and no words or no owner (`incidents.bad_action`, 422).
    """
    incident = await _lock(tx, number)
    if not words.strip() or len(words) > MOST_ACTION or not owner.strip() or len(owner) > MOST_OWNER:
        raise Refused("incidents.bad_action", "An action needs words (up to 500 characters) and an owner.", status=422)
    await incidents.insert_action(tx, incident_id=incident.id, words=words.strip(), owner=owner.strip(), due_at=due_at)
    await _audit(tx, incident, by, "incidents.action_added", owner=owner.strip(), due=due_at.isoformat())
    return await incidents.list_actions(tx, incident_id=incident.id)


async def finish_action(tx: Transaction, *, number: int, action_id: UUID, by: Actor) -> list[Action]:
    """Note that an action is done; refuses `incidents.unknown` and `incidents.action_unknown` (404)."""
    incident = await _lock(tx, number)
    if not await incidents.finish_action(tx, incident_id=incident.id, action_id=action_id, by=by.shown):
        raise Refused("incidents.action_unknown", "There is no such action, or it is done.", status=404)
    await _audit(tx, incident, by, "incidents.action_done", done=str(action_id))
    return await incidents.list_actions(tx, incident_id=incident.id)


async def _lock(tx: Transaction, number: int) -> Incident:
    incident = await incidents.lock_incident(tx, number=number)
    if incident is None:
        raise _unknown(number)
    return incident


async def _lock_open(tx: Transaction, number: int) -> Incident:
    incident = await _lock(tx, number)
    if incident.resolved_at is not None:
        raise Refused("incidents.over", f"Incident {number} is over; open another one.", status=409)
    return incident


async def _changed(tx: Transaction, after: Incident, by: Actor, *, action: str, words: str) -> Incident:
    await incidents.update_incident(tx, after)
    await incidents.insert_note(tx, incident_id=after.id, kind=NoteKind.SYSTEM, words=words, by=by.shown)
    await _audit(tx, after, by, action, words=words)
    return after


async def _audit(tx: Transaction, incident: Incident, by: Actor, action: str, **details: str) -> None:
    await audit.write_entry(tx, actor=by, action=action, subject=f"incident:{incident.number}", details=details)


def _said(words: str) -> str:
    said = words.strip()
    if not said or len(said) > MOST_WORDS:
        raise Refused("incidents.words_needed", "Say it in up to 4000 characters.", status=422)
    return said


def _unknown(number: int) -> Refused:
    return Refused("incidents.unknown", f"There is no incident {number}.", status=404)
