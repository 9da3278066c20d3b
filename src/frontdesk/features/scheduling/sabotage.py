"""How a drill breaks bookings in a throwaway installation."""

from __future__ import annotations

from frontdesk.features.scheduling.queries import upkeep
from frontdesk.kernel.upkeep import Sabotage

SABOTAGES: tuple[Sabotage, ...] = (
    Sabotage(
        name="scheduling.stuck_hold",
        sentence="A hold that has run out cannot be cleared away, and keeps the collector from all others",
        act=upkeep.add_stuck_hold,
    ),
    Sabotage(
        name="scheduling.double_booking",
        sentence="Two people are booked for one time, of which only one has it",
        act=upkeep.add_double_booking,
    ),
)
