"""Loading a logical dump into an empty database: the way back for a PostgreSQL of your own."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import UNAVAILABLE, Role
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.postgres.programs import run_program
from frontdesk.operations.backups import queries
from frontdesk.operations.backups.model import Backup
from frontdesk.operations.backups.restoring import Settled, opened, settle_copy
from frontdesk.operations.backups.sealing import FRAME_BYTES, SealedReader, check_sealed
from frontdesk.operations.backups.shelf import DUMPS, Shelf


async def restore_into(
    shelf: Shelf, backup: Backup, *, url: str, home: Path, by: Actor, keep_queued: bool = False
) -> Settled:
    """Load a dump into the empty database at `url`, fence it, and bring back refusals from the journal of `home`.

    Refuses a database that is not empty (`restore.not_empty`, 409) or cannot be reached (`restore.unreachable`).
    """
    await load_dump(shelf, backup, url=url)
    to = backup.started_at
    return await settle_copy(url, home=home, backup=backup, to=to, drop_waiting=not keep_queued, by=by)


async def load_dump(shelf: Shelf, backup: Backup, *, url: str) -> None:
    """Load a dump into the empty database at `url`: all of it or nothing."""
    try:
        async with opened(url, role=Role.LOGIN) as login, login.transaction() as tx:
            if await queries.count_tables(tx):
                raise Refused("restore.not_empty", "the database has tables: name an empty one with --into", status=409)
            await queries.ensure_roles(tx)
    except UNAVAILABLE as error:
        raise Refused("restore.unreachable", f"the database cannot be reached: {error}") from error
    path = shelf.cluster(DUMPS).content_of(backup)
    await asyncio.to_thread(check_sealed, path, key=shelf.key)
    options = ("--no-owner", "--single-transaction", "--exit-on-error", "--no-password")
    await asyncio.to_thread(run_program, "pg_restore", *options, url=url, given=_content(path, shelf.key))


def _content(path: Path, key: str) -> Iterator[bytes]:
    with io.BufferedReader(SealedReader(path, key=key), FRAME_BYTES) as stream:
        while chunk := stream.read(FRAME_BYTES):
            yield chunk
