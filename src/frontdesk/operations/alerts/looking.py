"""Alerts as people look at them: what fires, since when, who was told, and what is muted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from frontdesk.kernel.db import Transaction
from frontdesk.operations.alerts.evaluating import EVALUATED
from frontdesk.operations.alerts.grouping import muted
from frontdesk.operations.alerts.model import AlertState, Instance, RuleBook
from frontdesk.operations.alerts.queries import notices, silences, states
from frontdesk.operations.alerts.queries.notices import Notification
from frontdesk.operations.alerts.readings import WATCHDOG

LATELY = timedelta(days=1)
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAlert:
    """An alert with what it means: `muted` says why nobody is told of it, empty if somebody is."""

    fingerprint: str
    alertname: str
    tenant: str
    severity: str
    state: str
    summary: str
    value: float | None
    labels: Mapping[str, str]
    owner: str
    runbook: str
    muted: str
    since_at: datetime
    fired_at: datetime | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All alerts, the worst first; `evaluated_at` is None while nobody has evaluated them yet."""

    evaluated_at: datetime | None
    alerts: tuple[ShownAlert, ...]


async def look_at_alerts(tx: Transaction, book: RuleBook, *, with_resolved: bool = False) -> Overview:
    """List alerts that fire or are about to, and those that ended within a day if asked for; not the watchdog."""
    known = await states.list_open(tx)
    firing = [one for one in known if one.state is AlertState.FIRING]
    asleep = [one.silence for one in await silences.list_silences(tx, in_force_at=tx.now)]
    hidden = muted(firing, book=book, silences=asleep, now=tx.now)
    if with_resolved:
        known += await states.list_resolved_since(tx, tx.now - LATELY, limit=MOST)
    shown = [_shown(one, book, hidden.get(one.fingerprint, "")) for one in known if one.alertname != WATCHDOG]
    order = {AlertState.FIRING.value: 0, AlertState.PENDING.value: 1, AlertState.RESOLVED.value: 2}
    ranks = {"critical": 0, "warning": 1, "info": 2}
    shown.sort(key=lambda one: (order[one.state], ranks[one.severity], one.since_at, one.fingerprint))
    return Overview(evaluated_at=await states.find_beat(tx, EVALUATED), alerts=tuple(shown))


async def list_notifications(tx: Transaction, *, limit: int = MOST) -> list[Notification]:
    """List what sinks were told last, or could not be told."""
    return await notices.list_recent(tx, limit=limit)


def _shown(one: Instance, book: RuleBook, why_muted: str) -> ShownAlert:
    rule = book.find(one.alertname)
    return ShownAlert(
        fingerprint=one.fingerprint,
        alertname=one.alertname,
        tenant=one.tenant,
        severity=one.severity.word,
        state=one.state.value,
        summary=one.alertname if rule is None else rule.words(one.labels, one.value),
        value=one.value,
        labels=one.labels,
        owner="" if rule is None else rule.owner,
        runbook="" if rule is None else rule.runbook,
        muted=why_muted,
        since_at=one.active_at,
        fired_at=one.fired_at,
        resolved_at=one.resolved_at,
    )
