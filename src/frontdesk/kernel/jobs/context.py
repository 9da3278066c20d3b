"""What a workflow works with: steps that are done once, remembered, and never written by a worker that lost the run."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TypeVar, cast
from uuid import UUID

from frontdesk.kernel.db import Database, Tx
from frontdesk.kernel.jobs import queries
from frontdesk.kernel.jobs.model import Run, Step, StepState

Result = TypeVar("Result")
MAX_ERROR_LENGTH = 2_000


class RunLost(Exception):
    """Another worker has this run now, or it was canceled; nothing more may be written for it."""


class RunContext:
    """One execution of a run; `args` is what it was started with."""

    def __init__(self, run: Run, done: Iterable[Step], *, database: Database) -> None:
        self._run = run
        self._done = {step.name: step for step in done}
        self._database = database
        self._position = 0
        self._names: set[str] = set()
        self.failed_step: str | None = None

    @property
    def run_id(self) -> UUID:
        """Name the run; the same over all tries, so it makes good idempotency keys."""
        return self._run.id

    @property
    def tenant_id(self) -> UUID | None:
        """Name the tenant the run works for; None is the platform."""
        return self._run.tenant_id

    @property
    def args(self) -> Mapping[str, object]:
        """Return what the run was started with."""
        return self._run.args

    @property
    def attempt(self) -> int:
        """Tell which try of the run this is, from 1."""
        return self._run.attempts

    def now(self) -> datetime:
        """Tell the time of day."""
        return self._database.clock.now()

    async def step(self, name: str, work: Callable[[Tx], Awaitable[Result]]) -> Result:
        """Do database work once: `work` and the record of its JSON result commit together, or not at all.

        A step that finished in an earlier try is not done again: its recorded result is returned.
        """

        async def attempt(position: int, started_at: datetime) -> str:
            async with self._transaction() as tx:
                await self._hold(tx)
                text = _json(await work(tx))
                await self._record(tx, name, position, StepState.SUCCEEDED, started_at, result=text)
            return text

        return cast("Result", await self._once(name, attempt))

    async def call(self, name: str, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do work in the outside world, with no transaction open, then record its JSON result.

        A crash between the two does it again: `work` must carry a key by which the outside world tells repeats, such
        as `run_id`. A finished step is not done again.
        """

        async def attempt(position: int, started_at: datetime) -> str:
            # Who lost the run while stalled must not touch the world again.
            async with self._transaction() as tx:
                await self._hold(tx)
            text = _json(await work())
            async with self._transaction() as tx:
                await self._hold(tx)
                await self._record(tx, name, position, StepState.SUCCEEDED, started_at, result=text)
            return text

        return cast("Result", await self._once(name, attempt))

    async def _once(self, name: str, attempt: Callable[[int, datetime], Awaitable[str]]) -> object:
        if name in self._names:
            raise ValueError(f"the workflow {self._run.workflow} has two steps named {name}")
        self._names.add(name)
        self._position += 1
        position, started_at = self._position, self.now()
        if name in self._done:
            return self._done[name].result
        try:
            return json.loads(await attempt(position, started_at))
        except RunLost:
            raise
        except Exception as error:
            self.failed_step = name
            async with self._transaction() as tx:
                await self._hold(tx)
                await self._record(tx, name, position, StepState.FAILED, started_at, error=describe(error))
            raise

    async def _record(
        self,
        tx: Tx,
        name: str,
        position: int,
        state: StepState,
        started_at: datetime,
        *,
        result: str | None = None,
        error: str | None = None,
    ) -> None:
        await queries.record_step(
            tx,
            run_id=self._run.id,
            tenant_id=self._run.tenant_id,
            name=name,
            position=position,
            state=state,
            result=result,
            error=error,
            fence=self._run.fence,
            started_at=started_at,
        )

    async def _hold(self, tx: Tx) -> None:
        if not await queries.hold_fence(tx, run_id=self._run.id, fence=self._run.fence):
            raise RunLost

    def _transaction(self) -> AbstractAsyncContextManager[Tx]:
        return self._database.transaction(
            self._run.tenant_id, correlation_id=self._run.correlation_id, causation_id=self._run.id
        )


def describe(error: Exception) -> str:
    """Describe an error in one bounded text for the record."""
    return f"{type(error).__name__}: {error}".replace("\x00", "")[:MAX_ERROR_LENGTH]


def _json(value: object) -> str:
    # Kept as JSON keeps it, so that a first and a resumed execution see the same value.
    return json.dumps(value, allow_nan=False).replace("\\u0000", "\\ufffd")
