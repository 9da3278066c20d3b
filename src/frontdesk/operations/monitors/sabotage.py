"""How a drill lets a monitor fail, and how a person ends it."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.kernel.db import Transaction
from frontdesk.operations.monitors import queries
from frontdesk.operations.monitors.booking import BOOKING_NAMES
from frontdesk.operations.monitors.customers import MONITORS
from frontdesk.operations.monitors.model import ESCALATES_AT, Outcome
from frontdesk.operations.monitors.running import keep_outcome


async def fail_twice(tx: Transaction) -> None:
    """Let the first monitor, and the first of booking, fail twice in a row."""
    for name in (MONITORS[0].name, BOOKING_NAMES[0]):
        for turn in range(ESCALATES_AT):
            at = tx.now - timedelta(seconds=60 * (ESCALATES_AT - turn))
            await keep_outcome(
                tx,
                Outcome(monitor=name, started_at=at, finished_at=at, passed=False, words="a drill", seconds=30.0),
            )


async def pass_again(tx: Transaction) -> None:
    """Begin anew, as after the fault was mended."""
    await queries.forget_standing(tx)
