"""Evaluating all alerts once: measure, judge, decide who is to be told, and write it down before anybody is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from frontdesk.kernel.db import UNAVAILABLE, Database, Transaction
from frontdesk.kernel.telemetry import get_logger
from frontdesk.kernel.upkeep import Reading, Sample
from frontdesk.operations.alerts.grouping import Group, Telling, decide, key_of, muted
from frontdesk.operations.alerts.judging import Measured, look, step
from frontdesk.operations.alerts.model import AlertState, Instance, RuleBook, page_url
from frontdesk.operations.alerts.queries import notices, silences, states, texts
from frontdesk.operations.alerts.readings import WATCHDOG
from frontdesk.ports.alerts import Notice, NoticedAlert, NoticeStatus

EVALUATED = "evaluated"
READING_SECONDS = 5.0
PERIOD = timedelta(seconds=15)
# Two workers do not evaluate twice: whoever comes within this time of the last evaluation lets it be.
TOO_SOON = timedelta(seconds=10)
LEASE = timedelta(seconds=60)
KEEP = timedelta(days=90)

log = get_logger("alerts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What alerts are evaluated with; `sinks` are the names of those that are set up, `base_url` is our own address."""

    book: RuleBook
    readings: Mapping[str, Reading]
    sinks: tuple[str, ...]
    base_url: str


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What one evaluation found: how many alerts fire, how many groups are to be told, and what could not be read."""

    firing: int
    told: int
    failed: tuple[str, ...]


async def evaluate_once(system: Database, watch: Watch) -> Evaluated | None:
    """Evaluate every rule now; None if somebody else did so a moment ago.

    Each reading is measured in a transaction of its own that only reads; then all is judged and written in one, under a
    lock, so that two workers never tell the same.
    """
    async with system.transaction() as tx:
        before = await states.find_beat(tx, EVALUATED)
        if before is not None and abs(tx.now - before) < TOO_SOON:
            return None
    measured = await measure(system, watch)
    async with system.transaction() as tx:
        await states.lock_turn(tx)
        if await states.find_beat(tx, EVALUATED) != before:
            return None
        return await _judge(tx, watch, measured)


async def measure(system: Database, watch: Watch) -> Measured:
    """Measure what rules ask for; a reading that fails or takes longer than 5 s is left out.

    Raises what is in UNAVAILABLE when the database itself is away.
    """
    wanted = {rule.reading for rule in watch.book.rules} | {
        floor.reading for rule in watch.book.rules for floor in rule.floors
    }
    samples: dict[str, Sequence[Sample]] = {}
    for name in sorted(wanted):
        found = await _measure(system, watch.readings[name])
        if found is not None:
            samples[name] = found
    return Measured(watch.readings, samples)


async def _measure(system: Database, reading: Reading) -> Sequence[Sample] | None:
    try:
        async with asyncio.timeout(READING_SECONDS), system.transaction() as tx:
            await tx.execute("set transaction read only")
            return await reading.measure(tx)
    except UNAVAILABLE as error:
        if not await system.alive():
            raise
        log.warning("alerts.reading_failed", reading=reading.name, error=error)
        return None
    except Exception as error:  # noqa: BLE001 - one broken reading must not blind the others
        log.warning("alerts.reading_failed", reading=reading.name, error=error)
        return None


async def _judge(tx: Transaction, watch: Watch, measured: Measured) -> Evaluated:
    now, book = tx.now, watch.book
    known = await states.list_open(tx)
    after: list[Instance] = []
    for rule in book.rules:
        mine = [one for one in known if one.alertname == rule.name]
        after += step(rule, look(rule, measured), mine, now=now, resolve_timeout=book.timing.resolve_timeout)
    left = {one.fingerprint for one in after}
    gone = [one.fingerprint for one in known if one.fingerprint not in left and one.state is AlertState.PENDING]
    after += [_orphan(one, now) for one in known if one.fingerprint not in left and one.state is AlertState.FIRING]
    await states.put_instances(tx, after, gone=gone)
    firing = [one for one in after if one.state is AlertState.FIRING]
    told = await _tell(tx, watch, firing)
    failed = tuple(sorted(set(watch.readings) & _wanted(watch) - set(measured.samples)))
    await states.note_failed(tx, failed)
    await states.forget_resolved(tx, before=now - KEEP)
    await notices.forget_notices(tx, before=now - KEEP)
    await texts.forget_texts(tx, before=now - KEEP)
    await states.note_beat(tx, EVALUATED)
    return Evaluated(len(firing), told, failed)


def _wanted(watch: Watch) -> set[str]:
    return {rule.reading for rule in watch.book.rules} | {
        floor.reading for rule in watch.book.rules for floor in rule.floors
    }


def _orphan(instance: Instance, now: datetime) -> Instance:
    """End an alert whose rule is no longer there, or says something else of itself now."""
    return Instance(
        fingerprint=instance.fingerprint,
        alertname=instance.alertname,
        labels=instance.labels,
        state=AlertState.RESOLVED,
        value=instance.value,
        active_at=instance.active_at,
        seen_at=instance.seen_at,
        heard_at=now,
        fired_at=instance.fired_at,
        resolved_at=now,
    )


async def _tell(tx: Transaction, watch: Watch, firing: Sequence[Instance]) -> int:
    """Decide about every group and write what is to be told; returns how many groups that are."""
    asleep = [one.silence for one in await silences.list_silences(tx, in_force_at=tx.now)]
    told = [one for one in firing if one.alertname != WATCHDOG]
    hidden = frozenset(muted(firing, book=watch.book, silences=asleep, now=tx.now))
    groups = await states.list_groups(tx)
    by_key: dict[str, list[Instance]] = {}
    for one in told:
        by_key.setdefault(key_of(one), []).append(one)
    changed: list[Group] = []
    tellings: list[Telling] = []
    for key in sorted(by_key.keys() | groups.keys()):
        first = by_key.get(key, [None])[0]
        group = groups.get(key)
        if group is None and first is not None:
            group = Group(key=key, alertname=first.alertname, tenant=first.tenant)
        if group is None:
            continue
        decided, telling = decide(
            group, firing=by_key.get(key, ()), hidden=hidden, timing=watch.book.timing, now=tx.now
        )
        if decided != groups.get(key):
            changed.append(decided)
        if telling is not None:
            tellings.append(telling)
    await states.put_groups(tx, changed)
    for telling in tellings:
        await _write(tx, watch, telling)
    return len(tellings)


async def _write(tx: Transaction, watch: Watch, telling: Telling) -> None:
    ended = await states.list_latest_resolved(tx, telling.resolved)
    notice = notice_of(telling, ended, watch=watch, now=tx.now)
    severity = max(one.severity for one in (*telling.firing, *ended)) if (telling.firing or ended) else None
    sinks = [sink for sink in watch.sinks if severity is not None and severity >= watch.book.routes.get(sink, severity)]
    log.warning(
        "alerts.notice", alert=notice.alertname, status=notice.status.value, business=notice.tenant, sinks=sinks
    )
    await notices.insert_notice(tx, notice, sinks=sinks, lease=LEASE)


def notice_of(telling: Telling, ended: Sequence[Instance], *, watch: Watch, now: datetime) -> Notice:
    """Write what is told of a group."""
    group, all_ = telling.group, (*telling.firing, *ended)
    rule = watch.book.find(group.alertname)
    severity = max((one.severity for one in all_), default=None)
    return Notice(
        group_key=group.key,
        sequence=group.sequence,
        alertname=group.alertname,
        tenant=group.tenant,
        status=NoticeStatus.FIRING if telling.firing else NoticeStatus.RESOLVED,
        severity="info" if severity is None else severity.word,
        owner="" if rule is None else rule.owner,
        runbook="" if rule is None else rule.runbook,
        runbook_url="" if rule is None else page_url(watch.base_url, rule.runbook),
        external_url=watch.base_url,
        at=now,
        repeats=telling.repeats,
        alerts=tuple(_noticed(one, watch.book) for one in all_),
    )


def _noticed(instance: Instance, book: RuleBook) -> NoticedAlert:
    rule = book.find(instance.alertname)
    return NoticedAlert(
        fingerprint=instance.fingerprint,
        status=NoticeStatus.FIRING if instance.state is AlertState.FIRING else NoticeStatus.RESOLVED,
        labels=instance.labels,
        summary=instance.alertname if rule is None else rule.words(instance.labels, instance.value),
        value=instance.value,
        starts_at=instance.active_at,
        ends_at=instance.resolved_at,
    )
