"""Drills on order: asked for by a person, performed by a program of its own, followed act by act."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.jobs import (
    RetryPolicy,
    Run,
    RunContext,
    RunState,
    StepState,
    Workflows,
    list_runs_of,
    list_steps,
    start_run,
)
from frontdesk.operations.drills.model import Act, News
from frontdesk.operations.runbooks import Runbook
from frontdesk.operations.verbs import ProgramFailed, run_verb

PERFORM = "drills.perform.v1"
FAILED = 1  # what the verb ends with when a drill did not pass: that is a result
OPEN = frozenset({RunState.QUEUED, RunState.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedAct:
    """An act of an ordered drill, with the moment at which it was told."""

    act: Act
    words: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedDrill:
    """The drill that was ordered last: of which page, by whom, and how far it is.

    `trouble` says why it could not be performed; a drill that failed was performed, and its result is kept.
    """

    id: UUID
    slug: str
    by: str
    ordered_at: datetime
    begun: bool
    ended: bool
    trouble: str
    acts: tuple[OrderedAct, ...]


def add_drill_workflow(workflows: Workflows, *, home: Path) -> None:
    """Register the performing of an ordered drill, one at a time, never twice by itself.

    It is the verb `frontdesk drill` in a process of its own, so it has an installation of its own with a pretended
    carrier; ending the worker ends it. What goes wrong with it is told, and is no failure of ours.
    """

    @workflows.workflow(PERFORM, retry=RetryPolicy(max_attempts=1), concurrency=1)
    async def perform(run: RunContext) -> None:
        count = 0

        async def hear(line: str) -> None:
            nonlocal count
            news = _read(line)
            if news is not None:
                count += 1
                await run.call(f"{count:02} {news.act.value}", _telling(news.words))

        trouble = ""
        try:
            slug = str(run.args["slug"])
            said = await run_verb("drill", slug, "--aloud", home=home, hears=hear, ends_well=(0, FAILED))
        except ProgramFailed as failed:
            trouble = str(failed)
        else:
            if "results" not in said:
                trouble = str(said.get("message") or said.get("detail") or said)
        if trouble:
            await run.call("trouble", _telling(trouble))


async def order_drill(tx: Transaction, page: Runbook, *, by: Actor) -> UUID:
    """Order a drill of a page for the next free worker; refuses `drills.under_way` (409) while another is open."""
    for run in await list_runs_of(tx, workflow=PERFORM, limit=1):
        if run.state in OPEN:
            raise Refused("drills.under_way", "A drill is under way: one at a time. Wait for its end.", status=409)
    args = {"slug": page.slug, "by": by.shown}
    started = await start_run(tx, PERFORM, args, key=f"ordered@{tx.now.isoformat()}")
    await audit.write_entry(
        tx, actor=by, action="drills.ordered", subject=page.slug, details={"run": str(started.run_id)}
    )
    return started.run_id


async def find_ordered(tx: Transaction) -> OrderedDrill | None:
    """Find the drill that was ordered last, with what it has told so far; None if none ever was."""
    for run in await list_runs_of(tx, workflow=PERFORM, limit=1):
        return await _ordered(tx, run)
    return None


async def _ordered(tx: Transaction, run: Run) -> OrderedDrill:
    steps = [one for one in await list_steps(tx, run_id=run.id) if one.superseded_at is None]
    acts = [
        OrderedAct(act=Act(name), words=str(one.result), at=one.finished_at)
        for one in steps
        if (name := one.name.rpartition(" ")[2]) in set(Act) and one.state is StepState.SUCCEEDED
    ]
    trouble = next((str(one.result) for one in steps if one.name == "trouble"), "")
    return OrderedDrill(
        id=run.id,
        slug=str(run.args["slug"]),
        by=str(run.args.get("by", "")),
        ordered_at=run.created_at,
        begun=run.state is not RunState.QUEUED,
        ended=run.state not in OPEN,
        trouble=trouble or (run.last_error or "" if run.state is RunState.FAILED else ""),
        acts=tuple(acts),
    )


def _telling(words: str) -> Callable[[], Awaitable[str]]:
    async def tell() -> str:
        return words

    return tell


def _read(line: str) -> News | None:
    """Read what the verb says aloud; anything else on that stream is no news."""
    try:
        return msgspec.json.decode(line, type=News)
    except msgspec.DecodeError:
        return None
