"""How checks stand, and what the program's own checks ask."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.kernel.db import Transaction, affected

TAKE_TURN = "select pg_try_advisory_xact_lock(hashtext('operations.checking'))"

RECORD_STATES = """
    insert into check_states as known (name, severity, words, value, evidence, since_at, looked_at)
    select name, severity, words, value, evidence::jsonb, $6, $6
    from unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::text[])
         as seen (name, severity, words, value, evidence)
    order by name
    on conflict (name) do update
    set since_at = case when known.severity = excluded.severity then known.since_at else excluded.since_at end,
        severity = excluded.severity, words = excluded.words, value = excluded.value, evidence = excluded.evidence,
        looked_at = excluded.looked_at
"""

FORGET_STATES = "delete from check_states where name <> all($1::text[])"

LIST_STATES = """
    select name, severity, words, value::float8 as value, evidence::text as evidence, since_at, looked_at
    from check_states order by name
"""

LIST_KINDS = """
    select kind, count(*)::int as processes from live_processes
    where ended_at is null and lease_until > $1 group by kind
"""

COUNT_REJECTED = "select count(*)::int from outbox_events_errors where failed_at > $1::timestamptz - $2::interval"

COUNT_FAILED_RUNS = """
    select count(*)::int from job_runs where state = 'failed' and finished_at > $1::timestamptz - $2::interval
"""

COUNT_BLOCKED = """
    select count(distinct pid)::int from pg_locks
    where not granted and clock_timestamp() - waitstart > interval '5 seconds'
"""

END_SILENT = "update live_processes set lease_until = $1 where ended_at is null and lease_until < $1"

SET_ASIDE = """
    insert into outbox_events_errors (id, name, payload, correlation_id, created_at, attempts, claims, handled,
                                      last_error, failed_at)
    select gen_random_uuid(), $2, $3::jsonb, gen_random_uuid(), $1::timestamptz - make_interval(secs => number), 5, 0,
           '{}', 'set aside by a drill', $1
    from generate_series(1, 3) as number
"""

FAIL_RUN = """
    update job_runs
    set state = 'failed', failed_step = $2, last_error = 'broken by a drill', finished_at = $3, fence = fence + 1,
        enqueued = enqueued + 1
    where id = $1
"""

FAIL_STEP = """
    insert into job_steps (run_id, tenant_id, name, position, state, result, error, fence, started_at, finished_at)
    select id, tenant_id, $2, 1, 'failed', null, 'broken by a drill', fence, $3, $3 from job_runs where id = $1
"""

FIND_RESTART = """
    select extract(epoch from clock_timestamp() - pg_postmaster_start_time())::float8
    where clock_timestamp() - pg_postmaster_start_time() < $1::interval
      and exists (
        select from live_processes where kind in ('web', 'worker') and started_at < pg_postmaster_start_time())
"""


@dataclass(frozen=True, slots=True)
class StoredState:
    """How a check stands in the database."""

    name: str
    severity: str
    words: str
    value: float | None
    evidence: Mapping[str, object]
    since_at: datetime
    looked_at: datetime


async def take_turn(tx: Transaction) -> bool:
    """Win the right to look, until the end of the transaction; False while somebody else looks."""
    return await tx.fetchval(TAKE_TURN) is True


async def record_states(
    tx: Transaction, states: Sequence[tuple[str, str, str, float | None, Mapping[str, object]]]
) -> None:
    """Write what checks saw; `since_at` stays while a check is as bad as it was. Checks that are gone are forgotten."""
    await tx.execute(
        RECORD_STATES,
        [name for name, _, _, _, _ in states],
        [severity for _, severity, _, _, _ in states],
        [words for _, _, words, _, _ in states],
        [value for _, _, _, value, _ in states],
        [json.dumps(evidence, default=str) for _, _, _, _, evidence in states],
        tx.now,
    )
    await tx.execute(FORGET_STATES, [name for name, _, _, _, _ in states])


async def list_states(tx: Transaction) -> list[StoredState]:
    """List how every check stood when it was last looked at, by name."""
    return [
        StoredState(
            row["name"],
            row["severity"],
            row["words"],
            row["value"],
            json.loads(row["evidence"]),
            row["since_at"],
            row["looked_at"],
        )
        for row in await tx.fetch(LIST_STATES)
    ]


async def count_processes(tx: Transaction) -> dict[str, int]:
    """Count the living processes by kind."""
    return {row["kind"]: row["processes"] for row in await tx.fetch(LIST_KINDS, tx.now)}


async def count_rejected_events(tx: Transaction, *, within: timedelta) -> int:
    """Count events that could not be handled, of late."""
    return _count(await tx.fetchval(COUNT_REJECTED, tx.now, within))


async def count_failed_runs(tx: Transaction, *, within: timedelta) -> int:
    """Count background runs that failed for good, of late."""
    return _count(await tx.fetchval(COUNT_FAILED_RUNS, tx.now, within))


async def find_restart(tx: Transaction, *, within: timedelta) -> float | None:
    """Tell how many seconds ago PostgreSQL was started under processes that ran; None if not of late."""
    seconds = await tx.fetchval(FIND_RESTART, within)
    return seconds if isinstance(seconds, float) else None


async def count_blocked(tx: Transaction) -> int:
    """Count connections that wait for somebody's lock for more than 5 s."""
    return _count(await tx.fetchval(COUNT_BLOCKED))


async def close_silent_processes(tx: Transaction) -> int:
    """Let the lease of processes that have not renewed it end for good; returns how many there are."""
    return affected(await tx.execute(END_SILENT, tx.now))


async def insert_rejected(tx: Transaction, *, name: str, payload: str) -> None:
    """Put three events where those are that could not be handled."""
    await tx.execute(SET_ASIDE, tx.now, name, payload)


async def mark_run_failed(tx: Transaction, *, run_id: UUID, step: str) -> None:
    """Write a run down as failed at a step."""
    await tx.execute(FAIL_RUN, run_id, step, tx.now)
    await tx.execute(FAIL_STEP, run_id, step, tx.now)


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
