"""What must be true of maintenance, and what a runbook may do about it."""

from __future__ import annotations

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Approval, Check, Finding, Order, Remedy, Severity
from frontdesk.operations.maintenance.model import Phase
from frontdesk.operations.maintenance.queries import windows
from frontdesk.operations.maintenance.window import end_maintenance, list_not_well

PAGE = "maintenance"


async def _ends_in_time(tx: Transaction) -> Finding:
    window = await windows.find_current(tx)
    if window is None or window.ended_at is not None:
        return Finding(severity=Severity.OK, words="no maintenance is on", value=0)
    late = (tx.now - window.expected_until).total_seconds()
    if late <= 0:
        words = f"maintenance by {window.started_by} until {window.expected_until:%H:%M} UTC: {window.reason}"
        return Finding(severity=Severity.INFO, words=words, value=0)
    words = f"maintenance by {window.started_by} should have ended {late / 60:.0f} min ago: {window.reason}"
    return Finding(severity=Severity.WARNING, words=words, value=late)


async def _is_well_afterwards(tx: Transaction) -> Finding:
    window = await windows.find_current(tx)
    if window is None or window.phase(tx.now) is not Phase.WATCHING:
        return Finding(severity=Severity.OK, words="no maintenance has just ended", value=0)
    broken = await list_not_well(tx, window, worst_only=False)
    if not broken:
        return Finding(severity=Severity.OK, words="all is as well as before the maintenance", value=0)
    words = f"not well since the maintenance that has just ended: {', '.join(broken)}"
    return Finding(severity=Severity.WARNING, words=words, value=len(broken), evidence={"checks": broken})


async def _end(tx: Transaction, order: Order) -> str:
    standing = await end_maintenance(tx, by=order.by)
    return f"maintenance has ended; it is watched until {standing.window.watch_until:%H:%M} UTC"


async def _may_end(tx: Transaction) -> Finding:
    window = await windows.find_current(tx)
    broken = [] if window is None else await list_not_well(tx, window, worst_only=True)
    if window is None or window.ended_at is not None:
        return Finding(severity=Severity.WARNING, words="no maintenance is on")
    if broken:
        return Finding(severity=Severity.CRITICAL, words=f"not well since the work began: {', '.join(broken)}")
    return Finding(severity=Severity.OK, words="all is as well as before the work")


CHECKS: tuple[Check, ...] = (
    Check(
        name="maintenance.ends_in_time",
        sentence="Maintenance ends when it said it would",
        runbook=PAGE,
        look=_ends_in_time,
    ),
    Check(
        name="maintenance.is_well_afterwards",
        sentence="Nothing is worse in the 15 minutes after maintenance",
        runbook=PAGE,
        look=_is_well_afterwards,
    ),
)
REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        name="maintenance.end",
        sentence="End maintenance: sending goes on if it was stopped for it",
        approval=Approval.OWNER,
        act=_end,
        may_act=_may_end,
    ),
)
