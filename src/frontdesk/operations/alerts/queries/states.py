"""How every alert stands, which groups were told what, and when alerts were last evaluated."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import asyncpg

from frontdesk.kernel.db import Transaction, affected
from frontdesk.kernel.ids import new_id
from frontdesk.operations.alerts.grouping import Group
from frontdesk.operations.alerts.model import AlertState, Instance

LOCK_TURN = "select pg_advisory_xact_lock(hashtext('operations.alerts'))"

FIND_BEAT = "select beat_at from alert_beats where name = $1"

NOTE_BEAT = """
    insert into alert_beats (name, beat_at) values ($1, $2) on conflict (name) do update set beat_at = excluded.beat_at
"""

NOTE_FAILED = """
    insert into alert_beats (name, beat_at) select 'failed:' || failed, $2 from unnest($1::text[]) as failed
    order by failed
    on conflict (name) do update set beat_at = excluded.beat_at
"""

FORGET_FAILED = "delete from alert_beats where starts_with(name, 'failed:') and beat_at < $1"

LIST_OPEN = """
    select fingerprint, alertname, labels::text as labels, state, value, active_at, seen_at, heard_at, fired_at,
           resolved_at
    from alert_instances where state <> 'resolved' order by active_at, fingerprint
"""

LIST_LATEST_RESOLVED = """
    select distinct on (fingerprint) fingerprint, alertname, labels::text as labels, state, value, active_at, seen_at,
           heard_at, fired_at, resolved_at
    from alert_instances where state = 'resolved' and fingerprint = any($1::text[])
    order by fingerprint, resolved_at desc
"""

LIST_RESOLVED_SINCE = """
    select fingerprint, alertname, labels::text as labels, state, value, active_at, seen_at, heard_at, fired_at,
           resolved_at
    from alert_instances where state = 'resolved' and resolved_at > $1 order by resolved_at desc limit $2
"""

PUT_INSTANCES = """
    insert into alert_instances as known (id, fingerprint, alertname, labels, state, value, active_at, seen_at,
                                          heard_at, fired_at, resolved_at)
    select id, fingerprint, alertname, labels::jsonb, state, value, active_at, seen_at, heard_at, fired_at, resolved_at
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::numeric[], $7::timestamptz[],
                $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[])
         as seen (id, fingerprint, alertname, labels, state, value, active_at, seen_at, heard_at, fired_at, resolved_at)
    on conflict (fingerprint) where state <> 'resolved' do update
    set state = excluded.state, value = excluded.value, active_at = excluded.active_at, seen_at = excluded.seen_at,
        heard_at = excluded.heard_at, fired_at = excluded.fired_at
"""

RESOLVE = """
    update alert_instances as known
    set state = 'resolved', seen_at = ended.seen_at, heard_at = ended.heard_at, resolved_at = ended.resolved_at
    from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[])
         as ended (fingerprint, seen_at, heard_at, resolved_at)
    where known.fingerprint = ended.fingerprint and known.state <> 'resolved'
"""

DELETE_PENDING = "delete from alert_instances where state = 'pending' and fingerprint = any($1::text[])"

FORGET_RESOLVED = "delete from alert_instances where state = 'resolved' and resolved_at < $1"

LIST_GROUPS = "select key, alertname, tenant, opened_at, notified_at, sequence, told from alert_groups"

PUT_GROUPS = """
    insert into alert_groups as known (key, alertname, tenant, opened_at, notified_at, sequence, told)
    select key, alertname, tenant, opened_at, notified_at, sequence, string_to_array(told, ',')
    from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::int[], $7::text[])
         as decided (key, alertname, tenant, opened_at, notified_at, sequence, told)
    on conflict (key) do update
    set opened_at = excluded.opened_at, notified_at = excluded.notified_at, sequence = excluded.sequence,
        told = excluded.told
"""


async def lock_turn(tx: Transaction) -> None:
    """Wait for the right to change how alerts stand, until the transaction ends."""
    await tx.execute(LOCK_TURN)


async def find_beat(tx: Transaction, name: str) -> datetime | None:
    """Tell when something was last done."""
    found = await tx.fetchval(FIND_BEAT, name)
    return found if isinstance(found, datetime) else None


async def note_beat(tx: Transaction, name: str) -> None:
    """Note that something was done now."""
    await tx.execute(NOTE_BEAT, name, tx.now)


async def note_failed(tx: Transaction, readings: Sequence[str]) -> None:
    """Note which readings failed this time; the others are well again."""
    await tx.execute(NOTE_FAILED, list(readings), tx.now)
    await tx.execute(FORGET_FAILED, tx.now)


async def list_open(tx: Transaction) -> list[Instance]:
    """List alerts that are pending or firing."""
    return [_instance(row) for row in await tx.fetch(LIST_OPEN)]


async def list_latest_resolved(tx: Transaction, fingerprints: Iterable[str]) -> list[Instance]:
    """List of each fingerprint the alert that ended last."""
    return [_instance(row) for row in await tx.fetch(LIST_LATEST_RESOLVED, list(fingerprints))]


async def list_resolved_since(tx: Transaction, moment: datetime, *, limit: int) -> list[Instance]:
    """List alerts that ended since a moment, the latest first."""
    return [_instance(row) for row in await tx.fetch(LIST_RESOLVED_SINCE, moment, limit)]


async def put_instances(tx: Transaction, instances: Sequence[Instance], *, gone: Iterable[str]) -> None:
    """Write how alerts stand; those that end keep their row, `gone` are pending ones that are over."""
    ended = [one for one in instances if one.state is AlertState.RESOLVED]
    going_on = [one for one in instances if one.state is not AlertState.RESOLVED]
    await tx.execute(
        RESOLVE,
        [one.fingerprint for one in ended],
        [one.seen_at for one in ended],
        [one.heard_at for one in ended],
        [one.resolved_at for one in ended],
    )
    await tx.execute(DELETE_PENDING, list(gone))
    await tx.execute(
        PUT_INSTANCES,
        [new_id() for _ in going_on],
        [one.fingerprint for one in going_on],
        [one.alertname for one in going_on],
        [json.dumps(dict(one.labels)) for one in going_on],
        [one.state.value for one in going_on],
        [None if one.value is None else Decimal(repr(one.value)) for one in going_on],
        [one.active_at for one in going_on],
        [one.seen_at for one in going_on],
        [one.heard_at for one in going_on],
        [one.fired_at for one in going_on],
        [one.resolved_at for one in going_on],
    )


async def forget_resolved(tx: Transaction, *, before: datetime) -> int:
    """Delete alerts that ended before a moment; returns how many."""
    return affected(await tx.execute(FORGET_RESOLVED, before))


async def list_groups(tx: Transaction) -> dict[str, Group]:
    """Give all groups by their keys."""
    return {
        row["key"]: Group(
            key=row["key"],
            alertname=row["alertname"],
            tenant=row["tenant"],
            opened_at=row["opened_at"],
            notified_at=row["notified_at"],
            sequence=row["sequence"],
            told=frozenset(row["told"]),
        )
        for row in await tx.fetch(LIST_GROUPS)
    }


async def put_groups(tx: Transaction, groups: Sequence[Group]) -> None:
    """Write what people know of groups."""
    await tx.execute(
        PUT_GROUPS,
        [one.key for one in groups],
        [one.alertname for one in groups],
        [one.tenant for one in groups],
        [one.opened_at for one in groups],
        [one.notified_at for one in groups],
        [one.sequence for one in groups],
        [",".join(sorted(one.told)) for one in groups],
    )


def _instance(row: asyncpg.Record) -> Instance:
    return Instance(
        fingerprint=row["fingerprint"],
        alertname=row["alertname"],
        labels=json.loads(row["labels"]),
        state=AlertState(row["state"]),
        value=None if row["value"] is None else float(row["value"]),
        active_at=row["active_at"],
        seen_at=row["seen_at"],
        heard_at=row["heard_at"],
        fired_at=row["fired_at"],
        resolved_at=row["resolved_at"],
    )
