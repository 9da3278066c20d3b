"""Open windows in time: local hours in one or many zones, laid over one another and over clock changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from frontdesk.features.consent.law.rule import Hours

HORIZON = 10  # days; no law closes as many in a row
_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_SATURDAY, _SUNDAY = 5, 6
_KEPT_DAYS = 64

Seconds = tuple[int, int]  # from, and to before; of a local day or of the Unix epoch
Window = tuple[datetime, datetime]  # UTC; opens, and closes before


@dataclass(frozen=True, slots=True)
class Clock:
    """What one local clock allows: open seconds of each weekday (Monday first), and closed legal holidays."""

    zone: str
    week: tuple[tuple[Seconds, ...], ...]
    holidays: tuple[str, ...]

    def open_on(self, day: int) -> tuple[Seconds, ...]:
        """List the open seconds of a local day, which is given as a proleptic ordinal."""
        if any(day in legal_holidays(state, date.fromordinal(day).year) for state in self.holidays):
            return ()
        return self.week[(day + 6) % 7]


class Timetable:
    """The windows in which all clocks are open at once; with no clock, always."""

    __slots__ = ("_clocks", "_days")

    def __init__(self, clocks: Iterable[Clock]) -> None:
        self._clocks = tuple(clocks)
        self._days: dict[int, tuple[Window, ...]] = {}

    def windows_on(self, day: int) -> tuple[Window, ...]:
        """List the windows of a day of UTC, given as a proleptic ordinal, cut at its midnights."""
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _KEPT_DAYS:
                self._days.clear()
            found = self._days[day] = tuple((_moment(a), _moment(b)) for a, b in self._open_seconds(day))
        return found

    def find(self, at: datetime) -> Window | None:
        """Find the window that is open at `at` (UTC) or opens next, within ten days.

        It opens at `at` at the earliest. A window that does not close within ten days is cut there.
        """
        first = at.toordinal()
        for day in range(first, first + HORIZON + 1):
            for opens, closes in self.windows_on(day):
                if closes > at:
                    return max(opens, at), self._end(closes, first + HORIZON)
        return None

    def is_open(self, at: datetime) -> bool:
        """Tell whether `at` (UTC) lies in a window."""
        return any(opens <= at < closes for opens, closes in self.windows_on(at.toordinal()))

    def _end(self, closes: datetime, last_day: int) -> datetime:
        """Follow a window over midnights of UTC."""
        while closes.time() == time() and closes.toordinal() <= last_day:
            following = self.windows_on(closes.toordinal())
            if not following or following[0][0] != closes:
                break
            closes = following[0][1]
        return closes

    def _open_seconds(self, day: int) -> list[Seconds]:
        begin = (day - _EPOCH) * _DAY
        windows = [(begin, begin + _DAY)]
        for clock in self._clocks:
            windows = overlap(windows, _open_in(clock, begin))
            if not windows:
                break
        return windows


def overlap(first: Sequence[Seconds], second: Sequence[Seconds]) -> list[Seconds]:
    """Keep what is in both of two lists of spans."""
    pairs = ((max(a, c), min(b, d)) for a, b in first for c, d in second)
    return sorted((start, end) for start, end in pairs if start < end)


def clocks_for(zones: Iterable[str], hours: Sequence[Hours], quiet: tuple[time, time] | None) -> list[Clock]:
    """Make the clocks that hours and a business's quiet hours need in all of `zones`."""
    if not hours and quiet is None:
        return []
    named = [(rule.clock, (rule,), None) for rule in hours if rule.clock]
    wanted = [(zone, tuple(hours), quiet) for zone in sorted(zones)] + named
    return [
        Clock(
            zone,
            tuple(_open_on_weekday(weekday, rules, silent) for weekday in range(7)),
            tuple(rule.holidays for rule in rules if rule.holidays),
        )
        for zone, rules, silent in wanted
    ]


@lru_cache(maxsize=4_096)
def _open_on_weekday(weekday: int, hours: tuple[Hours, ...], quiet: tuple[time, time] | None) -> tuple[Seconds, ...]:
    spans = [(0, _DAY)] if quiet is None else _outside(*quiet)
    for rule in hours:
        span = rule.sunday if weekday == _SUNDAY else rule.saturday if weekday == _SATURDAY else rule.weekdays
        spans = overlap(spans, [] if span is None else [(_wall(span[0]), _wall(span[1]))])
    return tuple(spans)


def _outside(quiet_from: time, quiet_until: time) -> list[Seconds]:
    """Turn quiet hours, which may reach over midnight, into the open rest of a day; parts of a second stay quiet."""
    start, end = _seconds(quiet_from), _seconds(quiet_until) + (1 if quiet_until.microsecond else 0)
    if quiet_from == quiet_until:
        return [(0, _DAY)]
    spans = [(end, start)] if start > end else [(0, start), (end, _DAY)]
    return [(first, last) for first, last in spans if first < last]


def _seconds(clock: time) -> int:
    return clock.hour * 3_600 + clock.minute * 60 + clock.second


def _wall(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 3_600 + int(minutes) * 60


def _moment(seconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def _open_in(clock: Clock, begin: int) -> list[Seconds]:
    """List the spans of the day of UTC from `begin` in which a clock shows an open time.

    Between two changes of its offset a clock shows each time once, so a skipped time is nowhere and a repeated twice.
    """
    spans: list[Seconds] = []
    for start, end, offset in _steady(clock.zone, begin):
        first, last = (start + offset) // _DAY, (end - 1 + offset) // _DAY
        for local in range(first, last + 1):
            midnight = local * _DAY - offset
            day = [(midnight + a, midnight + b) for a, b in clock.open_on(local + _EPOCH)]
            spans.extend(overlap([(start, end)], day))
    return _joined(sorted(spans))


def _joined(spans: Iterable[Seconds]) -> list[Seconds]:
    found: list[Seconds] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


@lru_cache(maxsize=8_192)
def _steady(zone: str, begin: int) -> tuple[tuple[int, int, int], ...]:
    """Cut a day of UTC where the zone's offset changes: (from, to before, offset), all in seconds.

    No zone has changed its offset twice within three hours.
    """
    where = ZoneInfo(zone)
    pieces: list[tuple[int, int, int]] = []
    start, offset = begin, _offset(where, begin)
    for step in range(begin, begin + _DAY, 3 * 3_600):
        low, high = step, step + 3 * 3_600
        later = _offset(where, high)
        if later == offset:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(where, middle) == offset else (low, middle)
        pieces.append((start, high, offset))
        start, offset = high, later
    if start < begin + _DAY:
        pieces.append((start, begin + _DAY, offset))
    return tuple(pieces)


def _offset(where: ZoneInfo, seconds: int) -> int:
    offset = _moment(seconds).astimezone(where).utcoffset()
    return 0 if offset is None else offset.days * _DAY + offset.seconds


@lru_cache(maxsize=256)
def legal_holidays(state: str, year: int) -> frozenset[int]:
    """List a state's legal holidays of a year, observed days included, as proleptic ordinals."""
    import holidays  # noqa: PLC0415 - a third of a second, and only a few states ask

    days = holidays.country_holidays("US", subdiv=state, years=year, observed=True)
    return frozenset(day.toordinal() for day in days)
