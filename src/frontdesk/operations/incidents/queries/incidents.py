"""Incidents as they stand, their notes, their actions and what people write about them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.operations.incidents.model import Action, Grade, Incident, Note, NoteKind, Written

INSERT = """
    insert into incidents (id, title, grade, tenant, runbook, alert_group, opened_by, opened_at, began_at, level,
                           told_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::smallint, case when $10 > 0 then $8::timestamptz end)
    on conflict (alert_group) where resolved_at is null and alert_group <> '' do nothing
    returning id, number, title, grade, tenant, runbook, alert_group, opened_by, opened_at, began_at, level, told_at,
              notices, asked_at, acknowledged_at, acknowledged_by, resolved_at, resolved_by, resolution,
              postmortem_due_at, published_at
"""

FIND = """
    select id, number, title, grade, tenant, runbook, alert_group, opened_by, opened_at, began_at, level, told_at,
           notices, asked_at, acknowledged_at, acknowledged_by, resolved_at, resolved_by, resolution,
           postmortem_due_at, published_at
    from incidents where number = $1
"""

LOCK = """
    select id, number, title, grade, tenant, runbook, alert_group, opened_by, opened_at, began_at, level, told_at,
           notices, asked_at, acknowledged_at, acknowledged_by, resolved_at, resolved_by, resolution,
           postmortem_due_at, published_at
    from incidents where number = $1 for update
"""

LOCK_OPEN = """
    select id, number, title, grade, tenant, runbook, alert_group, opened_by, opened_at, began_at, level, told_at,
           notices, asked_at, acknowledged_at, acknowledged_by, resolved_at, resolved_by, resolution,
           postmortem_due_at, published_at
    from incidents where resolved_at is null order by opened_at, id for update skip locked
"""

LOCK_OVER_UNTOLD = """
    select id, number, title, grade, tenant, runbook, alert_group, opened_by, opened_at, began_at, level, told_at,
           notices, asked_at, acknowledged_at, acknowledged_by, resolved_at, resolved_by, resolution,
           postmortem_due_at, published_at
    from incidents where resolved_at is not null and over_told_at is null order by resolved_at, id
    for update skip locked
"""

LIST = """
    select id, number, title, grade, tenant, runbook, alert_group, opened_by, opened_at, began_at, level, told_at,
           notices, asked_at, acknowledged_at, acknowledged_by, resolved_at, resolved_by, resolution,
           postmortem_due_at, published_at
    from incidents
    where (not $1::boolean or resolved_at is null) and ($2::uuid is null or id < $2)
    order by id desc limit $3
"""

UPDATE = """
    update incidents
    set grade = $2, level = $3, told_at = $4, notices = $5, asked_at = $6, acknowledged_at = $7, acknowledged_by = $8,
        resolved_at = $9, resolved_by = $10, resolution = $11, postmortem_due_at = $12, published_at = $13
    where id = $1
"""

NOTE_OVER_TOLD = "update incidents set over_told_at = $2, notices = $3 where id = $1"

INSERT_NOTE = """
    insert into incident_notes (id, incident_id, kind, words, written_by, written_at) values ($1, $2, $3, $4, $5, $6)
"""

LIST_NOTES = """
    select id, kind, words, written_by, written_at from incident_notes
    where incident_id = $1 order by written_at, id limit 1000
"""

INSERT_ACTION = """
    insert into incident_actions (id, incident_id, words, owner, due_at, created_at) values ($1, $2, $3, $4, $5, $6)
"""

LIST_ACTIONS = """
    select id, words, owner, due_at, done_at, done_by from incident_actions where incident_id = $1 order by due_at, id
"""

FINISH_ACTION = """
    update incident_actions set done_at = $3, done_by = $4
    where id = $1 and incident_id = $2 and done_at is null
    returning true
"""

COUNT_ACTIONS_OVERDUE = "select count(*)::int from incident_actions where done_at is null and due_at < $1"

COUNT_POSTMORTEMS_OVERDUE = """
    select count(*)::int from incidents
    where postmortem_due_at is not null and published_at is null and postmortem_due_at < $1
"""

FIND_WRITTEN = """
    select summary, impact, root_cause, contributing, went_well, went_badly from postmortems where incident_id = $1
"""

PUT_WRITTEN = """
    insert into postmortems (incident_id, summary, impact, root_cause, contributing, went_well, went_badly, changed_by,
                             changed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (incident_id) do update
    set summary = excluded.summary, impact = excluded.impact, root_cause = excluded.root_cause,
        contributing = excluded.contributing, went_well = excluded.went_well, went_badly = excluded.went_badly,
        changed_by = excluded.changed_by, changed_at = excluded.changed_at
"""


async def insert_incident(
    tx: Transaction,
    *,
    title: str,
    grade: Grade,
    tenant: str,
    runbook: str,
    alert_group: str,
    opened_by: str,
    began_at: datetime,
    level: int,
) -> Incident | None:
    """Open an incident now; None while another one of the same alert group is open."""
    row = await tx.fetchrow(
        INSERT, new_id(), title, grade.value, tenant, runbook, alert_group, opened_by, tx.now, began_at, level
    )
    return None if row is None else _incident(row)


async def find_incident(tx: Transaction, *, number: int) -> Incident | None:
    """Find an incident by its number."""
    row = await tx.fetchrow(FIND, number)
    return None if row is None else _incident(row)


async def lock_incident(tx: Transaction, *, number: int) -> Incident | None:
    """Lock an incident, so that one change is made at a time."""
    row = await tx.fetchrow(LOCK, number)
    return None if row is None else _incident(row)


async def lock_open(tx: Transaction) -> list[Incident]:
    """Lock every open incident that nobody changes this moment, the oldest first."""
    return [_incident(row) for row in await tx.fetch(LOCK_OPEN)]


async def lock_over_untold(tx: Transaction) -> list[Incident]:
    """Lock the incidents whose end nobody was told of, except those that somebody changes this moment."""
    return [_incident(row) for row in await tx.fetch(LOCK_OVER_UNTOLD)]


async def list_incidents(tx: Transaction, *, only_open: bool, before: UUID | None, limit: int) -> list[Incident]:
    """List incidents, newest first, those before an id."""
    return [_incident(row) for row in await tx.fetch(LIST, only_open, before, limit)]


async def update_incident(tx: Transaction, incident: Incident) -> None:
    """Write how an incident stands."""
    await tx.execute(
        UPDATE,
        incident.id,
        incident.grade.value,
        incident.level,
        incident.told_at,
        incident.notices,
        incident.asked_at,
        incident.acknowledged_at,
        incident.acknowledged_by,
        incident.resolved_at,
        incident.resolved_by,
        incident.resolution,
        incident.postmortem_due_at,
        incident.published_at,
    )


async def note_over_told(tx: Transaction, incident: Incident) -> None:
    """Note that the end of an incident was told, or that nobody needs to be."""
    await tx.execute(NOTE_OVER_TOLD, incident.id, tx.now, incident.notices)


async def insert_note(tx: Transaction, *, incident_id: UUID, kind: NoteKind, words: str, by: str) -> None:
    """Write a line down, now."""
    await tx.execute(INSERT_NOTE, new_id(), incident_id, kind.value, words, by, tx.now)


async def list_notes(tx: Transaction, *, incident_id: UUID) -> list[Note]:
    """List what was written down, oldest first."""
    return [Note(**{**dict(row), "kind": NoteKind(row["kind"])}) for row in await tx.fetch(LIST_NOTES, incident_id)]


async def insert_action(tx: Transaction, *, incident_id: UUID, words: str, owner: str, due_at: datetime) -> UUID:
    """Write down what has to be done, by whom and until when."""
    action_id = new_id()
    await tx.execute(INSERT_ACTION, action_id, incident_id, words, owner, due_at, tx.now)
    return action_id


async def list_actions(tx: Transaction, *, incident_id: UUID) -> list[Action]:
    """List what has to be done, what is due first first."""
    return [Action(**dict(row)) for row in await tx.fetch(LIST_ACTIONS, incident_id)]


async def finish_action(tx: Transaction, *, incident_id: UUID, action_id: UUID, by: str) -> bool:
    """Note that something is done; False if it was, or is not there."""
    return await tx.fetchval(FINISH_ACTION, action_id, incident_id, tx.now, by) is True


async def count_actions_overdue(tx: Transaction) -> int:
    """Count what should have been done by now."""
    return _count(await tx.fetchval(COUNT_ACTIONS_OVERDUE, tx.now))


async def count_postmortems_overdue(tx: Transaction) -> int:
    """Count post-mortems that should have been published by now."""
    return _count(await tx.fetchval(COUNT_POSTMORTEMS_OVERDUE, tx.now))


async def find_written(tx: Transaction, *, incident_id: UUID) -> Written | None:
    """Find what people have written about an incident."""
    row = await tx.fetchrow(FIND_WRITTEN, incident_id)
    return None if row is None else Written(**dict(row))


async def put_written(tx: Transaction, written: Written, *, incident_id: UUID, by: str) -> None:
    """Write what people have written about an incident."""
    await tx.execute(PUT_WRITTEN, incident_id, *asdict(written).values(), by, tx.now)


def _incident(row: asyncpg.Record) -> Incident:
    return Incident(**{**dict(row), "grade": Grade(row["grade"])})


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
