"""Proving a backup by restoring it beside us: only a restore shows that there is a backup."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

from frontdesk.features import tenants
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Database
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.postgres import EmbeddedPostgres, Places, PostgresFailed
from frontdesk.kernel.postgres.programs import run_program
from frontdesk.operations.backups import queries
from frontdesk.operations.backups.model import Backup, BackupKind, DrillState, StreamState
from frontdesk.operations.backups.replaying import replayed
from frontdesk.operations.backups.restoring import opened
from frontdesk.operations.backups.shelf import Shelf
from frontdesk.operations.backups.undumping import load_dump
from frontdesk.schema.migrate import migrate

GROWS_ONLY = ("compliance_events", "audit_log")
SILENT_AFTER = timedelta(seconds=30)  # a keeper that still runs has said so by then


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a drill has shown.

    `recovery_point_ms` is how much acknowledged work a restore would have lost, `recovery_time_ms` how long
    it took until the restored server answered; `chains` counts intact audit chains.
    """

    passed: bool
    backup: str
    recovery_point_ms: int | None
    recovery_time_ms: int | None
    words: str
    rows: dict[str, int]
    chains: int
    log_bytes: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a restored server showed, and when it answered."""

    answered_after: float
    log_bytes: int
    drill_known: bool
    replayed_at: datetime | None
    rows: dict[str, int]
    chains: int
    wrong: tuple[str, ...]


async def prove(
    system: Database, shelf: Shelf, backup: Backup, *, home: Path, book: audit.AnchorBook, by: Actor
) -> Proof:
    """Restore a backup beside us, check every page, chain and count, and keep the result with its times.

    A damaged backup is a drill that failed, with the refusal's words. The real database is only asked and written to.
    """
    drill_id = new_id()
    async with system.transaction() as tx:
        await queries.add_drill(tx, drill_id=drill_id, backup_name=backup.name, by=by.shown)
        stream, began_at = await queries.find_stream(tx), tx.now
    async with system.transaction() as tx:
        before = await queries.count_rows(tx)
    anchors = await asyncio.to_thread(book.read)
    try:
        seen = await _restore_and_look(shelf, backup, home=home, drill_id=drill_id, anchors=anchors)
    except (Refused, PostgresFailed) as failure:
        proof = Proof(
            passed=False, backup=backup.name, recovery_point_ms=None, recovery_time_ms=None,
            words=str(failure), rows={}, chains=0, log_bytes=0,
        )  # fmt: skip
    else:
        async with system.transaction() as tx:
            after = await queries.count_rows(tx)
        synchronous = (
            stream is not None and stream.state == StreamState.SYNCHRONOUS and began_at - stream.seen_at < SILENT_AFTER
        )
        proof = _judge(backup, seen, before=before, after=after, began_at=began_at, synchronous=synchronous)
    async with system.transaction() as tx:
        await queries.finish_drill(
            tx,
            drill_id=drill_id,
            state=DrillState.PASSED if proof.passed else DrillState.FAILED,
            recovery_point_ms=proof.recovery_point_ms,
            recovery_time_ms=proof.recovery_time_ms,
            words=proof.words,
            report={"rows": proof.rows, "chains": proof.chains, "log_bytes": proof.log_bytes},
        )
        await audit.write_entry(
            tx, actor=by, action="backups.proven" if proof.passed else "backups.not_proven",
            subject=f"backup:{backup.name}", details={"words": proof.words},
        )  # fmt: skip
    return proof


def _judge(
    backup: Backup, seen: _Seen, *, before: dict[str, int], after: dict[str, int], began_at: datetime, synchronous: bool
) -> Proof:
    """Say what a drill has shown; with commits in two places, all from before it began has to be there."""
    wrong = list(seen.wrong)
    lost = 0.0
    if not seen.drill_known:
        reached = seen.replayed_at or (backup.started_at if backup.kind is BackupKind.DUMP else backup.finished_at)
        lost = max(0.0, (began_at - reached).total_seconds())
        if synchronous and backup.kind is BackupKind.BASE:
            wrong.append("a commit that was acknowledged before the drill began is not in the copy")
    else:
        wrong += [
            f"{name} has {seen.rows[name]} rows, of {before[name]} to {after[name]}"
            for name in GROWS_ONLY
            if not before[name] <= seen.rows[name] <= after[name]
        ]
    good = f"restored in {seen.answered_after:.1f} s, {lost:.0f} s of work lost, {seen.chains} audit chains intact"
    return Proof(
        passed=not wrong,
        backup=backup.name,
        recovery_point_ms=round(lost * 1000),
        recovery_time_ms=round(seen.answered_after * 1000),
        words="; ".join(wrong) or good,
        rows=seen.rows,
        chains=seen.chains,
        log_bytes=seen.log_bytes,
    )


async def _restore_and_look(
    shelf: Shelf, backup: Backup, *, home: Path, drill_id: UUID, anchors: audit.AnchorReading
) -> _Seen:
    started = time.monotonic()
    scratch = home / f"drill-{secrets.token_hex(4)}"
    try:
        async with _copy(shelf, backup, scratch=scratch, home=home) as (url, log_bytes):
            answered_after = time.monotonic() - started
            await migrate(url)
            wrong = await asyncio.to_thread(_check_pages, url)
            async with opened(url) as system:
                return await _look(system, drill_id, anchors, answered_after, log_bytes, wrong)
    finally:
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)


@asynccontextmanager
async def _copy(shelf: Shelf, backup: Backup, *, scratch: Path, home: Path) -> AsyncIterator[tuple[str, int]]:
    """Lend a server that was made of the backup, whichever kind it is."""
    if backup.kind is BackupKind.BASE:
        async with replayed(shelf, backup, scratch=scratch, live=Places(home), to=None, durable=False) as found:
            yield found.server.dsn, found.log_bytes
        return
    server = EmbeddedPostgres(scratch, settings={"fsync": "off", "listen_addresses": ""})
    try:
        url = await server.start()
        await load_dump(shelf, backup, url=url)
        yield url, 0
    finally:
        await server.stop()


async def _look(
    system: Database,
    drill_id: UUID,
    anchors: audit.AnchorReading,
    answered_after: float,
    log_bytes: int,
    wrong: tuple[str, ...],
) -> _Seen:
    broken, chains = [], 0
    async with system.transaction() as tx:
        known = await queries.is_drill_known(tx, drill_id=drill_id)
        replayed_at = await queries.find_replayed_at(tx)
        rows = await queries.count_rows(tx)
        businesses = [one.id for one in await tenants.list_tenants(tx)]
    for tenant_id in (None, *businesses):
        async with system.transaction(tenant_id) as tx:
            heads = anchors.of("audit", tenant_id) if known else ()
            state = await audit.verify_chain(tx, tenant_id=tenant_id, anchors=heads)
        if isinstance(state, audit.Broken):
            broken.append(f"the audit chain of {tenant_id or 'the platform'} breaks at {state.seq}: {state.damage}")
        else:
            chains += 1
    return _Seen(answered_after, log_bytes, known, replayed_at, rows, chains, (*wrong, *broken))


def _check_pages(url: str) -> tuple[str, ...]:
    """Let PostgreSQL read every table and index of the copy; returns what is wrong."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    environ = {
        "PGHOST": asked.get("host", parts.hostname or ""),
        "PGPORT": asked.get("port", str(parts.port or "")),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
    }
    database = parts.path.removeprefix("/")
    try:
        run_program("pg_amcheck", "--install-missing", f"--database={database}", environ=environ)
    except PostgresFailed as failure:
        return (str(failure),)
    return ()
