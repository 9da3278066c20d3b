"""Running monitors: one process at a time, no transaction open meanwhile, campaigns stopped after two failures."""

from __future__ import annotations

from frontdesk.kernel import actor, audit
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.telemetry import get_logger
from frontdesk.kernel.upkeep import Order
from frontdesk.operations.checking.registry import get_remedy
from frontdesk.operations.monitors import queries
from frontdesk.operations.monitors.customers import MONITORS
from frontdesk.operations.monitors.model import ESCALATES_AT, EVERY, Line, Monitor, Outcome

BY = actor.system("monitors")
PAUSE_CAMPAIGNS = "campaigns.pause_all"

log = get_logger("monitors")


async def run_due_monitors(system: Database, line: Line) -> int:
    """Run every monitor that is due; returns how many."""
    ran = 0
    for monitor in MONITORS:
        async with system.transaction() as tx:
            mine = await queries.claim_due(tx, name=monitor.name, every=EVERY)
        if mine:
            await run_monitor(system, monitor, line)
            ran += 1
    return ran


async def run_monitor(system: Database, monitor: Monitor, line: Line) -> Outcome:
    """Run one monitor now, keep what it saw, and stop campaigns if it is the second failure in a row."""
    started_at, begun = system.clock.now(), system.clock.monotonic()
    try:
        async with line.reach() as twin:
            words, passed = await monitor.attempt(twin, line.number, started_at), True
    except Exception as error:  # noqa: BLE001 - whatever keeps a customer from an answer is what a monitor is for
        words, passed = str(error) or type(error).__name__, False
    outcome = Outcome(
        monitor=monitor.name,
        started_at=started_at,
        finished_at=system.clock.now(),
        passed=passed,
        words=words[:500],
        seconds=round(system.clock.monotonic() - begun, 3),
    )
    async with system.transaction() as tx:
        await keep_outcome(tx, outcome)
    if not passed:
        log.warning("monitors.failed", monitor=monitor.name, reason=outcome.words)
    return outcome


async def keep_outcome(tx: Transaction, outcome: Outcome) -> None:
    """Keep how a try went; from the second failure in a row on campaigns are stopped, once, until a person resumes."""
    failures, escalated = await queries.record_outcome(tx, outcome, run_id=new_id(), every=EVERY)
    if failures < ESCALATES_AT or escalated:
        return
    reason = f"the monitor {outcome.monitor} has failed {failures} times in a row: {outcome.words}"
    done = await get_remedy(PAUSE_CAMPAIGNS).act(tx, Order(by=BY, reason=reason))
    await queries.record_escalated(tx, name=outcome.monitor)
    await audit.write_entry(
        tx,
        actor=BY,
        action="monitors.escalated",
        subject=f"monitor:{outcome.monitor}",
        details={"failures": failures, "words": outcome.words, "done": done},
    )
