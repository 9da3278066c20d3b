"""The SQL of imports as such: how far each file has come, and what was wrong with its rows."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec

from frontdesk.features.contacts.model import Import, ImportStatus, Problem, RowFault, RowOutcome, Tally
from frontdesk.kernel.db import Transaction, affected

INSERT_IMPORT = """
    insert into imports (id, tenant_id, filename, file_kind, file_bytes, file_sha256, status, settings, layout,
                         created_by, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, 'uploaded', $7::jsonb, $8::jsonb, $9, $10, $10)
"""
FIND_IMPORT = """
    select id, tenant_id, filename, file_kind, file_bytes, file_sha256, status, settings::text as settings,
           layout::text as layout, dry_run, starts, run_id, rows_total, rows_read, rows_done, rows_added, rows_merged,
           rows_rejected, rows_noted, failure_code, failure, created_by, created_at, updated_at, started_at,
           finished_at, rows_forgotten_at, undo_run_id, undo_starts, undo_started_at, undone_at, undone_removed,
           undone_restored, undone_left
    from imports where tenant_id = $1 and id = $2
"""
LOCK_IMPORT = """
    select id, tenant_id, filename, file_kind, file_bytes, file_sha256, status, settings::text as settings,
           layout::text as layout, dry_run, starts, run_id, rows_total, rows_read, rows_done, rows_added, rows_merged,
           rows_rejected, rows_noted, failure_code, failure, created_by, created_at, updated_at, started_at,
           finished_at, rows_forgotten_at, undo_run_id, undo_starts, undo_started_at, undone_at, undone_removed,
           undone_restored, undone_left
    from imports where tenant_id = $1 and id = $2 for update
"""
LIST_IMPORTS = """
    select id, tenant_id, filename, file_kind, file_bytes, file_sha256, status, settings::text as settings,
           layout::text as layout, dry_run, starts, run_id, rows_total, rows_read, rows_done, rows_added, rows_merged,
           rows_rejected, rows_noted, failure_code, failure, created_by, created_at, updated_at, started_at,
           finished_at, rows_forgotten_at, undo_run_id, undo_starts, undo_started_at, undone_at, undone_removed,
           undone_restored, undone_left
    from imports where tenant_id = $1 and id < $2 order by id desc limit $3
"""
# A start from the first row forgets the last one's figures; a resumed one keeps them.
QUEUE = """
    update imports
    set status = 'queued', run_id = $3, starts = starts + 1, dry_run = $4, settings = $5::jsonb,
        rows_total = case when $6 then rows_total end, rows_read = 0,
        rows_done = case when $6 then rows_done else 0 end, rows_added = case when $6 then rows_added else 0 end,
        rows_merged = case when $6 then rows_merged else 0 end,
        rows_rejected = case when $6 then rows_rejected else 0 end,
        rows_noted = case when $6 then rows_noted else 0 end,
        failure_code = '', failure = '', started_at = $7, finished_at = null, updated_at = $7,
        rows_forgotten_at = case when $6 then rows_forgotten_at end
    where tenant_id = $1 and id = $2
"""
MOVE = """
    update imports
    set status = $4, failure_code = $5, failure = $6, updated_at = $7,
        finished_at = case when $4 in ('checked', 'completed', 'failed', 'canceled') then $7::timestamptz end
    where tenant_id = $1 and id = $2 and status = any ($3::text[])
"""
NOTE_READING = """
    update imports set rows_read = $3, updated_at = $4 where tenant_id = $1 and id = $2 and status = 'reading'
"""
NOTE_READ = """
    update imports
    set status = case when dry_run then 'checking' else 'importing' end, layout = $3::jsonb, rows_total = $4,
        rows_read = $4, updated_at = $5
    where tenant_id = $1 and id = $2 and status = 'reading'
"""
# The row that a batch must find unchanged: whoever has lost the import, or comes twice, writes nothing.
RECORD_BATCH = """
    update imports
    set rows_done = rows_done + $4, rows_added = rows_added + $5, rows_merged = rows_merged + $6,
        rows_rejected = rows_rejected + $7, rows_noted = rows_noted + $8, updated_at = $9
    where tenant_id = $1 and id = $2 and rows_done = $3 and status in ('checking', 'importing')
"""
PUT_ROWS = """
    insert into import_rows (tenant_id, import_id, row_number, outcome, problems, cells)
    select $1, $2, given.row_number, given.outcome, given.problems::jsonb, given.cells::jsonb
    from unnest($3::integer[], $4::text[], $5::text[], $6::text[]) as given (row_number, outcome, problems, cells)
    on conflict (import_id, row_number) do nothing
"""
FORGET_ROWS = "delete from import_rows where tenant_id = $1 and import_id = $2"
LIST_ROWS = """
    select row_number, outcome, problems::text as problems, cells::text as cells from import_rows
    where tenant_id = $1 and import_id = $2 and row_number > $3 order by row_number limit $4
"""


async def insert_import(
    tx: Transaction,
    *,
    import_id: UUID,
    filename: str,
    file_kind: str,
    file_bytes: int,
    file_sha256: str,
    settings: str,
    layout: str,
    by: str,
) -> None:
    """Add a file that waits to be started; `settings` and `layout` are JSON."""
    await tx.execute(
        INSERT_IMPORT,
        import_id,
        tx.tenant,
        filename,
        file_kind,
        file_bytes,
        file_sha256,
        settings,
        layout,
        by,
        tx.now,
    )


async def find_import(tx: Transaction, *, import_id: UUID) -> Import | None:
    """Find an import by id."""
    row = await tx.fetchrow(FIND_IMPORT, tx.tenant, import_id)
    return None if row is None else _import(row)


async def lock_import(tx: Transaction, *, import_id: UUID) -> Import | None:
    """Find an import and hold its row until the end of the transaction."""
    row = await tx.fetchrow(LOCK_IMPORT, tx.tenant, import_id)
    return None if row is None else _import(row)


async def list_imports(tx: Transaction, *, before: UUID, limit: int) -> list[Import]:
    """List imports, newest first, from before a given one."""
    return [_import(row) for row in await tx.fetch(LIST_IMPORTS, tx.tenant, before, limit)]


async def requeue_import(
    tx: Transaction, *, import_id: UUID, run_id: UUID, dry_run: bool, settings: str, resumed: bool
) -> None:
    """Note that a run was started; a resumed one goes on with the figures that there are."""
    await tx.execute(QUEUE, tx.tenant, import_id, run_id, dry_run, settings, resumed, tx.now)


async def move_import(
    tx: Transaction, *, import_id: UUID, since: Sequence[ImportStatus], to: ImportStatus, code: str = "", why: str = ""
) -> bool:
    """Move an import to another state if it is in one of `since`; tells whether it was."""
    tag = await tx.execute(MOVE, tx.tenant, import_id, [one.value for one in since], to.value, code, why, tx.now)
    return affected(tag) == 1


async def note_reading(tx: Transaction, *, import_id: UUID, rows: int) -> None:
    """Note how many rows of a file have been read so far."""
    await tx.execute(NOTE_READING, tx.tenant, import_id, rows, tx.now)


async def note_read(tx: Transaction, *, import_id: UUID, layout: str, rows: int) -> bool:
    """Note that a file was read to its end, and go on to its rows; tells whether it was still being read."""
    return affected(await tx.execute(NOTE_READ, tx.tenant, import_id, layout, rows, tx.now)) == 1


async def record_batch(tx: Transaction, *, import_id: UUID, done_before: int, tally: Tally) -> bool:
    """Count a batch, if it is the next one; tells whether it was."""
    tag = await tx.execute(
        RECORD_BATCH,
        tx.tenant,
        import_id,
        done_before,
        tally.done,
        tally.added,
        tally.merged,
        tally.rejected,
        tally.noted,
        tx.now,
    )
    return affected(tag) == 1


async def put_rows(tx: Transaction, *, import_id: UUID, faults: Sequence[RowFault]) -> None:
    """Keep what was wrong with some rows."""
    await tx.execute(
        PUT_ROWS,
        tx.tenant,
        import_id,
        [one.row_number for one in faults],
        [one.outcome.value for one in faults],
        [msgspec.json.encode(one.problems).decode() for one in faults],
        [msgspec.json.encode(one.cells).decode() for one in faults],
    )


async def forget_rows(tx: Transaction, *, import_id: UUID) -> None:
    """Forget what was wrong with the rows of an import."""
    await tx.execute(FORGET_ROWS, tx.tenant, import_id)


async def list_rows(tx: Transaction, *, import_id: UUID, after: int, limit: int) -> list[RowFault]:
    """List rows that were not taken as they stand, in the order of the file, from after a given one."""
    return [
        RowFault(
            row_number=row["row_number"],
            outcome=RowOutcome(row["outcome"]),
            problems=msgspec.json.decode(row["problems"], type=list[Problem]),
            cells=msgspec.json.decode(row["cells"], type=list[str]),
        )
        for row in await tx.fetch(LIST_ROWS, tx.tenant, import_id, after, limit)
    ]


def _import(row: asyncpg.Record) -> Import:
    return Import(**dict(row) | {"status": ImportStatus(row["status"])})
