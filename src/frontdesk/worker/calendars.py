"""A worker's part in calendars: whoever is due is asked, news is looked at as it comes."""

from __future__ import annotations

from frontdesk.kernel.loops import Loop, Tempo
from frontdesk.wiring import CALENDAR_TOPIC, Frontdesk

QUICK_SECONDS = 0.1
SLOW_SECONDS = 1.0


def keeping_calendars(parts: Frontdesk) -> Loop:
    """Make the loop that keeps calendars in step."""
    tempo = Tempo(quick=QUICK_SECONDS, slow=SLOW_SECONDS)

    async def turn() -> float:
        return tempo.after(found_work=await parts.calendars.sync.begin() > 0)

    return Loop("keep calendars in step", turn, parts.presence.sleeper(CALENDAR_TOPIC))
