"""What a worker does for bookings by the clock: holds expire, reminders leave, what is over is put away."""

from __future__ import annotations

from frontdesk.features import scheduling
from frontdesk.kernel.loops import Loop
from frontdesk.wiring import Frontdesk
from frontdesk.wiring.booking import booking_voice

HOLD_SECONDS = 5.0
REMIND_SECONDS = 5.0
FINISH_SECONDS = 600.0


def booking(parts: Frontdesk) -> list[Loop]:
    """Make the loops that look after bookings."""
    voice = booking_voice(parts.links, lane=parts.courier)

    async def collect() -> float:
        await scheduling.collect_holds(system=parts.system, app=parts.app)
        return HOLD_SECONDS

    async def remind() -> float:
        await scheduling.send_reminders(system=parts.system, app=parts.app, told=voice)
        return REMIND_SECONDS

    async def finish() -> float:
        await scheduling.finish_past(system=parts.system)
        return FINISH_SECONDS

    return [
        Loop("let holds expire", collect),
        Loop("remind people of bookings", remind),
        Loop("put away what is over", finish),
    ]
