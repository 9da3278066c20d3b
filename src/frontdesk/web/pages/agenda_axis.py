"""The clock down the side of the agenda: each wall-clock time once, and an hour that comes twice twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from frontdesk.features import scheduling

STEP = 5  # minutes that a row of the agenda stands for
HOUR = 60
DAY_MINUTES = 24 * HOUR
A_DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Label:
    """An hour's name, and the row it stands at; the first row is 1."""

    row: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Rows of five minutes from `first` to before `last`; `again` is the stretch of the clock that comes twice.

    All days of a week share one axis: a day without some of its times shows them as missing.
    """

    zone: str
    again: tuple[int, int] | None
    first: int
    last: int

    @property
    def rows(self) -> int:
        """Count the rows."""
        return self.last - self.first

    @property
    def extra(self) -> int:
        """Count the rows of what comes twice."""
        return 0 if self.again is None else (self.again[1] - self.again[0]) // STEP

    def place(self, moment: datetime) -> int:
        """Tell the row, counted from midnight, at which an instant stands."""
        local = moment.astimezone(ZoneInfo(self.zone))
        minute = local.hour * HOUR + local.minute
        if self.again is None or minute < self.again[0]:
            return minute // STEP
        if minute < self.again[1]:
            return minute // STEP + (self.extra if local.fold else 0)
        return minute // STEP + self.extra

    def span(self, starts_at: datetime, ends_at: datetime) -> tuple[int, int]:
        """Tell the rows that a stretch of one day takes on the page: its first, from 1 on, and how many; 0 if none."""
        start = max(self.place(starts_at), self.first)
        end = min(self.place(ends_at - TICK) + 1, self.last)
        return start - self.first + 1, max(end - start, 0)

    def labels(self) -> list[Label]:
        """Name the hours."""
        named: list[Label] = []
        for hour in range(24):
            row = self._row_of(hour * HOUR)
            named.append(Label(row - self.first + 1, _hour_words(hour)))
            if self.again is not None and self.again[0] <= hour * HOUR < self.again[1]:
                named.append(Label(row + self.extra - self.first + 1, f"{_hour_words(hour)} again"))
        return [one for one in named if 1 <= one.row <= self.rows]

    def narrowed(self, first_minute: int, last_minute: int) -> Axis:
        """Show only what lies between two times of the wall clock, in minutes from midnight."""
        end = self.last if last_minute >= DAY_MINUTES else self._row_of(last_minute)
        return replace(self, first=self._row_of(first_minute), last=end)

    def missing(self, day: date) -> list[tuple[int, int]]:
        """List the rows that a day does not have, as first and count: the hour that is skipped, or not repeated."""
        present = {self.place(moment) for moment in _steps(day, self.zone)}
        lost: list[tuple[int, int]] = []
        for row in range(self.first, self.last):
            if row in present:
                continue
            at = row - self.first + 1
            if lost and sum(lost[-1]) == at:
                lost[-1] = (lost[-1][0], lost[-1][1] + 1)
            else:
                lost.append((at, 1))
        return lost

    def _row_of(self, minute: int) -> int:
        return minute // STEP + (self.extra if self.again is not None and minute >= self.again[1] else 0)


def axis_of(days: Sequence[date], *, zone: str) -> Axis:
    """Make the axis of some days: 24 hours, and once more what one of them has twice."""
    again: tuple[int, int] | None = None
    for day in days:
        if length_of(day, zone) > A_DAY:
            second = [local.hour * HOUR + local.minute for local in _walls(day, zone) if local.fold]
            if second:
                again = min(second), max(second) + STEP
    extra = 0 if again is None else again[1] - again[0]
    return Axis(zone=zone, again=again, first=0, last=(DAY_MINUTES + extra) // STEP)


def day_bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """Tell the instants at which a day begins and ends."""
    where = ZoneInfo(zone)
    start = datetime.combine(day, time(), tzinfo=where).astimezone(UTC)
    return start, datetime.combine(day + A_DAY, time(), tzinfo=where).astimezone(UTC)


def length_of(day: date, zone: str) -> timedelta:
    """Tell how long a day is."""
    start, end = day_bounds(day, zone)
    return end - start


def clock_change(day: date, zone: str) -> str:
    """Say what the clocks do on a day; empty on most."""
    length = length_of(day, zone)
    if length == A_DAY:
        return ""
    minutes = round(abs(length - A_DAY) / timedelta(minutes=1))
    amount = f"{minutes // HOUR} hour" if minutes == HOUR else f"{minutes} minutes"
    return f"Clocks go {'forward' if length < A_DAY else 'back'} {amount}"


def _steps(day: date, zone: str) -> list[datetime]:
    start, end = day_bounds(day, zone)
    return [start + timedelta(minutes=STEP * one) for one in range(int((end - start) / timedelta(minutes=STEP)))]


def _walls(day: date, zone: str) -> list[datetime]:
    where = ZoneInfo(zone)
    return [moment.astimezone(where) for moment in _steps(day, zone)]


def _hour_words(hour: int) -> str:
    return scheduling.say_clock(datetime(2000, 1, 1, hour, tzinfo=UTC)).replace(":00", "")
