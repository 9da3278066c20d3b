"""Files of people by command: taken in by a worker of the command's own, so that it needs no other program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO
from uuid import UUID

if TYPE_CHECKING:
    from frontdesk.features.contacts import Filter
    from frontdesk.features.contacts.model import Import, LeftPerson
    from frontdesk.features.contacts.service.reading import Job
    from frontdesk.features.contacts.sheets import FileKind
    from frontdesk.wiring import Frontdesk

WATCH_SECONDS = 0.2


async def import_people(
    parts: Frontdesk,
    tenant: str,
    file: Path,
    *,
    job: Job,
    tags: Sequence[str],
    known_wins: bool,
    dry_run: bool,
    report: Path | None,
    tell: Callable[[Import], None],
) -> Import:
    """Upload, start and follow an import to its end, and write the report of what was not taken.

    A command that is killed leaves the import to whatever worker runs next.
    """
    import msgspec

    from frontdesk.cli.office import actor, find_tenant_id
    from frontdesk.features import tenants
    from frontdesk.features.contacts.service import importing
    from frontdesk.features.contacts.service.staging import Staged
    from frontdesk.kernel.ids import new_id

    tenant_id, import_id = await find_tenant_id(parts, tenant), new_id()
    async with parts.app.transaction(tenant_id) as tx:
        country = job.country or (await tenants.get_tenant(tx)).country
    settings = importing.make_settings(msgspec.structs.replace(job, country=country), tags=tags, known_wins=known_wins)
    staged = Staged(parts.settings.home / "imports", tenant_id=tenant_id, import_id=import_id)
    with await asyncio.to_thread(file.open, "rb") as source:
        size, sha256 = await asyncio.to_thread(staged.keep, source)
    try:
        read = await staged.look(settings.job)
        async with parts.app.transaction(tenant_id) as tx:
            await importing.add_import(
                tx, import_id=import_id, filename=file.name, size=size, sha256=sha256, settings=settings, read=read,
                by=actor(),
            )  # fmt: skip
            await importing.start_import(tx, import_id, dry_run=dry_run, by=actor())
    except BaseException:
        await asyncio.to_thread(staged.forget)
        raise
    async with _worker(parts):
        one = await _ended(parts, tenant_id, import_id, tell)
    if report is not None:
        with await asyncio.to_thread(report.open, "w", encoding="utf-8", newline="") as out:
            await _write_report(parts, one, out)
    return one


def follow(*, quiet: bool) -> Callable[[Import], None]:
    """Make what tells how far an import has come: one line on a terminal, nothing anywhere else."""
    from frontdesk.cli.output import error_console

    out = error_console()

    def tell(one: Import) -> None:
        total = "…" if one.rows_total is None else f"{one.rows_total:,}"
        words = f"{one.status}: {one.rows_done or one.rows_read:,} of {total} rows, {one.rows_rejected:,} rejected"
        out.print(words, end="   \r")

    return (lambda _one: None) if quiet or not out.is_terminal else tell


async def export_people(
    parts: Frontdesk,
    tenant_id: UUID,
    out: BinaryIO,
    *,
    kind: FileKind,
    filter_: Filter | None,
    about: Mapping[str, str],
) -> int:
    """Write people into a file; returns how many. `about` says in the audit log whom it holds."""
    from frontdesk.cli.office import actor
    from frontdesk.features.contacts.service import exporting

    async with parts.app.transaction(tenant_id) as tx:
        export = await exporting.begin_export(tx, kind=kind, filter_=filter_, about=about, by=actor())
    people = 0
    async for part in exporting.write_people(export, lambda: parts.app.transaction(tenant_id)):
        await asyncio.to_thread(out.write, part.data)
        people += part.people
    return people


async def take_back(
    parts: Frontdesk, tenant: str, import_id: UUID, *, limit: int
) -> tuple[Import, Sequence[LeftPerson]]:
    """Undo an import to its end; returns it with up to `limit` people who were left as they are.

    A command that is killed leaves it to whatever worker runs next.
    """
    from frontdesk.cli.office import actor, find_tenant_id
    from frontdesk.features.contacts.service import importing, undoing
    from frontdesk.kernel.jobs import RunState, get_run

    tenant_id = await find_tenant_id(parts, tenant)
    async with parts.app.transaction(tenant_id) as tx:
        begun = await undoing.undo_import(tx, import_id, by=actor())
    async with _worker(parts):
        while True:
            async with parts.app.transaction(tenant_id) as tx:
                one = await importing.get_import(tx, import_id)
                broke_off = begun.undo_run_id is not None and (
                    (await get_run(tx, run_id=begun.undo_run_id)).state in {RunState.FAILED, RunState.CANCELED}
                )
                left = await undoing.list_left(tx, import_id, before=None, limit=limit)
            if one.undone_at is not None or broke_off:
                return one, left
            await asyncio.sleep(WATCH_SECONDS)


async def _ended(parts: Frontdesk, tenant_id: UUID, import_id: UUID, tell: Callable[[Import], None]) -> Import:
    from frontdesk.features.contacts.service import importing

    while True:
        async with parts.app.transaction(tenant_id) as tx:
            one = await importing.get_import(tx, import_id)
        tell(one)
        if not one.status.is_under_way:
            return one
        await asyncio.sleep(WATCH_SECONDS)


@asynccontextmanager
async def _worker(parts: Frontdesk) -> AsyncIterator[None]:
    """Work off imports beside whatever workers there are."""
    from frontdesk.cli.office import open_database
    from frontdesk.features.contacts.jobs import add_import_workflow
    from frontdesk.kernel.jobs import JobsWorker, Workflows

    workflows = Workflows()
    add_import_workflow(workflows, app=parts.app, folder=parts.settings.home / "imports")
    stop = asyncio.Event()
    async with open_database(parts.settings) as database_url:
        worker = JobsWorker(database_url, workflows, app=parts.app, system=parts.system)
        working = asyncio.create_task(worker.run(stop))
        try:
            yield
        finally:
            stop.set()
            await working


async def _write_report(parts: Frontdesk, one: Import, out: TextIO) -> None:
    from frontdesk.features.contacts.service import exporting, importing

    header, after = exporting.header_of(one), 0
    out.write("\ufeff" + exporting.report_header(header))
    while True:
        async with parts.app.transaction(one.tenant_id) as tx:
            faults = await importing.list_faults(tx, one.id, after=after, limit=1_000)
        out.write(exporting.report_rows(faults, width=len(header)))
        if not faults:
            return
        after = faults[-1].row_number
