"""Restoring: beside the real server, then in its place; fenced, and with nobody let back in who had said STOP."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from frontdesk.features import consent, delivery, tenants
from frontdesk.kernel import audit, epoch
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.journal import Journal, JournalEntry
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.kernel.postgres import EmbeddedPostgres, Places
from frontdesk.kernel.postgres.receiver import end_strays
from frontdesk.operations.backups import queries
from frontdesk.operations.backups.model import Backup, BackupKind, choose_backup
from frontdesk.operations.backups.replaying import replayed
from frontdesk.operations.backups.shelf import Shelf
from frontdesk.schema.migrate import migrate

LEEWAY = timedelta(hours=1)  # the journal is written before the commit that the database forgot
SPARE = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore has done.

    `reached_at` is the moment of the last commit that came back; `brought_back` counts refusals taken from the
    journal; `kept_aside` is where the files from before lie, empty if there were none.
    """

    backup: str
    asked_for: datetime | None
    reached_at: datetime | None
    seconds: float
    log_bytes: int
    brought_back: int
    dropped: int
    journal_damage: tuple[str, ...]
    kept_aside: str


async def restore_embedded(
    shelf: Shelf, *, home: Path, to: datetime | None, by: Actor, backup_name: str = "", keep_queued: bool = False
) -> Restored:
    """Put the embedded server back to a moment (None: the latest), in place of what is there, which is kept aside.

    Nothing is changed until the restored server has come up and has been fenced. Refuses a running installation
    (`restore.running`, 409), a moment before the first backup (`restore.no_backup`, 404), a disk without room for it
    (`restore.no_room`), and damaged backups. Texts that waited at an earlier moment may have left since: they are
    dropped unless `keep_queued` is given.
    """
    started = time.monotonic()
    live = EmbeddedPostgres(home)
    try:
        async with live.kept_down():
            backup = await _choose(shelf, to=to, backup_name=backup_name)
            place = shelf.cluster(backup.cluster)
            await asyncio.to_thread(end_strays, place.arriving)
            _require_room(home, backup)
            scratch = home / f"restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
            try:
                async with replayed(shelf, backup, scratch=scratch, live=live.places, to=to, durable=True) as found:
                    drop = to is not None and not keep_queued
                    report = await settle_copy(
                        found.server.dsn, home=home, backup=backup, to=to, drop_waiting=drop, by=by
                    )
                await asyncio.to_thread(place.archive_all)
                aside = _swap(Places(scratch), live.places)
            finally:
                await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)
    except BlockingIOError as error:
        raise Refused(
            "restore.running", "this installation runs: stop `frontdesk up` first (Ctrl-C), then restore", status=409
        ) from error
    return Restored(
        backup=backup.name,
        asked_for=to,
        reached_at=report.reached_at,
        seconds=time.monotonic() - started,
        log_bytes=found.log_bytes,
        brought_back=report.brought_back,
        dropped=report.dropped,
        journal_damage=report.journal_damage,
        kept_aside=aside,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What was done to a restored copy before anybody may use it."""

    reached_at: datetime | None
    brought_back: int
    dropped: int
    journal_damage: tuple[str, ...]


async def settle_copy(
    url: str, *, home: Path, backup: Backup, to: datetime | None, drop_waiting: bool, by: Actor
) -> Settled:
    """Fence a restored database and bring back from the journal of `home` whoever refuses to be texted.

    With `drop_waiting` no text that waited then is sent later: it may have left since.
    """
    await migrate(url)
    asked = "the latest moment" if to is None else f"{to.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    async with opened(url) as system:
        async with system.transaction() as tx:
            reached_at = await queries.find_replayed_at(tx) or backup.started_at
            await epoch.end_epoch(tx, because=f"restored from {backup.name} to {asked}", by=by)
        brought_back, damage = await reconcile_journal(system, home=home, since=reached_at - LEEWAY)
        dropped = await _drop_waiting(system) if drop_waiting else 0
        async with system.transaction() as tx:
            details = {
                "backup": backup.name,
                "to": asked,
                "reached": str(reached_at),
                "refusals": brought_back,
                "dropped": dropped,
            }
            await audit.write_entry(tx, actor=by, action="backups.restored", subject="backups:system", details=details)
    return Settled(reached_at=reached_at, brought_back=brought_back, dropped=dropped, journal_damage=damage)


async def _drop_waiting(system: Database) -> int:
    async with system.transaction() as tx:
        businesses = await tenants.list_tenants(tx)
    dropped = 0
    for business in businesses:
        async with system.transaction(business.id) as tx:
            dropped += await delivery.drop_waiting(tx)
    return dropped


async def reconcile_journal(system: Database, *, home: Path, since: datetime | None) -> tuple[int, tuple[str, ...]]:
    """Bring refusals back that stand in the journal outside the database and not in it.

    Returns how many, and what is damaged in the journal, in sentences.
    """
    reading = await asyncio.to_thread(Journal(home / "journal").read_all)
    async with system.transaction() as tx:
        known = {business.id for business in await tenants.list_tenants(tx)}
    count = 0
    for tenant_id in sorted(consent.read_tenants(reading.entries), key=str):
        if tenant_id is None or tenant_id in known:
            mine: list[JournalEntry] = [
                one for one in reading.entries if one.entry.get("tenant_id") == (tenant_id and str(tenant_id))
            ]
            async with system.transaction(tenant_id) as tx:
                count += await consent.bring_back_refusals(tx, mine, since=since)
    return count, tuple(f"{one.file}, line {one.line}: {one.wrong}" for one in reading.damage)


@asynccontextmanager
async def opened(url: str, *, role: Role = Role.SYSTEM) -> AsyncIterator[Database]:
    """Lend a database to a task that looks across tenants."""
    system = await Database.open(
        url, role=role, clock=DatabaseClock(), flush=flush_with(Handlers([])), max_size=2,
        application_name="frontdesk-backups",
    )  # fmt: skip
    try:
        yield system
    finally:
        await system.close()


async def _choose(shelf: Shelf, *, to: datetime | None, backup_name: str) -> Backup:
    backups = [one for one in await asyncio.to_thread(shelf.list_backups) if one.kind is BackupKind.BASE]
    if backup_name:
        backups = [one for one in backups if one.name == backup_name]
    found = choose_backup(backups, to=to)
    if found is None:
        first = min((one.finished_at for one in backups), default=None)
        there = "there is none" if first is None else f"the first leads to {first:%Y-%m-%d %H:%M:%S} UTC"
        raise Refused("restore.no_backup", f"no backup in {shelf.folder} leads to that moment: {there}", status=404)
    return found


def _require_room(home: Path, backup: Backup) -> None:
    free, needed = shutil.disk_usage(home).free, int(backup.content_bytes * SPARE)
    if free < needed:
        wanted = f"{needed / 2**30:.1f} GiB are needed beside the old files and {free / 2**30:.1f} are free"
        raise Refused("restore.no_room", f"there is no room to restore in {home}: {wanted}")


def _swap(restored: Places, live: Places) -> str:
    """Put the restored files in the place of the old ones, which are kept aside; returns where."""
    aside = live.folder / f"data.before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    was_there = live.data.exists()
    if was_there:
        live.data.rename(aside)
    restored.data.rename(live.data)
    password = restored.password()
    if not live.password_file.exists() or live.password() != password:
        live.password_file.unlink(missing_ok=True)
        live.password_file.touch(mode=0o600)
        live.password_file.write_text(password, encoding="utf-8")
    return str(aside) if was_there else ""
