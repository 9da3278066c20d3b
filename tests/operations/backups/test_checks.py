"""What the checks and readings of backups say, and what their remedies order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from frontdesk.kernel import epoch
from frontdesk.kernel.db import Database, Role, Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.upkeep import Approval, Finding, Order, Severity
from frontdesk.operations.backups import queries
from frontdesk.operations.backups.checks import CHECKS, READINGS, REMEDIES
from frontdesk.operations.backups.model import BackupKind, BackupState, DrillState, StreamState
from frontdesk.operations.backups.restoring import opened
from frontdesk.operations.backups.sabotage import SABOTAGES
from tests.support.actors import ADA_ACTS

CHECK = {check.name.removeprefix("backups."): check for check in CHECKS}
READING = {reading.name: reading for reading in READINGS}
AGE_ROWS = """
    with aged as (update backups set finished_at = finished_at - $1::interval),
         older as (update backup_drills set finished_at = finished_at - $1::interval)
    update wal_streams set seen_at = seen_at - $1::interval, since_at = since_at - $1::interval
"""


async def look(system: Database, name: str) -> Finding:
    async with system.transaction() as tx:
        return await CHECK[name].look(tx)


async def read(system: Database, name: str) -> list[float]:
    async with system.transaction() as tx:
        return [sample.value for sample in await READING[name].measure(tx)]


async def do(system: Database, work: Callable[[Transaction], Awaitable[object]]) -> None:
    async with system.transaction() as tx:
        await work(tx)


async def age(database_url: str, by: timedelta) -> None:
    """Let all that was written lie further back, as its owner."""
    async with opened(database_url, role=Role.LOGIN) as login, login.transaction() as tx:
        await tx.execute(AGE_ROWS, by)


async def backed_up(tx: Transaction, *, state: BackupState = BackupState.FINISHED) -> None:
    await queries.add_backup(
        tx, backup_id=new_id(), name="base-1", kind=BackupKind.BASE, state=state, size_bytes=1,
        words="the disk is full" if state is BackupState.FAILED else "", started_at=tx.now,
    )  # fmt: skip


async def test_a_backup_that_is_missing_late_or_failing_is_told(system: Database, database_url: str) -> None:
    assert (await look(system, "backup_is_young")).severity is Severity.WARNING
    await system.perform(epoch.found)
    assert (await look(system, "backup_is_young")).severity is Severity.INFO, "a new installation has an hour"
    assert await read(system, "backup_age_hours") == []
    await do(system, backed_up)
    assert (await look(system, "backup_is_young")).severity is Severity.OK
    [hours] = await read(system, "backup_age_hours")
    assert 0 <= hours < 1
    await age(database_url, timedelta(hours=27))
    await do(system, lambda tx: backed_up(tx, state=BackupState.FAILED))
    late = await look(system, "backup_is_young")
    assert late.severity is Severity.CRITICAL
    assert late.evidence["last_failure"] == "the disk is full"
    [hours] = await read(system, "backup_age_hours")
    assert 26.9 < hours < 28


async def test_a_copy_of_the_log_that_stops_is_told_and_one_that_is_off_is_not_alarming(
    system: Database, database_url: str
) -> None:
    async def put(tx: Transaction, state: StreamState) -> None:
        await queries.put_stream(tx, state=state, words=state.value, lag_bytes=5, lag_ms=2_000, archived=1)

    assert (await look(system, "log_is_copied")).severity is Severity.INFO
    assert await read(system, "sync_degraded") == []
    await do(system, lambda tx: put(tx, StreamState.SYNCHRONOUS))
    assert (await look(system, "log_is_copied")).severity is Severity.OK
    assert await read(system, "sync_degraded") == [0.0]
    assert await read(system, "wal_receiver_lag_seconds") == [2.0]
    await do(system, lambda tx: put(tx, StreamState.DEGRADED))
    assert (await look(system, "log_is_copied")).severity is Severity.WARNING
    assert await read(system, "sync_degraded") == [1.0]
    await age(database_url, timedelta(minutes=5))
    silent = await look(system, "log_is_copied")
    assert silent.severity is Severity.CRITICAL
    assert "silent" in silent.words
    [lag] = await read(system, "wal_receiver_lag_seconds")
    assert lag > 200
    await do(system, lambda tx: put(tx, StreamState.DEGRADED))
    lasting = await look(system, "log_is_copied")
    assert (lasting.severity, lasting.words) == (Severity.CRITICAL, "degraded")
    await do(system, lambda tx: put(tx, StreamState.OFF))
    assert (await look(system, "log_is_copied")).severity is Severity.INFO


async def test_a_drill_that_failed_or_is_overdue_is_told(system: Database, database_url: str) -> None:
    async def drill(tx: Transaction, state: DrillState) -> None:
        drill_id = new_id()
        await queries.add_drill(tx, drill_id=drill_id, backup_name="base-1", by="test")
        await queries.finish_drill(
            tx,
            drill_id=drill_id,
            state=state,
            recovery_point_ms=0,
            recovery_time_ms=1_700,
            words=state.value,
            report={},
        )

    assert (await look(system, "restore_is_proven")).severity is Severity.INFO
    await do(system, lambda tx: drill(tx, DrillState.PASSED))
    proven = await look(system, "restore_is_proven")
    assert proven.severity is Severity.OK
    assert proven.evidence["recovery_time_ms"] == 1_700
    await age(database_url, timedelta(days=10))
    assert (await look(system, "restore_is_proven")).severity is Severity.WARNING
    [days] = await read(system, "restore_drill_age_days")
    assert 9 < days < 11
    await do(system, lambda tx: drill(tx, DrillState.FAILED))
    assert (await look(system, "restore_is_proven")).severity is Severity.CRITICAL


async def test_a_fence_is_told_as_long_as_it_stands(system: Database) -> None:
    await system.perform(epoch.found)
    assert (await look(system, "database_is_claimed")).severity is Severity.OK
    assert await read(system, "sending_fenced") == [0.0]
    await do(system, lambda tx: epoch.end_epoch(tx, because="restored", by=ADA_ACTS))
    fenced = await look(system, "database_is_claimed")
    assert (fenced.severity, fenced.words) == (Severity.CRITICAL, "nothing is sent: restored")
    assert await read(system, "sending_fenced") == [1.0]


async def test_remedies_order_runs_that_the_worker_knows(system: Database) -> None:
    for remedy, workflow in zip(REMEDIES[:2], ("backups.take.v1", "backups.drill.v1"), strict=True):
        async with system.transaction() as tx:
            words = await remedy.act(tx, Order(by=ADA_ACTS, reason="to be sure"))
            assert await tx.fetchval("select count(*) from job_runs where workflow = $1", workflow) == 1
        assert "run" in words


async def test_the_owner_may_lift_the_fence_by_a_remedy(system: Database) -> None:
    await system.perform(epoch.found)
    await do(system, lambda tx: epoch.end_epoch(tx, because="restored", by=ADA_ACTS))
    claim = REMEDIES[2]
    assert claim.approval is Approval.OWNER
    await do(system, lambda tx: claim.act(tx, Order(by=ADA_ACTS, reason="looked, all there")))
    assert (await look(system, "database_is_claimed")).severity is Severity.OK


async def test_what_a_drill_breaks_is_seen(system: Database) -> None:
    await system.perform(epoch.found)
    await do(system, backed_up)
    for sabotage, seen_by in zip(SABOTAGES, ("backup_is_young", "database_is_claimed"), strict=True):
        assert (await look(system, seen_by)).is_well
        await do(system, sabotage.act)
        assert (await look(system, seen_by)).severity is Severity.CRITICAL
