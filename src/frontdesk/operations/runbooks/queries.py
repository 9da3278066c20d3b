"""Runs of runbooks and their steps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Approval
from frontdesk.operations.runbooks.model import PlannedRemedy, Run, RunState, RunStep, StepKind, StepResult

INSERT_RUN = """
    insert into runbook_runs (id, slug, digest, state, reason, started_by, alert_name, approved_by, granted, started_at)
    values ($1, $2, $3, 'diagnosing', $4, $5, $6, $7, $8, $9)
    on conflict (slug) where finished_at is null do nothing
    returning true
"""

FIND_OPEN = "select id from runbook_runs where slug = $1 and finished_at is null"

LOCK_RUN = """
    select id, slug, digest, state, reason, started_by, alert_name, remedies::text as remedies, approval, approved_by,
           granted, words, verify_until, started_at, finished_at
    from runbook_runs where id = $1 for update
"""

FIND_RUN = """
    select id, slug, digest, state, reason, started_by, alert_name, remedies::text as remedies, approval, approved_by,
           granted, words, verify_until, started_at, finished_at
    from runbook_runs where id = $1
"""

LIST_RUNS = """
    select id, slug, digest, state, reason, started_by, alert_name, remedies::text as remedies, approval, approved_by,
           granted, words, verify_until, started_at, finished_at
    from runbook_runs
    where ($1::text is null or slug = $1) and ($2::timestamptz is null or started_at < $2)
    order by started_at desc, id limit $3
"""

LIST_OPEN = """
    select id from runbook_runs where finished_at is null and state <> 'awaiting_approval' order by started_at
"""

MOVE_RUN = """
    update runbook_runs
    set state = $2, remedies = $3::jsonb, approval = $4, approved_by = $5, granted = $6, words = $7, verify_until = $8,
        finished_at = $9
    where id = $1
"""

INSERT_STEP = """
    insert into runbook_steps
      (run_id, position, kind, name, arguments, result, words, evidence, started_at, finished_at)
    values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8::jsonb, $9, $10)
"""

LIST_STEPS = """
    select position, kind, name, arguments::text as arguments, result, words, evidence::text as evidence,
           started_at, finished_at
    from runbook_steps where run_id = $1 order by position
"""

COUNT_AUTOMATIC = """
    select count(*)::int from runbook_runs
    where slug = $1 and alert_name <> '' and state in ('repaired', 'unresolved', 'refused')
      and started_at > $2::timestamptz - interval '1 hour'
"""

# An alert that fires is answered once, by the run that was started for it since.
LIST_UNANSWERED = """
    select distinct alert.alertname
    from alert_instances as alert
    where alert.state = 'firing'
      and not exists (
        select from runbook_runs as run where run.alert_name = alert.alertname and run.started_at >= alert.fired_at)
    order by alert.alertname
"""


async def insert_run(
    tx: Transaction,
    *,
    run_id: UUID,
    slug: str,
    digest: str,
    reason: str,
    started_by: str,
    alert_name: str,
    granted: Approval,
) -> bool:
    """Open a run; False while another one of this runbook is open."""
    approved_by = started_by if granted is not Approval.NOBODY else ""
    opened = await tx.fetchval(
        INSERT_RUN, run_id, slug, digest, reason, started_by, alert_name, approved_by, granted.value, tx.now
    )
    return opened is True


async def find_open_run(tx: Transaction, *, slug: str) -> UUID | None:
    """Find the run of a runbook that is open."""
    found = await tx.fetchval(FIND_OPEN, slug)
    return found if isinstance(found, UUID) else None


async def lock_run(tx: Transaction, *, run_id: UUID) -> Run | None:
    """Lock a run, so that one step is done at a time."""
    row = await tx.fetchrow(LOCK_RUN, run_id)
    return None if row is None else _run(row)


async def find_run(tx: Transaction, *, run_id: UUID) -> Run | None:
    """Find a run."""
    row = await tx.fetchrow(FIND_RUN, run_id)
    return None if row is None else _run(row)


async def list_runs(tx: Transaction, *, slug: str | None, before: datetime | None, limit: int) -> list[Run]:
    """List runs, newest first."""
    return [_run(row) for row in await tx.fetch(LIST_RUNS, slug, before, limit)]


async def list_open_runs(tx: Transaction) -> list[UUID]:
    """List the runs that can go on by themselves, oldest first."""
    return [row["id"] for row in await tx.fetch(LIST_OPEN)]


async def update_run(tx: Transaction, run: Run) -> None:
    """Write where a run stands."""
    await tx.execute(
        MOVE_RUN,
        run.id,
        run.state.value,
        json.dumps(
            [
                {
                    "name": one.name,
                    "sentence": one.sentence,
                    "approval": one.approval.value,
                    "arguments": dict(one.arguments),
                }
                for one in run.remedies
            ]
        ),
        run.approval.value,
        run.approved_by,
        run.granted.value,
        run.words,
        run.verify_until,
        run.finished_at,
    )


async def insert_step(tx: Transaction, *, run_id: UUID, step: RunStep) -> None:
    """Write down a step that was done."""
    await tx.execute(
        INSERT_STEP,
        run_id,
        step.position,
        step.kind.value,
        step.name,
        json.dumps(dict(step.arguments)),
        step.result.value,
        step.words,
        json.dumps(dict(step.evidence), default=str),
        step.started_at,
        step.finished_at,
    )


async def list_steps(tx: Transaction, *, run_id: UUID) -> list[RunStep]:
    """List the steps of a run, in the order they were done."""
    return [
        RunStep(
            position=row["position"],
            kind=StepKind(row["kind"]),
            name=row["name"],
            result=StepResult(row["result"]),
            words=row["words"],
            evidence=json.loads(row["evidence"]),
            arguments=json.loads(row["arguments"]),
            started_at=row["started_at"],
            finished_at=row["finished_at"],
        )
        for row in await tx.fetch(LIST_STEPS, run_id)
    ]


async def list_unanswered(tx: Transaction) -> list[str]:
    """List alerts that fire and for which no runbook was started since they do, by name."""
    return [row["alertname"] for row in await tx.fetch(LIST_UNANSWERED)]


async def count_automatic(tx: Transaction, *, slug: str) -> int:
    """Count repairs of a runbook that alerts have started within the last hour."""
    count = await tx.fetchval(COUNT_AUTOMATIC, slug, tx.now)
    return count if isinstance(count, int) else 0


def _run(row: asyncpg.Record) -> Run:
    planned: Sequence[Mapping[str, object]] = json.loads(row["remedies"])
    return Run(
        id=row["id"],
        slug=row["slug"],
        digest=row["digest"],
        state=RunState(row["state"]),
        reason=row["reason"],
        started_by=row["started_by"],
        alert_name=row["alert_name"],
        remedies=tuple(_planned(one) for one in planned),
        approval=Approval(row["approval"]),
        approved_by=row["approved_by"],
        granted=Approval(row["granted"]),
        words=row["words"],
        verify_until=row["verify_until"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


def _planned(stored: Mapping[str, object]) -> PlannedRemedy:
    arguments = stored["arguments"]
    return PlannedRemedy(
        name=str(stored["name"]),
        sentence=str(stored["sentence"]),
        approval=Approval(str(stored["approval"])),
        arguments={str(name): str(value) for name, value in arguments.items()} if isinstance(arguments, dict) else {},
    )
