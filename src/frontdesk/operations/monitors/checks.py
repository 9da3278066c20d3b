"""What must be true of monitors."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity
from frontdesk.operations.monitors import queries
from frontdesk.operations.monitors.model import ESCALATES_AT

PAGE = "monitor-failing"
LATE = timedelta(minutes=5)


async def _pass(tx: Transaction) -> Finding:
    standing = await queries.list_standing(tx)
    if not standing:
        return Finding(
            severity=Severity.OK,
            words="monitors are off: they need MONITOR_NUMBER; `frontdesk doctor` says what else",
            value=0,
        )
    failing = [one for one in standing if one.failures_in_row]
    if failing:
        worst = max(failing, key=lambda one: one.failures_in_row)
        severity = Severity.CRITICAL if worst.failures_in_row >= ESCALATES_AT else Severity.WARNING
        words = f"the monitor {worst.name} has failed {worst.failures_in_row} times in a row: {worst.words}"
        evidence = {one.name: one.failures_in_row for one in failing}
        return Finding(severity=severity, words=words, value=worst.failures_in_row, evidence=evidence)
    late = [one.name for one in standing if tx.now - one.due_at > LATE]
    if late:
        return Finding(severity=Severity.WARNING, words=f"not run for over 5 min: {', '.join(late)}", value=len(late))
    return Finding(severity=Severity.OK, words=f"{len(standing)} monitors pass", value=0)


CHECKS: tuple[Check, ...] = (
    Check(
        name="monitors.pass",
        sentence="Monitors that use the program as a customer does are answered",
        runbook=PAGE,
        look=_pass,
    ),
)
