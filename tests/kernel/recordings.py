"""The background work that the tests of runs share: a workflow of three steps that can be made to fail."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from frontdesk.kernel.db import Database, Tx
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.jobs import (
    Finished,
    RetryPolicy,
    Run,
    RunAgain,
    RunContext,
    Runner,
    RunState,
    StepState,
    Workflows,
    get_run,
    list_steps,
    start_run,
)

SHOP, OTHER_SHOP = UUID(int=1), UUID(int=2)
NAME = "recordings.fetch.v1"


class Recordings:
    """A workflow of three steps whose second one can be made to fail, and which counts what it does."""

    def __init__(self) -> None:
        self.workflows = Workflows()
        self.done: list[str] = []
        self.faults: list[BaseException] = []
        self.seen: list[object] = []
        policy = RetryPolicy(max_attempts=3, first_delay=timedelta(seconds=2))
        self.workflows.workflow(NAME, retry=policy)(self.fetch)

    async def fetch(self, ctx: RunContext) -> None:
        async def locate(_tx: Tx) -> dict[str, object]:
            self.done.append("locate")
            return {"url": ctx.args["url"], "pair": (1, 2)}

        async def download() -> int:
            if self.faults:
                raise self.faults.pop(0)
            self.done.append("download")
            return 4096

        async def link(_tx: Tx) -> str:
            self.done.append("link")
            return f"{found['url']}:{size}"

        found = await ctx.step("locate", locate)
        size = await ctx.call("download", download)
        self.seen = [found, size, await ctx.step("link", link)]


async def started(app: Database, key: str = "call-1", tenant: UUID = SHOP) -> UUID:
    async with app.transaction(tenant) as tx:
        return (await start_run(tx, NAME, {"url": "https://x"}, key=key)).run_id


async def run_of(system: Database, run_id: UUID) -> Run:
    async with system.transaction() as tx:
        return await get_run(tx, run_id=run_id)


async def steps_of(system: Database, run_id: UUID, *, history: bool = False) -> list[tuple[str, StepState]]:
    async with system.transaction() as tx:
        steps = await list_steps(tx, run_id=run_id)
    return [(step.name, step.state) for step in steps if history or step.superseded_at is None]


async def go(runner: Runner, system: Database, run_id: UUID) -> Finished | RunAgain:
    return await runner.execute(run_id, (await run_of(system, run_id)).enqueued)


async def failed_run(runner: Runner, recordings: Recordings, app: Database, system: Database) -> UUID:
    run_id = await started(app)
    recordings.faults = [Refused("recordings.gone", "The recording is gone.")]
    assert await go(runner, system, run_id) == Finished()
    run = await run_of(system, run_id)
    assert (run.state, run.failed_step) == (RunState.FAILED, "download")
    return run_id
