"""Running monitors: one process at a time, no transaction open meanwhile, campaigns stopped after two failures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from frontdesk.kernel import actor, audit
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.telemetry import get_logger
from frontdesk.kernel.upkeep import Order
from frontdesk.operations.checking.registry import get_remedy
from frontdesk.operations.monitors import queries
from frontdesk.operations.monitors.booking import BOOKING_MONITORS, BOOKING_NAMES, attempt_of
from frontdesk.operations.monitors.calling_out import OutsideMonitor, monitors_of
from frontdesk.operations.monitors.customers import MONITORS
from frontdesk.operations.monitors.model import DAY, ESCALATES_AT, EVERY, CarrierLine, Line, Monitor, Outcome

BY = actor.system("monitors")
PAUSE_CAMPAIGNS = "campaigns.pause_all"
# Who has just been answered is not answered again: one text per caller in 10 min, one answer to HELP in 10 min.
SOONEST = timedelta(minutes=11)

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


async def run_due_bookings(system: Database, app: Database) -> int:
    """Run every monitor of booking that is due, at whatever carrier; returns how many."""
    ran = 0
    for monitor in BOOKING_MONITORS:
        async with system.transaction() as tx:
            mine = await queries.claim_due(tx, name=monitor.name, every=monitor.every)
        if mine:
            await _run(system, monitor.name, attempt_of(monitor, system, app), every=monitor.every)
            ran += 1
    return ran


async def run_due_at_carrier(system: Database, line: CarrierLine) -> int:
    """Run what is due at a real carrier, so many times a day at most whoever asks for it; returns how many."""
    ran = 0
    monitors = monitors_of(line)
    async with system.transaction() as tx:
        await queries.forget_others(tx, names=[*(one.name for one in monitors), *BOOKING_NAMES])
    for monitor in monitors:
        async with system.transaction() as tx:
            mine = await queries.claim_due(tx, name=monitor.name, every=line.every)
            used = await queries.count_runs(tx, name=monitor.name, within=DAY)
            lately = await queries.count_runs(tx, name=monitor.name, within=SOONEST)
        if mine and (lately or used >= line.runs_per_day):
            log.warning("monitors.not_again_yet", monitor=monitor.name, runs_per_day=line.runs_per_day)
        elif mine:
            await _run(system, monitor.name, partial(_outside, system, monitor, line), every=line.every)
            ran += 1
    return ran


async def run_monitor(system: Database, monitor: Monitor, line: Line) -> Outcome:
    """Run one monitor now at the twin, keep what it saw, and stop campaigns if it is the second failure in a row."""
    return await _run(system, monitor.name, partial(_at_twin, monitor, line), every=EVERY)


async def _at_twin(monitor: Monitor, line: Line, started_at: datetime) -> str:
    async with line.reach() as twin:
        return await monitor.attempt(twin, line.number, started_at)


async def _outside(system: Database, monitor: OutsideMonitor, line: CarrierLine, started_at: datetime) -> str:
    return await monitor.attempt(system, line, started_at)


async def _run(
    system: Database, name: str, attempt: Callable[[datetime], Awaitable[str]], *, every: timedelta
) -> Outcome:
    started_at, begun = system.clock.now(), system.clock.monotonic()
    try:
        words, passed = await attempt(started_at), True
    except Exception as error:  # noqa: BLE001 - whatever keeps a customer from an answer is what a monitor is for
        words, passed = str(error) or type(error).__name__, False
    outcome = Outcome(
        monitor=name,
        started_at=started_at,
        finished_at=system.clock.now(),
        passed=passed,
        words=words[:500],
        seconds=round(system.clock.monotonic() - begun, 3),
    )
    async with system.transaction() as tx:
        await keep_outcome(tx, outcome, every=every)
    if not passed:
        log.warning("monitors.failed", monitor=name, reason=outcome.words)
    return outcome


async def keep_outcome(tx: Transaction, outcome: Outcome, *, every: timedelta = EVERY) -> None:
    """Keep how a try went; from the second failure in a row on campaigns are stopped, once, until a person resumes."""
    failures, escalated = await queries.record_outcome(tx, outcome, run_id=new_id(), every=every)
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
