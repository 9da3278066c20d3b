"""When monitors are due, and what they saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from frontdesk.kernel.db import Transaction, affected
from frontdesk.operations.monitors.model import Outcome

CLAIM_DUE = """
    insert into monitors as known (name, due_at) values ($1, $2::timestamptz + $3::interval)
    on conflict (name) do update set due_at = excluded.due_at where known.due_at <= $2
    returning true
"""

INSERT_RUN = """
    insert into monitor_runs (id, monitor, started_at, finished_at, passed, words, seconds)
    values ($1, $2, $3, $4, $5, $6, $7::float8)
"""

COUNT_FAILURE = """
    insert into monitors as known (name, due_at, failures_in_row)
    values ($1, $2::timestamptz + $4::interval, case when $3 then 0 else 1 end)
    on conflict (name) do update
    set failures_in_row = case when $3 then 0 else known.failures_in_row + 1 end,
        escalated_at = case when $3 then null else known.escalated_at end
    returning failures_in_row, escalated_at is not null as escalated
"""

NOTE_ESCALATED = "update monitors set escalated_at = $2 where name = $1"

LIST_STANDING = """
    select known.name, known.due_at, known.failures_in_row, known.escalated_at, last.started_at, last.passed,
           last.words, last.seconds::float8 as seconds
    from monitors as known
    left join lateral (
      select started_at, passed, words, seconds from monitor_runs
      where monitor = known.name order by started_at desc limit 1
    ) as last on true
    order by known.name
"""

MAKE_DUE = "update monitors set due_at = $2 where name = $1 returning true"

COUNT_RUNS = "select count(*)::int from monitor_runs where monitor = $1 and started_at > $2::timestamptz - $3::interval"

INSERT_HEARD = """
    insert into monitor_texts (id, sender_e164, recipient_e164, body, heard_at) values ($1, $2, $3, $4, $5)
"""

COUNT_HEARD = """
    select count(*)::int from monitor_texts where sender_e164 = $1 and recipient_e164 = $2 and heard_at >= $3
"""

FORGET_HEARD = "delete from monitor_texts where heard_at < $1"

IS_STOPPED = """
    select exists (
      select from do_not_contact as refusal
      join sending_numbers as number on number.tenant_id = refusal.tenant_id
      where number.phone_e164 = $1 and refusal.phone_e164 = $2 and refusal.scope = 'all')
"""

FORGET_OTHERS = "delete from monitors where name <> all($1::text[])"

FORGET_STANDING = "delete from monitors"

FORGET_RUNS = """
    delete from monitor_runs where id = any(array(
      select id from monitor_runs where started_at < $1 order by started_at limit $2
    ))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a monitor stands; nothing of a last run if there was none."""

    name: str
    due_at: datetime
    failures_in_row: int
    escalated_at: datetime | None
    last_at: datetime | None
    passed: bool | None
    words: str
    seconds: float | None


async def claim_due(tx: Transaction, *, name: str, every: timedelta) -> bool:
    """Win the turn of a monitor that is due, for one process; it is due again after `every`."""
    return await tx.fetchval(CLAIM_DUE, name, tx.now, every) is True


async def record_outcome(tx: Transaction, outcome: Outcome, *, run_id: UUID, every: timedelta) -> tuple[int, bool]:
    """Keep how a try went; returns how many have failed in a row, and whether that was escalated before."""
    await tx.execute(
        INSERT_RUN,
        run_id,
        outcome.monitor,
        outcome.started_at,
        outcome.finished_at,
        outcome.passed,
        outcome.words,
        outcome.seconds,
    )
    row = await tx.fetchrow(COUNT_FAILURE, outcome.monitor, tx.now, outcome.passed, every)
    if row is None:
        raise LookupError(outcome.monitor)
    return row["failures_in_row"], row["escalated"]


async def record_escalated(tx: Transaction, *, name: str) -> None:
    """Note that people were told and campaigns stopped."""
    await tx.execute(NOTE_ESCALATED, name, tx.now)


async def list_standing(tx: Transaction) -> list[Standing]:
    """List how monitors stand, by name."""
    return [_standing(row) for row in await tx.fetch(LIST_STANDING)]


async def move_up(tx: Transaction, *, name: str) -> bool:
    """Let a monitor be run as soon as a worker looks; False if none of that name runs."""
    return await tx.fetchval(MAKE_DUE, name, tx.now) is True


async def count_runs(tx: Transaction, *, name: str, within: timedelta) -> int:
    """Count how often a monitor was run lately."""
    found = await tx.fetchval(COUNT_RUNS, name, tx.now, within)
    return found if isinstance(found, int) else 0


async def insert_heard(tx: Transaction, *, text_id: UUID, sender_e164: str, recipient_e164: str, body: str) -> None:
    """Keep a text that came to the number that monitors write from."""
    await tx.execute(INSERT_HEARD, text_id, sender_e164, recipient_e164, body, tx.now)


async def count_heard(tx: Transaction, *, sender_e164: str, recipient_e164: str, since: datetime) -> int:
    """Count the texts from one of our numbers to the other since a moment."""
    found = await tx.fetchval(COUNT_HEARD, sender_e164, recipient_e164, since)
    return found if isinstance(found, int) else 0


async def is_stopped(tx: Transaction, *, sender_e164: str, phone_e164: str) -> bool:
    """Tell whether the business of a number knows that a person has said STOP."""
    return await tx.fetchval(IS_STOPPED, sender_e164, phone_e164) is True


async def forget_others(tx: Transaction, *, names: Sequence[str]) -> None:
    """Forget how monitors stand that are not run any more."""
    await tx.execute(FORGET_OTHERS, list(names))


async def forget_standing(tx: Transaction) -> int:
    """Forget how monitors stand: they are switched off, or begin anew."""
    return affected(await tx.execute(FORGET_STANDING))


async def forget_runs(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` tries from before a moment, and what was heard before it."""
    await tx.execute(FORGET_HEARD, before)
    return affected(await tx.execute(FORGET_RUNS, before, limit))


def _standing(row: asyncpg.Record) -> Standing:
    return Standing(
        name=row["name"],
        due_at=row["due_at"],
        failures_in_row=row["failures_in_row"],
        escalated_at=row["escalated_at"],
        last_at=row["started_at"],
        passed=row["passed"],
        words=row["words"] or "",
        seconds=row["seconds"],
    )
