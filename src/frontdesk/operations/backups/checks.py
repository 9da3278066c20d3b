"""Is there a way back? Checks and readings of backups, the second copy of the log, drills and the fence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from frontdesk.kernel import epoch
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.jobs import start_run
from frontdesk.kernel.upkeep import Approval, Check, Finding, Order, Reading, Remedy, Sample, Severity
from frontdesk.operations.backups import queries
from frontdesk.operations.backups.jobs import DRILL, TAKE
from frontdesk.operations.backups.model import BackupState, DrillState, StreamState

BACKUP_HOURS = 26.0  # the nightly backup and two hours to notice
DRILL_DAYS = 8.0  # the weekly drill and a day to notice
FOUNDING = timedelta(hours=1)  # the first backup is taken within a minute
LAG_SECONDS = 60.0
SILENT = timedelta(seconds=60)
HOUR, DAY = 3600.0, 86_400.0


async def _backup_is_young(tx: Transaction) -> Finding:
    age, failed = await queries.measure_backup_age(tx), await queries.find_last_backup(tx, state=BackupState.FAILED)
    done = await queries.find_last_backup(tx, state=BackupState.FINISHED)
    evidence: dict[str, object] = {"last": done.name if done else "", "finished_at": done.finished_at if done else None}
    if failed is not None and (done is None or failed.finished_at > done.finished_at):
        evidence["last_failure"] = failed.words
    if age is None:
        words = "there is no backup yet: the first is taken within the first minutes, and each night at 02:00 UTC"
        founded_at = await queries.find_founded_at(tx)
        new = founded_at is not None and tx.now - founded_at < FOUNDING
        return Finding(severity=Severity.INFO if new else Severity.WARNING, words=words, evidence=evidence)
    hours = age / HOUR
    if hours > BACKUP_HOURS:
        words = f"the last backup is {hours:.0f} hours old"
        return Finding(severity=Severity.CRITICAL, words=words, value=hours, evidence=evidence)
    return Finding(
        severity=Severity.OK, words=f"the last backup is {hours:.1f} hours old", value=hours, evidence=evidence
    )


async def _log_is_copied(tx: Transaction) -> Finding:
    stream = await queries.find_stream(tx)
    if stream is None:
        words = "nobody keeps a second copy of the log: a server of your own, or `up` has not run"
        return Finding(severity=Severity.INFO, words=words)
    evidence = {
        "state": stream.state,
        "since_at": stream.since_at,
        "seen_at": stream.seen_at,
        "lag_bytes": stream.lag_bytes,
    }
    silent = tx.now - stream.seen_at
    if stream.state == StreamState.OFF:
        return Finding(severity=Severity.INFO, words=stream.words, evidence=evidence)
    if silent > SILENT:
        words = f"the keeper of the log's second copy has been silent for {silent.total_seconds():.0f} s"
        return Finding(severity=Severity.CRITICAL, words=words, evidence=evidence)
    severity, lasting = Severity.OK, tx.now - stream.since_at > SILENT
    if stream.state == StreamState.DEGRADED:
        severity = Severity.CRITICAL if lasting else Severity.WARNING
    elif stream.state == StreamState.STARTING:
        severity = Severity.WARNING if lasting else Severity.INFO
    return Finding(severity=severity, words=stream.words, value=stream.lag_ms / 1000, evidence=evidence)


async def _restore_is_proven(tx: Transaction) -> Finding:
    age, drills = await queries.measure_drill_age(tx), await queries.list_drills(tx, limit=1)
    last = drills[0] if drills else None
    evidence: dict[str, object] = {}
    if last is not None:
        evidence = {
            "last": last.state,
            "words": last.words,
            "recovery_point_ms": last.recovery_point_ms,
            "recovery_time_ms": last.recovery_time_ms,
        }
    if last is not None and last.state == DrillState.FAILED:
        return Finding(
            severity=Severity.CRITICAL, words=f"the last restore drill failed: {last.words}", evidence=evidence
        )
    if age is None:
        words = "no backup has been proven by a restore yet: `frontdesk backup verify`"
        return Finding(severity=Severity.INFO, words=words, evidence=evidence)
    days = age / DAY
    severity = Severity.WARNING if days > DRILL_DAYS else Severity.OK
    words = f"the last restore drill passed {days:.0f} days ago"
    return Finding(severity=severity, words=words, value=days, evidence=evidence)


async def _database_is_claimed(tx: Transaction) -> Finding:
    era = await epoch.read_epoch(tx)
    if era.claimed:
        return Finding(severity=Severity.OK, words=f"claimed by {era.claimed_by}: {era.reason}")
    evidence = {"server_now": era.server_now, "claimed": era.server, "ended_at": era.ended_at}
    return Finding(severity=Severity.CRITICAL, words=f"nothing is sent: {era.why_fenced}", evidence=evidence)


CHECKS: tuple[Check, ...] = (
    Check(
        name="backups.backup_is_young",
        sentence="The last backup is less than 26 hours old",
        runbook="backup",
        look=_backup_is_young,
    ),
    Check(
        name="backups.log_is_copied",
        sentence="Every acknowledged commit is in two places",
        runbook="backup",
        look=_log_is_copied,
    ),
    Check(
        name="backups.restore_is_proven",
        sentence="A backup has been restored for proof within the last 8 days",
        runbook="backup",
        look=_restore_is_proven,
    ),
    Check(
        name="backups.database_is_claimed",
        sentence="A person has said that this database may send",
        runbook="restore",
        look=_database_is_claimed,
    ),
)


async def _backup_age_hours(tx: Transaction) -> Sequence[Sample]:
    age = await queries.measure_backup_age(tx)
    return () if age is None else (Sample(age / HOUR),)


async def _drill_age_days(tx: Transaction) -> Sequence[Sample]:
    age = await queries.measure_drill_age(tx)
    return () if age is None else (Sample(age / DAY),)


async def _receiver_lag_seconds(tx: Transaction) -> Sequence[Sample]:
    stream = await queries.find_stream(tx)
    if stream is None or stream.state == StreamState.OFF:
        return ()
    return (Sample(max(stream.lag_ms / 1000, (tx.now - stream.seen_at - SILENT).total_seconds())),)


async def _sync_degraded(tx: Transaction) -> Sequence[Sample]:
    stream = await queries.find_stream(tx)
    return () if stream is None else (Sample(float(stream.state == StreamState.DEGRADED)),)


async def _fenced(tx: Transaction) -> Sequence[Sample]:
    return (Sample(float(not await epoch.is_claimed(tx))),)


READINGS: tuple[Reading, ...] = (
    Reading(name="backup_age_hours", help="Hours since the last backup was finished.", measure=_backup_age_hours),
    Reading(
        name="wal_receiver_lag_seconds",
        help="Seconds that the second copy of the log is behind.",
        measure=_receiver_lag_seconds,
    ),
    Reading(name="restore_drill_age_days", help="Days since the last restore drill passed.", measure=_drill_age_days),
    Reading(name="sync_degraded", help="1 while commits are acknowledged in one place only.", measure=_sync_degraded),
    Reading(
        name="sending_fenced", help="1 while nobody has claimed this database, so nothing is sent.", measure=_fenced
    ),
)


async def _order_backup(tx: Transaction, order: Order) -> str:
    started = await start_run(tx, TAKE, {"reason": order.reason}, key=f"ordered@{tx.now.isoformat()}")
    return f"a backup is being taken (run {started.run_id})"


async def _order_drill(tx: Transaction, order: Order) -> str:
    started = await start_run(tx, DRILL, {"reason": order.reason}, key=f"ordered@{tx.now.isoformat()}")
    return f"the last backup is being restored for proof (run {started.run_id})"


async def _claim_database(tx: Transaction, order: Order) -> str:
    era = await epoch.claim(tx, by=order.by, reason=order.reason)
    return f"claimed by {era.claimed_by}; sending goes on within 10 s"


REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        name="backups.take_backup",
        sentence="Take a backup now",
        approval=Approval.NOBODY,
        act=_order_backup,
    ),
    Remedy(
        name="backups.prove_backup",
        sentence="Restore the last backup beside us for proof",
        approval=Approval.OPERATOR,
        act=_order_drill,
    ),
    Remedy(
        name="backups.claim_database",
        sentence="Let this database send, charge and book, in place of any other",
        approval=Approval.OWNER,
        act=_claim_database,
    ),
)
