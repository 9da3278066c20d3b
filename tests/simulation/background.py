"""The queue under the runs, as workers see it: who picked a run, and whose it becomes when a worker falls silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from frontdesk.features.campaigns.jobs import add_workflows
from frontdesk.kernel.db import UNAVAILABLE, Database
from frontdesk.kernel.jobs import RunAgain, Runner, Workflows
from frontdesk.kernel.loops import Loop
from tests.simulation.turnstile import Place, Turnstile

SILENT_SECONDS = 30.0  # without a sign of life, then a picked run is somebody else's
WAITING = "select id, enqueued from job_runs where state in ('queued', 'running') order by created_at, id"


@dataclass(slots=True)
class Pick:
    """A run in the hands of a process; `due` is when it may be picked again after it was given back."""

    place: Place
    due: float | None = None
    over: bool = False


class RunQueue:
    """One per world, outside all processes: it knows what each has picked."""

    def __init__(self, turnstile: Turnstile, watch: asyncpg.Connection) -> None:
        self._turnstile = turnstile
        self._watch = watch
        self._picks: dict[tuple[UUID, int], Pick] = {}

    async def pick(self, place: Place) -> tuple[tuple[UUID, int], Pick] | None:
        """Give a waiting run to a process, or one whose process is dead or silent."""
        await self._turnstile.step("pick a run")
        self._turnstile.talking += 1
        try:
            rows = await self._watch.fetch(WAITING)
        finally:
            self._turnstile.talking -= 1
        for row in rows:
            key = (row["id"], row["enqueued"])
            known = self._picks.get(key)
            if known is None or self._is_free(known):
                self._picks[key] = Pick(place)
                return key, self._picks[key]
        return None

    def _is_free(self, pick: Pick) -> bool:
        if pick.over:
            return False
        now, stalled_at = self._turnstile.now, pick.place.stalled_at
        silent = stalled_at is not None and now - stalled_at > SILENT_SECONDS
        return pick.place.dead or silent or (pick.due is not None and pick.due <= now)

    def give_back(self, pick: Pick, *, after: timedelta) -> None:
        """Let a run wait for its next try."""
        pick.due = self._turnstile.now + after.total_seconds()


def background_loop(place: Place, queue: RunQueue, *, app: Database, system: Database) -> Loop:
    """Execute runs one by one, as a worker does."""
    workflows = Workflows()
    add_workflows(workflows, app=app)
    runner = Runner(workflows, app=app, system=system)

    async def turn() -> float:
        picked = await queue.pick(place)
        if picked is None:
            return 1.0
        key, pick = picked
        try:
            outcome = await runner.execute(*key)
        except UNAVAILABLE:
            queue.give_back(pick, after=timedelta(seconds=1))
            return 0.1
        if isinstance(outcome, RunAgain):
            queue.give_back(pick, after=outcome.delay)
        else:
            pick.over = True
        return 0.1

    return Loop("background runs", turn)
