"""Which free slots to offer: up to three that the database holds, as near to the wish as can be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.features import assistant, scheduling
from frontdesk.features.textback.model.dialogue import OfferedSlot
from frontdesk.kernel.db import Transaction

OFFERED = 3
LOOK_AHEAD = timedelta(days=21)
LOOK_AROUND = timedelta(days=7)
LOOK_AT_MOST = timedelta(days=60)  # scheduling searches at most 62 days at once
SEEN = 400  # free slots looked at per window
TIMED = frozenset({assistant.Grain.MOMENT, assistant.Grain.AROUND, assistant.Grain.SPAN})
AN_HOUR, HALF_AN_HOUR = timedelta(hours=1), timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Found:
    """Slots to offer in order of time, and whether they are within the wish."""

    slots: tuple[OfferedSlot, ...]
    as_wished: bool


async def find_slots(
    tx: Transaction,
    *,
    service_id: UUID,
    windows: tuple[assistant.TimeWindow, ...],
    zone: str,
    but: frozenset[datetime] = frozenset(),
) -> Found:
    """Find up to three free slots in the wished windows, else the nearest to them; `but` are starts not to offer.

    Where a wished day has nothing at all, the wished time of day on the next day that has it is nearer than any other.
    """
    fitting: list[OfferedSlot] = []
    for window in windows:
        start, end = max(window.starts_at, tx.now), min(window.ends_at, window.starts_at + LOOK_AT_MOST)
        if start < end:
            fitting += await _free(tx, service_id, start, end)
    wished = _once(fitting, but)
    if wished:
        return Found(pick(wished, windows), as_wished=True)
    start = max(windows[0].starts_at - LOOK_AROUND, tx.now) if windows else tx.now
    around = _once(await _free(tx, service_id, start, start + LOOK_AHEAD), but)
    likewise = _at_that_time(around, windows, zone=ZoneInfo(zone))
    if likewise:
        return Found(likewise, as_wished=False)
    return Found(pick(around, windows) if around else (), as_wished=not windows)


def pick(free: list[OfferedSlot], windows: tuple[assistant.TimeWindow, ...]) -> tuple[OfferedSlot, ...]:
    """Choose three: the nearest to a named moment, else the first and others spread over what is free."""
    exact = [one for one in windows if one.grain in {assistant.Grain.MOMENT, assistant.Grain.AROUND}]
    inside = any(one.starts_at <= slot.starts_at < one.ends_at for slot in free for one in windows)
    if exact or (windows and not inside):
        wanted = [one.starts_at for one in (exact or windows)]
        nearest = sorted(free, key=lambda slot: (min(abs(slot.starts_at - one) for one in wanted), slot.starts_at))
        return _apart(nearest, HALF_AN_HOUR if exact else AN_HOUR)
    if not windows:
        return _apart(free, AN_HOUR)
    last = len(free) - 1
    spread = sorted({0, last // 2, last}) if last >= OFFERED - 1 else list(range(len(free)))
    return tuple(free[place] for place in spread)


def _at_that_time(
    free: list[OfferedSlot], windows: tuple[assistant.TimeWindow, ...], *, zone: ZoneInfo
) -> tuple[OfferedSlot, ...]:
    """Choose slots at the wished time of day on the first later day that has one; none if a wished day has others."""
    timed = [one for one in windows if one.grain in TIMED]
    if not timed or len(timed) < len(windows):
        return ()
    wished = {one.starts_at.astimezone(zone).date() for one in timed}
    days: dict[date, list[OfferedSlot]] = {}
    for slot in free:
        days.setdefault(slot.starts_at.astimezone(zone).date(), []).append(slot)
    if wished & days.keys():
        return ()
    for day in sorted(one for one in days if one > min(wished)):
        likewise = [slot for slot in days[day] if any(_is_like(slot.starts_at, one, zone=zone) for one in timed)]
        if likewise:
            last = len(likewise) - 1
            return tuple(likewise[place] for place in sorted({0, last // 2, last}))
    return ()


def _is_like(start: datetime, window: assistant.TimeWindow, *, zone: ZoneInfo) -> bool:
    """Tell whether a start is at a window's time of day."""
    first, last = window.starts_at.astimezone(zone), window.ends_at.astimezone(zone)
    local = start.astimezone(zone)
    begins = local.replace(hour=first.hour, minute=first.minute, second=0, microsecond=0)
    return begins <= local < begins + (last - first)


def _apart(free: list[OfferedSlot], apart: timedelta) -> tuple[OfferedSlot, ...]:
    """Choose the first three that are so far apart, in order of time."""
    chosen: list[OfferedSlot] = []
    for slot in free:
        if all(abs(slot.starts_at - other.starts_at) >= apart for other in chosen):
            chosen.append(slot)
        if len(chosen) == OFFERED:
            break
    return tuple(sorted(chosen, key=lambda slot: slot.starts_at))


async def _free(tx: Transaction, service_id: UUID, start: datetime, end: datetime) -> list[OfferedSlot]:
    found = await scheduling.list_free_slots(tx, service_id=service_id, between=(start, end), limit=SEEN)
    return [OfferedSlot(slot.resource_id, slot.starts_at) for slot in found]


def _once(free: list[OfferedSlot], but: frozenset[datetime]) -> list[OfferedSlot]:
    """Keep one slot of each start, in order of time."""
    once: dict[datetime, OfferedSlot] = {}
    for slot in sorted(free, key=lambda one: one.starts_at):
        if slot.starts_at not in but:
            once.setdefault(slot.starts_at, slot)
    return list(once.values())
