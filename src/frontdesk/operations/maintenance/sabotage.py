"""How a drill leaves maintenance on."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.kernel import actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Sabotage
from frontdesk.operations.maintenance.queries import windows
from frontdesk.operations.maintenance.window import begin_maintenance


async def _overrun(tx: Transaction) -> None:
    await begin_maintenance(tx, lasting=timedelta(minutes=10), reason="a new disk", by=actor.system("drill"))
    await windows.move_back(tx, by=timedelta(minutes=40))


SABOTAGES: tuple[Sabotage, ...] = (
    Sabotage(
        name="maintenance.overrun",
        sentence="Somebody went home and left maintenance on: all sending waits",
        act=_overrun,
    ),
)
