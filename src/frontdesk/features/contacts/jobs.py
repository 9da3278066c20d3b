"""What contacts do in the background: take in files of people, batch after batch, and tidy what nobody came for."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from frontdesk.features.contacts.service import importing, undoing
from frontdesk.features.contacts.service.reading import Read
from frontdesk.features.contacts.service.staging import Staged, tidy
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.jobs import RetryPolicy, RunContext, RunLost, Workflows

TIDY = "contacts.tidy_imports.v1"
RETRY = RetryPolicy(max_attempts=8, first_delay=timedelta(seconds=1), max_delay=timedelta(minutes=2))
AT_ONCE = 2


def add_import_workflow(workflows: Workflows, *, app: Database, folder: Path) -> None:
    """Register the taking in of files that wait in `folder`, two at once over all workers, their undoing and tidying.

    A run that is interrupted goes on after its last batch, wherever the interruption came.
    """

    @workflows.workflow(importing.TAKE_IN, retry=RETRY, concurrency=AT_ONCE)
    async def take_in(run: RunContext) -> None:
        import_id = UUID(str(run.args["import_id"]))
        try:
            await _take_in(run, import_id, app=app, folder=folder)
        except RunLost:
            raise
        except Exception as error:
            if isinstance(error, Refused) or run.attempt >= RETRY.max_attempts:
                await _give_up(run, import_id, error, app=app)
            raise

    @workflows.workflow(undoing.TAKE_BACK, retry=RETRY, concurrency=AT_ONCE)
    async def take_back(run: RunContext) -> None:
        import_id = UUID(str(run.args["import_id"]))
        await _take_back(run, import_id)

    @workflows.workflow(TIDY)
    async def tidy_up(run: RunContext) -> None:
        async def sweep() -> int:
            return await asyncio.to_thread(tidy, folder)

        await run.call("sweep", sweep)

    workflows.schedule("contacts.tidy_imports", workflow=TIDY, expression="41 3 * * *")


async def _take_in(run: RunContext, import_id: UUID, *, app: Database, folder: Path) -> None:
    staged = Staged(folder, tenant_id=_tenant(run), import_id=import_id)

    async def begin(tx: Transaction) -> dict[str, object]:
        begun: dict[str, object] = msgspec.to_builtins(await importing.begin(tx, import_id))
        return begun

    start = msgspec.convert(await run.step("begin", begin), importing.Start)

    async def told(rows: int) -> None:
        async with app.transaction(run.tenant_id) as tx:
            await importing.note_reading(tx, import_id, rows=rows)

    async def read() -> dict[str, object]:
        found: dict[str, object] = msgspec.to_builtins(await staged.read(start.settings.job, told=told))
        return found

    table = msgspec.convert(await run.call("read", read), Read)

    async def begin_rows(tx: Transaction) -> None:
        await importing.begin_rows(tx, import_id, found=table.found, rows=table.rows)

    await run.step("begin rows", begin_rows)
    for number, offset in enumerate(table.offsets):
        if number * start.settings.job.batch >= start.done:
            await _take_batch(run, import_id, number, offset, staged=staged, settings=start.settings)

    async def finish(tx: Transaction) -> None:
        await importing.finish_import(tx, import_id)

    await run.step("finish", finish)

    async def forget() -> None:
        await asyncio.to_thread(staged.forget)

    if not start.dry_run:
        await run.call("forget the file", forget)


async def _take_batch(
    run: RunContext, import_id: UUID, number: int, offset: int, *, staged: Staged, settings: importing.Settings
) -> None:
    size = settings.job.batch

    async def take(tx: Transaction) -> int:
        drafts = await asyncio.to_thread(staged.read_drafts, offset=offset, count=size)
        tally = await importing.take_batch(tx, import_id, drafts, done_before=number * size, settings=settings)
        return 0 if tally is None else tally.done

    await run.step(f"batch {number + 1:04}", take)


async def _take_back(run: RunContext, import_id: UUID) -> None:
    number, people = 0, 1
    while people:
        number += 1
        people = await run.step(f"batch {number:04}", lambda tx: undoing.undo_batch(tx, import_id))

    async def finish(tx: Transaction) -> None:
        await undoing.finish_undo(tx, import_id)

    await run.step("finish", finish)


async def forget_old_rows(app: Database, tenant_id: UUID, *, before: datetime) -> int:
    """Forget the rows of a business's imports that ended before a moment; returns in how many steps."""
    steps = 0
    while True:
        async with app.transaction(tenant_id) as tx:
            if not await undoing.forget_old_rows(tx, before=before):
                return steps
        steps += 1


async def _give_up(run: RunContext, import_id: UUID, error: Exception, *, app: Database) -> None:
    code = error.code if isinstance(error, Refused) else "contacts.import_broken"
    why = error.message if isinstance(error, Refused) else type(error).__name__
    async with app.transaction(run.tenant_id) as tx:
        await importing.fail_import(tx, import_id, run_id=run.run_id, code=code, why=why)


def _tenant(run: RunContext) -> UUID:
    if run.tenant_id is None:
        raise Refused("contacts.import_not_found", "There is no such import.", status=404)
    return run.tenant_id
