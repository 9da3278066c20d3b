"""What must be true of alerts themselves: they are evaluated, and somebody hears of them."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity
from frontdesk.operations.alerts.evaluating import EVALUATED
from frontdesk.operations.alerts.queries import figures, notices, states
from frontdesk.operations.alerts.readings import NOBODY, UNTOLD_AFTER, WATCHDOG

SILENT_AFTER = timedelta(seconds=60)


async def _are_evaluated(tx: Transaction) -> Finding:
    beat = await states.find_beat(tx, EVALUATED)
    if beat is None:
        return Finding(severity=Severity.INFO, words="alerts have never been evaluated: is a worker running?")
    age = (tx.now - beat).total_seconds()
    severity = Severity.OK if age <= SILENT_AFTER.total_seconds() else Severity.CRITICAL
    return Finding(severity=severity, words=f"alerts were evaluated {age:.0f} s ago", value=age)


async def _reach_somebody(tx: Transaction) -> Finding:
    untold = await figures.measure_untold(tx, after=UNTOLD_AFTER, except_for=[WATCHDOG, NOBODY])
    failing = await notices.count_failing_sinks(tx, longer_than=UNTOLD_AFTER)
    if untold:
        words = f"{untold:.0f} groups of alerts fire and nobody was told"
        return Finding(severity=Severity.CRITICAL, words=words, value=untold)
    if failing:
        words = f"{failing} sinks have taken nothing for 5 minutes; others have"
        return Finding(severity=Severity.WARNING, words=words, value=failing)
    return Finding(severity=Severity.OK, words="whatever fires, somebody was told", value=0)


CHECKS: tuple[Check, ...] = (
    Check(
        name="alerts.are_evaluated",
        sentence="Alerts are evaluated every 15 s",
        runbook="nobody-notified",
        look=_are_evaluated,
    ),
    Check(
        name="alerts.reach_somebody",
        sentence="Somebody is told of every alert",
        runbook="nobody-notified",
        look=_reach_somebody,
    ),
)
