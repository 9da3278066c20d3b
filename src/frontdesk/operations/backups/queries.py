"""What the database itself knows of backups: taken, streamed, proven; and what a restored one is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from frontdesk.kernel.db import Transaction
from frontdesk.operations.backups.model import BackupKind, BackupState, DrillState, StreamState
from frontdesk.schema.roles import ROLES

ADD_BACKUP = """
    insert into backups (id, name, kind, state, size_bytes, words, started_at, finished_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
"""

FIND_LAST_BACKUP = """
    select name, kind, state, size_bytes, words, started_at, finished_at from backups
    where state = $1 order by finished_at desc limit 1
"""

FORGET_BACKUPS = "delete from backups where finished_at < $1 and (state = 'failed' or name <> all($2::text[]))"

ADD_DRILL = """
    insert into backup_drills (id, backup_name, state, started_by, started_at) values ($1, $2, 'running', $3, $4)
"""

FINISH_DRILL = """
    update backup_drills
    set state = $2, recovery_point_ms = $3, recovery_time_ms = $4, words = $5, report = $6::jsonb,
        finished_at = $7
    where id = $1
"""

IS_DRILL_KNOWN = "select exists (select from backup_drills where id = $1)"

LIST_DRILLS = """
    select id, backup_name, state, recovery_point_ms, recovery_time_ms, words, started_by, started_at,
           finished_at
    from backup_drills order by started_at desc limit $1
"""

MEASURE_BACKUP_AGE = """
    select extract(epoch from $1::timestamptz - max(finished_at))::float8 from backups where state = 'finished'
"""

MEASURE_DRILL_AGE = """
    select extract(epoch from $1::timestamptz - max(finished_at))::float8 from backup_drills where state = 'passed'
"""

FIND_FOUNDED_AT = "select min(claimed_at) from system_epochs"

FORGET_ALL_BACKUPS = "delete from backups"

PUT_STREAM = """
    insert into wal_streams (name, state, words, lag_bytes, lag_ms, archived_segments, since_at, seen_at)
    values ('wal', $1, $2, $3, $4, $5, $6, $6)
    on conflict (name) do update
    set state = excluded.state, words = excluded.words, lag_bytes = excluded.lag_bytes,
        lag_ms = excluded.lag_ms,
        archived_segments = wal_streams.archived_segments + excluded.archived_segments,
        since_at = case when wal_streams.state = excluded.state then wal_streams.since_at else excluded.since_at end,
        seen_at = excluded.seen_at
"""

FIND_STREAM = """
    select state, words, lag_bytes, lag_ms, archived_segments, since_at, seen_at from wal_streams
    where name = 'wal'
"""

# What is said of the stream itself must not wait for it.
WAIT_FOR_NO_COPY = "set local synchronous_commit = 'local'"

LOOK_AT_SERVER = """
    select (select system_identifier::text from pg_control_system()) as cluster,
           current_setting('server_version_num')::int as version,
           (select rolsuper or rolbypassrls from pg_roles where rolname = session_user) as sees_all_rows,
           pg_has_role(session_user, 'frontdesk_system', 'usage') as has_policy,
           pg_is_in_recovery() as standby
"""

LIST_BACKUPS = """
    select name, kind, state, size_bytes, words, started_at, finished_at from backups order by finished_at desc limit $1
"""

MEASURE_REPLAYED_AT = "select pg_last_xact_replay_timestamp()"

COUNT_ROWS = """
    select jsonb_build_object(
      'tenants', (select count(*) from tenants), 'contacts', (select count(*) from contacts),
      'calls', (select count(*) from calls), 'messages', (select count(*) from conv_messages),
      'send_jobs', (select count(*) from send_jobs), 'send_attempts', (select count(*) from send_attempts),
      'compliance_events', (select count(*) from compliance_events), 'audit_log', (select count(*) from audit_log),
      'do_not_contact', (select count(*) from do_not_contact), 'users', (select count(*) from users)
    )::text
"""

COUNT_TABLES = "select count(*) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"


MAKE_ROLES = ROLES[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRow:
    """A backup that was taken or failed."""

    name: str
    kind: str
    state: str
    size_bytes: int
    words: str
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A restore drill: how much acknowledged work was lost, and how long it took until the restored server answered."""

    id: UUID
    backup_name: str
    state: str
    recovery_point_ms: int | None
    recovery_time_ms: int | None
    words: str
    started_by: str
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRow:
    """How the second copy of the log stood when its keeper looked last."""

    state: str
    words: str
    lag_bytes: int
    lag_ms: int
    archived_segments: int
    since_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What kind of server it is, and what its login may see."""

    cluster: str
    version: int
    sees_all_rows: bool
    has_policy: bool
    standby: bool


async def add_backup(
    tx: Transaction,
    *,
    backup_id: UUID,
    name: str,
    kind: BackupKind,
    state: BackupState,
    size_bytes: int,
    words: str,
    started_at: datetime,
    finished_at: datetime | None = None,
) -> None:
    """Write that a backup was taken ('finished') or not ('failed'), now or at `finished_at`."""
    ended_at = finished_at or tx.now
    await tx.execute(ADD_BACKUP, backup_id, name, kind.value, state.value, size_bytes, words, started_at, ended_at)


async def find_last_backup(tx: Transaction, *, state: BackupState) -> BackupRow | None:
    """Find the last backup that ended like this."""
    row = await tx.fetchrow(FIND_LAST_BACKUP, state.value)
    return None if row is None else BackupRow(**dict(row))


async def list_backups(tx: Transaction, *, limit: int = 50) -> list[BackupRow]:
    """List backups that were taken or failed, latest first."""
    return [BackupRow(**dict(row)) for row in await tx.fetch(LIST_BACKUPS, limit)]


async def forget_backups(tx: Transaction, *, before: datetime, kept: list[str]) -> None:
    """Forget rows of backups that are gone from their folder."""
    await tx.execute(FORGET_BACKUPS, before, kept)


async def forget_all_backups(tx: Transaction) -> None:
    """Forget every backup that was taken; what stands in the folder stays."""
    await tx.execute(FORGET_ALL_BACKUPS)


async def find_founded_at(tx: Transaction) -> datetime | None:
    """Find when this database was first claimed."""
    value = await tx.fetchval(FIND_FOUNDED_AT)
    return value if isinstance(value, datetime) else None


async def add_drill(tx: Transaction, *, drill_id: UUID, backup_name: str, by: str) -> None:
    """Write that a drill begins; this very row has to be in what it restores."""
    await tx.execute(ADD_DRILL, drill_id, backup_name, by, tx.now)


async def finish_drill(
    tx: Transaction,
    *,
    drill_id: UUID,
    state: DrillState,
    recovery_point_ms: int | None,
    recovery_time_ms: int | None,
    words: str,
    report: dict[str, object],
) -> None:
    """Write how a drill ended."""
    document = msgspec.json.encode(report, enc_hook=str).decode()
    await tx.execute(
        FINISH_DRILL,
        drill_id,
        state.value,
        recovery_point_ms,
        recovery_time_ms,
        words,
        document,
        tx.now,
    )


async def is_drill_known(tx: Transaction, *, drill_id: UUID) -> bool:
    """Tell whether a drill's first row is in this database."""
    return await tx.fetchval(IS_DRILL_KNOWN, drill_id) is True


async def list_drills(tx: Transaction, *, limit: int = 20) -> list[Drill]:
    """List drills, latest first."""
    return [Drill(**dict(row)) for row in await tx.fetch(LIST_DRILLS, limit)]


async def measure_backup_age(tx: Transaction) -> float | None:
    """Measure the seconds since the last backup; None if there is none."""
    return _seconds(await tx.fetchval(MEASURE_BACKUP_AGE, tx.now))


async def measure_drill_age(tx: Transaction) -> float | None:
    """Measure the seconds since the last drill that passed; None if there is none."""
    return _seconds(await tx.fetchval(MEASURE_DRILL_AGE, tx.now))


def _seconds(value: object) -> float | None:
    return value if isinstance(value, float) else None


async def put_stream(
    tx: Transaction, *, state: StreamState, words: str, lag_bytes: int, lag_ms: int, archived: int
) -> None:
    """Write how the second copy of the log stands; its commit does not wait for that copy."""
    await tx.execute(WAIT_FOR_NO_COPY)
    await tx.execute(PUT_STREAM, state.value, words, lag_bytes, lag_ms, archived, tx.now)


async def find_stream(tx: Transaction) -> StreamRow | None:
    """Find how the second copy of the log stood last; None where nobody ever kept one."""
    row = await tx.fetchrow(FIND_STREAM)
    return None if row is None else StreamRow(**dict(row))


async def get_server(tx: Transaction) -> ServerFacts:
    """Return what kind of server this is."""
    row = await tx.fetchrow(LOOK_AT_SERVER)
    if row is None:
        raise LookupError(LOOK_AT_SERVER)
    return ServerFacts(**dict(row))


async def find_replayed_at(tx: Transaction) -> datetime | None:
    """Find the moment of the last commit that a restore has brought back; None if it brought none."""
    value = await tx.fetchval(MEASURE_REPLAYED_AT)
    return value if isinstance(value, datetime) else None


async def count_rows(tx: Transaction) -> dict[str, int]:
    """Count the rows of the tables that matter most."""
    return msgspec.json.decode(str(await tx.fetchval(COUNT_ROWS)), type=dict[str, int])


async def ensure_roles(tx: Transaction) -> None:
    """Make the roles that a dump's rights and policies name, where they are not."""
    await tx.execute(MAKE_ROLES)


async def count_tables(tx: Transaction) -> int:
    """Count the tables of this database, to see that it is empty."""
    value = await tx.fetchval(COUNT_TABLES)
    return value if isinstance(value, int) else 0
