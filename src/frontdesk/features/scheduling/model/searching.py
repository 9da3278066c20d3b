"""Which starts are free: arithmetic on instants, without a clock or a database."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a booking takes: its own length, and what is kept free before and after it."""

    duration: timedelta
    before: timedelta
    after: timedelta

    def around(self, start: datetime) -> Stretch:
        """Tell what a booking that starts then keeps to itself."""
        return start - self.before, start + self.duration + self.after


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Join stretches that overlap or touch, in order; empty ones are left out."""
    joined: list[Stretch] = []
    for start, end in sorted(one for one in stretches if one[0] < one[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def without(stretches: Iterable[Stretch], taken: Iterable[Stretch]) -> list[Stretch]:
    """Take stretches off others; what is left, in order."""
    holes = merged(taken)
    left: list[Stretch] = []
    for first, end in merged(stretches):
        start = first
        for hole_start, hole_end in holes:
            if hole_end <= start or hole_start >= end:
                continue
            if hole_start > start:
                left.append((start, hole_start))
            start = max(start, hole_end)
        if start < end:
            left.append((start, end))
    return left


class Seats:
    """What is taken of each seat of one resource; seats count from 1."""

    def __init__(self, capacity: int, taken: Iterable[tuple[int, datetime, datetime]]) -> None:
        by_seat: list[list[Stretch]] = [[] for _ in range(capacity)]
        for seat, start, end in taken:
            if seat <= capacity:
                by_seat[seat - 1].append((start, end))
        self._taken = [merged(stretches) for stretches in by_seat]
        self._starts = [[start for start, _ in stretches] for stretches in self._taken]

    def is_free(self, stretch: Stretch) -> bool:
        """Tell whether some seat is free for all of a stretch."""
        return any(self._fits(seat, stretch) for seat in range(len(self._taken)))

    def _fits(self, seat: int, stretch: Stretch) -> bool:
        before_end = bisect_right(self._starts[seat], stretch[1] - timedelta(microseconds=1))
        return before_end == 0 or self._taken[seat][before_end - 1][1] <= stretch[0]


def free_starts(
    openings: Sequence[Stretch], seats: Seats, need: Need, *, within: Stretch, zone: str, granularity_minutes: int
) -> Iterator[datetime]:
    """Yield free starts of openings in order, each on the grid of the zone's wall clock.

    A booking lies within one opening; its buffers may reach beyond. A start lies in `within`, its end need not.
    """
    step = timedelta(minutes=granularity_minutes)
    for opens, closes in merged(openings):
        start = on_grid(max(opens, within[0]), zone=zone, granularity_minutes=granularity_minutes)
        while start + need.duration <= closes and start < within[1]:
            if seats.is_free(need.around(start)):
                yield start
            start += step


def on_grid(moment: datetime, *, zone: str, granularity_minutes: int) -> datetime:
    """Find the first instant, `moment` or later, at which the zone's clock shows a whole multiple of the grid."""
    local = moment.astimezone(ZoneInfo(zone))
    past = timedelta(
        minutes=(local.hour * 60 + local.minute) % granularity_minutes,
        seconds=local.second,
        microseconds=local.microsecond,
    )
    return moment.astimezone(UTC) + (timedelta(minutes=granularity_minutes) - past if past else timedelta())
