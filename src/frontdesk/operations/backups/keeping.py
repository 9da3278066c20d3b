"""Where an installation's backups stand, and taking one of whatever database it has."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from frontdesk.kernel.db import Database
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.postgres import Places, PostgresFailed
from frontdesk.kernel.postgres.holding import log_held
from frontdesk.kernel.secrets import ensure_secret
from frontdesk.kernel.settings import Settings
from frontdesk.operations.backups import queries
from frontdesk.operations.backups.model import Backup, BackupKind, BackupState, choose_backup
from frontdesk.operations.backups.shelf import Shelf
from frontdesk.operations.backups.taking import take_base, take_dump

KEY = "backup_key"


def shelf_of(settings: Settings) -> Shelf:
    """Open the backups of an installation; the key is BACKUP_KEY, else one generated once into the home folder."""
    folder = settings.backups.folder or settings.home / "backups"
    given = settings.backups.key
    key = given.get_secret_value() if given is not None else ensure_secret(settings.home, KEY)
    return Shelf(folder.expanduser().resolve(), key)


def address_of(settings: Settings) -> str:
    """Tell the address of the database: DATABASE_URL, else that of the embedded server, which has been started once."""
    given = settings.database.url
    return Places(settings.home).socket_dsn() if given is None else given.get_secret_value()


def is_embedded(settings: Settings, url: str) -> bool:
    """Tell whether the database at `url` is this installation's own server."""
    return Places(settings.home).is_address_of(url)


async def take(system: Database, settings: Settings, *, url: str) -> Backup:
    """Take a backup of the database at `url`, write it down, and delete what has been kept long enough.

    Of the embedded server its files, of another one a dump of its rows. A failure is written down too. Refuses a login
    that cannot see every row (`backups.rows_hidden`), a standby (`backups.standby`), and what cannot be taken
    (`backups.failed`).
    """
    shelf, embedded = shelf_of(settings), is_embedded(settings, url)
    shelf.make()
    async with system.transaction() as tx:
        server, started_at = await queries.get_server(tx), tx.now
    kind = BackupKind.BASE if embedded else BackupKind.DUMP
    try:
        backup = await _take(shelf, server, settings, url=url, embedded=embedded)
    except (Refused, PostgresFailed, OSError) as failure:
        async with system.transaction() as tx:
            await queries.add_backup(
                tx, backup_id=new_id(), name="", kind=kind, state=BackupState.FAILED, size_bytes=0, words=str(failure),
                started_at=started_at,
            )  # fmt: skip
        if isinstance(failure, Refused):
            raise
        raise Refused("backups.failed", f"no backup was taken: {failure}", status=503) from failure
    async with system.transaction() as tx:
        await queries.add_backup(
            tx, backup_id=new_id(), name=backup.name, kind=kind, state=BackupState.FINISHED,
            size_bytes=backup.size_bytes, words="", started_at=started_at,
        )  # fmt: skip
        before = tx.now - timedelta(days=settings.backups.retention_days)
    place = shelf.cluster(backup.cluster if embedded else "dumps")
    await asyncio.to_thread(place.forget_expired, before=before)
    kept = [one.name for one in await asyncio.to_thread(shelf.list_backups)]
    async with system.transaction() as tx:
        await queries.forget_backups(tx, before=before, kept=kept)
    return backup


async def _take(shelf: Shelf, server: queries.ServerFacts, settings: Settings, *, url: str, embedded: bool) -> Backup:
    if server.standby:
        raise Refused("backups.standby", "this server is a standby: take backups of the one it follows", status=409)
    if embedded:
        async with log_held(url):
            return await asyncio.to_thread(
                take_base, shelf, url=url, cluster=server.cluster, server_version=server.version,
                password=Places(settings.home).password(),
            )  # fmt: skip
    if not (server.sees_all_rows or server.has_policy):
        raise Refused(
            "backups.rows_hidden",
            "row-level security hides rows from this login: use one that bypasses it, or is in frontdesk_system",
            status=403,
        )
    return await asyncio.to_thread(
        take_dump, shelf, url=url, cluster=server.cluster, server_version=server.version,
        row_security=not server.sees_all_rows,
    )  # fmt: skip


async def find_backup(shelf: Shelf, *, name: str = "", kind: BackupKind | None = None) -> Backup:
    """Find a backup by its name, or the latest of a kind; refuses `backups.unknown` (404)."""
    backups = [
        one
        for one in await asyncio.to_thread(shelf.list_backups)
        if (not name or one.name == name) and (kind is None or one.kind is kind)
    ]
    found = choose_backup(backups, to=None)
    if found is None:
        wanted = (
            f"no backup is called {name}" if name else "there is no backup yet: take one with `frontdesk backup now`"
        )
        raise Refused("backups.unknown", wanted, status=404)
    return found


def require_data(settings: Settings) -> None:
    """Refuse to found an empty server where the data of one is gone and backups of it are here (`up.data_missing`)."""
    if settings.database.url is not None or (Places(settings.home).data / "PG_VERSION").exists():
        return
    if not shelf_of(settings).is_empty():
        raise Refused(
            "up.data_missing",
            f"the data of PostgreSQL is gone from {settings.home}, and there are backups of it: restore with"
            " `frontdesk restore --to latest`; to begin anew, move the backups away",
        )
