"""When a business is open: weekly hours, special days, and the instants that they mean in the business's zone."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from frontdesk.kernel.errors import Refused
from frontdesk.kernel.zones import zone_names

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_IN_DAY = 24 * 60
MAX_SPANS_PER_DAY = 8
MAX_SPECIAL_DAYS = 500
LOOK_AHEAD_DAYS = 400  # past every yearly closure
_TICK = timedelta(microseconds=1)  # the least that clocks tell apart

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00").fullmatch


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one day's wall clock, in minutes from midnight; `closes` beyond 1440 is on the next day."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDays:
    """Days, first to last, whose hours are `open` instead of the weekly ones; closed when there are none."""

    first: date
    last: date
    name: str
    open: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessHours:
    """A business's hours: for each weekday from Monday its spans, and special days; of two for one day the later wins.

    A span belongs to the day on which it opens: closing 25 December does not cut short the night of the 24th.
    """

    zone: str
    weekly: tuple[tuple[Span, ...], ...]
    special: tuple[SpecialDays, ...] = ()

    def is_open(self, at: datetime) -> bool:
        """Tell whether the business is open at the instant `at` (aware)."""
        instant = _utc(at)
        today = instant.astimezone(ZoneInfo(self.zone)).date()
        return any(opens <= instant < closes for opens, closes in self._between(today - timedelta(2), today))

    def next_opening(self, at: datetime) -> datetime | None:
        """Find the first instant, `at` or later, when the business is open, in UTC; None if it stays shut 400 days."""
        instant = _utc(at)
        today = instant.astimezone(ZoneInfo(self.zone)).date()
        for offset in range(-2, LOOK_AHEAD_DAYS):
            day = today + timedelta(offset)
            for opens, closes in self._between(day, day):
                if closes > instant:
                    return max(opens, instant)
        return None

    def next_closing(self, at: datetime) -> datetime | None:
        """Find when the business that is open at `at` closes, in UTC; None if it is shut, or open for 400 days on."""
        instant, end = _utc(at), None
        today = instant.astimezone(ZoneInfo(self.zone)).date()
        for offset in range(-2, LOOK_AHEAD_DAYS):
            day = today + timedelta(offset)
            for opens, closes in self._between(day, day):
                reached = instant if end is None else end
                if opens <= reached < closes:
                    end = closes
                elif opens > reached and end is not None:
                    return end
                elif opens > reached:
                    return None
        return end if end is not None and end < instant + timedelta(LOOK_AHEAD_DAYS - 2) else None

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """List the spans that open on `day`, in order."""
        for special in reversed(self.special):
            if special.first <= day <= special.last:
                return special.open
        return self.weekly[day.weekday()]

    def openings(self, first: date, last: date) -> list[tuple[datetime, datetime]]:
        """List the stretches that open on the days `first` to `last`, as instants in UTC, in order."""
        return list(self._between(first, last))

    def _between(self, first: date, last: date) -> Iterable[tuple[datetime, datetime]]:
        for offset in range((last - first).days + 1):
            day = first + timedelta(offset)
            for span in self.spans_on(day):
                opens = _instant(self.zone, day, span.opens, later=False)
                closes = _instant(self.zone, day, span.closes, later=True)
                if opens < closes:
                    yield opens, closes


@dataclass(frozen=True, slots=True)
class HoursFault:
    """What is wrong with hours, and where: a path like `weekly.mon[1]`."""

    path: str
    message: str


class _Reader:
    """Reads hours from JSON values and notes every fault instead of stopping at the first."""

    def __init__(self) -> None:
        self.faults: list[HoursFault] = []

    def read(self, document: object, zone: str) -> BusinessHours:
        if not is_zone(zone):
            self._fault("zone", f"“{zone[:64]}” is not a time zone; use a name like America/New_York")
        if not isinstance(document, Mapping):
            self._fault("", "hours must be an object with “weekly” and “special”")
            return BusinessHours(zone=zone, weekly=((),) * 7)
        for key in sorted(set(map(str, document)) - {"weekly", "special"}):
            self._fault(key[:64], "unknown name")
        weekly = document.get("weekly", {})
        if not isinstance(weekly, Mapping):
            self._fault("weekly", "must be an object with the days mon to sun")
            weekly = {}
        for key in sorted(set(map(str, weekly)) - set(DAYS)):
            self._fault(f"weekly.{key[:64]}", "unknown day; use mon tue wed thu fri sat sun")
        days = tuple(self._spans(weekly.get(day, []), f"weekly.{day}") for day in DAYS)
        self._check_week(days)
        return BusinessHours(zone=zone, weekly=days, special=self._special(document.get("special", [])))

    def _special(self, items: object) -> tuple[SpecialDays, ...]:
        if not isinstance(items, list):
            self._fault("special", "must be a list")
            return ()
        if len(items) > MAX_SPECIAL_DAYS:
            self._fault("special", f"more than {MAX_SPECIAL_DAYS} entries")
            return ()
        read = [self._special_days(item, f"special[{index}]") for index, item in enumerate(items)]
        return tuple(days for days in read if days is not None)

    def _special_days(self, item: object, path: str) -> SpecialDays | None:
        if not isinstance(item, Mapping):
            self._fault(path, "must be an object with “first”, “last”, “name” and “open”")
            return None
        for key in sorted(set(map(str, item)) - {"first", "last", "name", "open"}):
            self._fault(f"{path}.{key[:64]}", "unknown name")
        first = self._date(item.get("first"), f"{path}.first")
        last = self._date(item.get("last", item.get("first")), f"{path}.last")
        spans = self._spans(item.get("open", []), f"{path}.open")
        name = item.get("name", "")
        if not isinstance(name, str):
            self._fault(f"{path}.name", "must be text")
            name = ""
        if first is None or last is None:
            return None
        if last < first:
            self._fault(path, f"ends on {last} before it begins on {first}")
        return SpecialDays(first=first, last=last, name=name, open=spans)

    def _date(self, value: object, path: str) -> date | None:
        try:
            if isinstance(value, str) and len(value) == len("2026-12-25"):
                return date.fromisoformat(value)
        except ValueError:
            pass
        self._fault(path, "must be a date like 2026-12-25")
        return None

    def _spans(self, items: object, path: str) -> tuple[Span, ...]:
        if not isinstance(items, list):
            self._fault(path, "must be a list of pairs like [“09:00”, “17:00”]")
            return ()
        if len(items) > MAX_SPANS_PER_DAY:
            self._fault(path, f"more than {MAX_SPANS_PER_DAY} openings in a day")
            return ()
        read = [self._span(item, f"{path}[{index}]") for index, item in enumerate(items)]
        spans = sorted(span for span in read if span is not None)
        for before, after in pairwise(spans):
            if after.opens < before.closes:
                self._fault(path, f"{_written(before)} and {_written(after)} overlap")
        return tuple(spans)

    def _span(self, item: object, path: str) -> Span | None:
        match item:
            case [str(opens), str(closes)] if _CLOCK(opens) and _CLOCK(closes) and opens != "24:00":
                start, end = _minutes(opens), _minutes(closes)
                if start == end:
                    self._fault(path, "opens and closes at the same time; all day is [“00:00”, “24:00”]")
                    return None
                return Span(start, end if end > start else end + MINUTES_IN_DAY)
            case _:
                self._fault(path, "must be a pair of times from 00:00 to 24:00, like [“09:00”, “17:00”]")
                return None

    def _check_week(self, days: tuple[tuple[Span, ...], ...]) -> None:
        for index, spans in enumerate(days):
            following = days[(index + 1) % 7]
            if spans and following and spans[-1].closes - MINUTES_IN_DAY > following[0].opens:
                self._fault(
                    f"weekly.{DAYS[index]}",
                    f"{_written(spans[-1])} runs into {DAYS[(index + 1) % 7]} {_written(following[0])}",
                )

    def _fault(self, path: str, message: str) -> None:
        self.faults.append(HoursFault(path, message))


def validate(document: object, *, zone: str) -> tuple[HoursFault, ...]:
    """Name every fault of hours given as JSON values (see `to_document`); none means that they can be read."""
    reader = _Reader()
    reader.read(document, zone)
    return tuple(reader.faults)


def from_document(document: object, *, zone: str) -> BusinessHours:
    """Read hours from JSON values; refuses faulty ones (`tenants.hours_invalid`) and lists all their faults."""
    reader = _Reader()
    hours = reader.read(document, zone)
    if reader.faults:
        faults = [{"path": fault.path, "message": fault.message} for fault in reader.faults]
        shown = "; ".join(f"{fault.path}: {fault.message}" for fault in reader.faults[:5])
        raise Refused("tenants.hours_invalid", f"opening hours: {shown}", status=422, details={"faults": faults})
    return hours


def from_json(text: str, *, zone: str) -> BusinessHours:
    """Read hours from JSON text; refuses like `from_document`."""
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise Refused("tenants.hours_invalid", "opening hours: not JSON", status=422) from fault
    return from_document(document, zone=zone)


def to_document(hours: BusinessHours) -> dict[str, object]:
    """Write hours as JSON values: `{"weekly": {"mon": [["09:00", "17:00"]], …}, "special": [{…}]}`, without zone."""
    return {
        "weekly": {day: _pairs(spans) for day, spans in zip(DAYS, hours.weekly, strict=True)},
        "special": [
            {
                "first": special.first.isoformat(),
                "last": special.last.isoformat(),
                "name": special.name,
                "open": _pairs(special.open),
            }
            for special in hours.special
        ],
    }


def to_json(hours: BusinessHours) -> str:
    """Write hours as JSON text, the same text for the same hours."""
    return json.dumps(to_document(hours), ensure_ascii=False, separators=(",", ":"))


def say_when(opening: datetime, *, now: datetime, zone: str) -> str:
    """Say an instant as a person would: "8 AM", "tomorrow at 8:30 AM", "Monday at 8 AM", "January 4 at 8 AM"."""
    local, today = opening.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    half, hour = divmod(local.hour, 12)
    clock = f"{hour or 12}{f':{local.minute:02}' if local.minute else ''} {('AM', 'PM')[half]}"
    days = (local.date() - today).days
    if days == 0:
        return clock
    if days == 1:
        return f"tomorrow at {clock}"
    if 1 < days < len(_WEEKDAYS):
        return f"{_WEEKDAYS[local.weekday()]} at {clock}"
    return f"{_MONTHS[local.month - 1]} {local.day} at {clock}"


def is_zone(name: str) -> bool:
    """Tell whether `name` is a time zone of the IANA database."""
    return name in _zones()


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return zone_names() - {"localtime", "Factory"}


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return at.astimezone(UTC)


@lru_cache(maxsize=4096)
def _instant(zone: str, day: date, minutes: int, *, later: bool) -> datetime:
    """Find the instant of a wall-clock time, in UTC.

    An opening is the first moment at which the clock shows its time or more, a closing (`later`) the end of the last
    moment at which it shows less: of a time that comes twice the first and the second, of one that is skipped the skip.
    """
    naive = datetime.combine(day, time()) + timedelta(minutes=minutes) - (_TICK if later else timedelta())
    first, second = (naive.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    if first > second:
        return _skip_between(zone, second.replace(microsecond=0), first + _TICK)
    return second + _TICK if later else first


def _skip_between(zone: str, before: datetime, after: datetime) -> datetime:
    """Find the instant, to the second, at which the zone's offset changes: after `before`, at `after` at the latest."""
    where = ZoneInfo(zone)
    old = before.astimezone(where).utcoffset()
    seconds = range(1, int((after - before).total_seconds()) + 1)
    changed = bisect_right(
        seconds, 0, key=lambda s: (before + timedelta(seconds=s)).astimezone(where).utcoffset() != old
    )
    return before + timedelta(seconds=seconds[min(changed, len(seconds) - 1)])


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    if minutes == MINUTES_IN_DAY:
        return "24:00"
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def _written(span: Span) -> str:
    return f"{_clock(span.opens)}-{_clock(span.closes)}"


def _pairs(spans: tuple[Span, ...]) -> list[list[str]]:
    return [[_clock(span.opens), _clock(span.closes)] for span in spans]
