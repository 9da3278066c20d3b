"""When somebody wants to come: the days and times of a reply put together into instants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from frontdesk.features.assistant.understanding.clocks import DAY_MINUTES, NOON, ClockMention, Dial, Relation
from frontdesk.features.assistant.understanding.days import WEEK, DayMention
from frontdesk.features.assistant.understanding.meaning import Context, Grain, TimeWindow
from frontdesk.features.assistant.understanding.mentions import Mention, scan
from frontdesk.features.assistant.understanding.tokens import Tokens

MOMENT_LASTS, AROUND = 30, 60  # minutes
MOST_WINDOWS = 31
THROUGH = frozenset({"to", "-", "through", "thru", "a", "al", "until"})

Bounds = tuple[int, int, Grain]


@dataclass(frozen=True, slots=True)
class Wish:
    """The windows that were named; `readings` where a time can be of the morning or of the afternoon."""

    windows: tuple[TimeWindow, ...] = ()
    readings: tuple[tuple[TimeWindow, ...], ...] = ()
    named: bool = False
    refused: bool = False


class _Group:
    """Days and times that belong together."""

    def __init__(self, days: list[DayMention] | None = None, clocks: list[ClockMention] | None = None) -> None:
        self.days: list[DayMention] = days or []
        self.clocks: list[ClockMention] = clocks or []


def read_wish(tokens: Tokens, context: Context, *, spanish: bool) -> Wish:
    """Read when somebody wants to come, in the business's zone; past times are not wishes."""
    zone = ZoneInfo(context.zone)
    today = context.now.astimezone(zone).date()
    mentions = scan(tokens.pieces, now=context.now, today=today, month_first=context.month_first, spanish=spanish)
    wanted = [one for one in mentions if not one.refused and not (one.day is not None and one.day.past)]
    refused = [one for one in mentions if one.refused]
    at_once = tuple(
        TimeWindow(one.moment, one.moment + timedelta(minutes=AROUND), Grain.AROUND) for one in wanted if one.moment
    )
    groups = list(_groups(wanted))
    if not groups:
        return Wish(windows=at_once, named=bool(wanted), refused=bool(refused))
    excluded = {one.day for one in refused if one.day is not None}
    windows: list[TimeWindow] = list(at_once)
    unclear: list[tuple[tuple[TimeWindow, ...], ...]] = []
    for group in groups:
        readings = _resolve(group, context, zone=zone, today=today, excluded=excluded)
        if len(readings) == 1:
            windows.extend(readings[0])
        elif readings:
            unclear.append(readings)
    kept = tuple(sorted(set(windows), key=lambda one: (one.starts_at, one.ends_at)))[:MOST_WINDOWS]
    if unclear:
        return Wish(readings=tuple(kept + option for option in unclear[0]), named=True, refused=bool(refused))
    return Wish(windows=kept, named=True, refused=bool(refused))


def _groups(mentions: Iterable[Mention]) -> Iterator[_Group]:
    """Put each time to the day it stands by: "tuesday at 3 or wednesday at 4", "3pm tomorrow or 4pm friday"."""
    group = _Group()
    day_first: bool | None = None
    last_until = -1
    for mention in mentions:
        if mention.day is not None:
            if day_first is None:
                day_first = True
            if day_first and group.clocks:
                yield group
                group = _Group()
            through = bool(group.days) and mention.start == last_until + 1 and mention.before in THROUGH
            if through:
                group.days[-1] = _through(group.days[-1], mention.day)
            else:
                group.days.append(mention.day)
            last_until = mention.day.until
        elif mention.clock is not None:
            if day_first is None:
                day_first = False
            if day_first is False and group.days:
                yield group
                group = _Group()
            group.clocks.append(mention.clock)
    if group.days or group.clocks:
        yield group


def _through(first: DayMention, last: DayMention) -> DayMention:
    start, end = first.spans[0][0], last.spans[0][1]
    if end < start:
        end += timedelta(WEEK)
    return DayMention(((start, end),), Grain.DAYS, last.until)


def _spans(group: _Group, context: Context, *, zone: ZoneInfo, today: date) -> list[tuple[date, date, Grain]]:
    """List the spans of days a group is about; a weekday beside a week is that week's."""
    if not group.days:
        offered = {offer.astimezone(zone).date() for offer in context.offers}
        if len(offered) == 1:
            day = offered.pop()
            return [(day, day, Grain.DAY)]
        return [(today, today + timedelta(WEEK - 1), Grain.DAYS)]
    named = [one for one in group.days if one.grain is not Grain.OPEN]
    group = _Group(named or group.days, group.clocks)
    weeks = [one for one in group.days if one.week]
    weekdays = [one for one in group.days if one.weekday is not None]
    if weeks and weekdays:
        first = weeks[0].spans[0][0]
        monday = first - timedelta(first.weekday())
        days = sorted({monday + timedelta(one.weekday or 0) for one in weekdays})
        return [(day, day, Grain.DAY) for day in days]
    return [(first, last, one.grain) for one in group.days for first, last in one.spans]


def _resolve(
    group: _Group, context: Context, *, zone: ZoneInfo, today: date, excluded: set[DayMention]
) -> tuple[tuple[TimeWindow, ...], ...]:
    """Give the windows of a group: one reading if it is clear, two or more if not, none if all of it is past."""
    spans = _spans(group, context, zone=zone, today=today)
    out = {day for one in excluded for first, last in one.spans for day in _days(first, last)}
    out_weekdays = {one.weekday for one in excluded if one.weekday is not None}
    if not group.clocks and not out and not out_weekdays:
        whole = [
            TimeWindow(_instant(first, 0, zone), _instant(last + timedelta(1), 0, zone), grain)
            for first, last, grain in spans
        ]
        return _clipped((tuple(whole),), context.now)
    days = [
        day
        for first, last, _ in spans
        for day in _days(first, last)
        if day not in out and day.weekday() not in out_weekdays
    ]
    readings = _bounds(group.clocks, days, context) if group.clocks else ((((0, DAY_MINUTES, Grain.DAY)),),)
    found = tuple(
        tuple(_window(day, low, high, grain, zone) for day in days for low, high, grain in bounds)
        for bounds in readings
    )
    return _clipped(found, context.now)


def _window(day: date, low: int, high: int, grain: Grain, zone: ZoneInfo) -> TimeWindow:
    """Make a window of a day; what the clock skips in the night of its change does not turn it round."""
    start = _instant(day, low, zone)
    return TimeWindow(start, max(_instant(day, high, zone), start + timedelta(minutes=MOMENT_LASTS)), grain)


def _clipped(readings: tuple[tuple[TimeWindow, ...], ...], now: datetime) -> tuple[tuple[TimeWindow, ...], ...]:
    """Cut off what is past; a reading of which nothing is left is none."""
    kept = []
    for windows in readings:
        left = tuple(
            replace(one, starts_at=max(one.starts_at, now.astimezone(UTC)))
            for one in windows
            if one.ends_at > now and not (one.grain is Grain.MOMENT and one.starts_at < now)
        )
        if left and left not in kept:
            kept.append(left)
    return tuple(kept)


def _bounds(clocks: list[ClockMention], days: list[date], context: Context) -> tuple[tuple[Bounds, ...], ...]:
    """Give the minutes that the times of a group allow, in one reading or, if unclear, in several."""
    parts = [one for one in clocks if one.part is not None]
    dials = [one for one in clocks if one.part is None]
    if not dials:
        named = [one.part for one in parts if one.part is not None]
        narrow = [one for one in named if not any(one != other and _holds(one, other) for other in named)]
        return (tuple((*one, Grain.SPAN) for one in dict.fromkeys(narrow)),)
    part = parts[0].part if len(parts) == 1 else None
    options = [_options(one, part, days, context) for one in dials]
    combined = [tuple(combination) for combination in product(*options)]
    if len(dials) == 2 and _is_span(dials):  # noqa: PLR2004 - "after 2 but before 5"
        spans = tuple((((low[0], high[1], Grain.SPAN)),) for low, high in combined if low[0] < high[1])
        return spans or tuple(combined)
    if part is not None and len(combined) == 1:
        return (tuple(_within(bounds, part) for bounds in combined[0]),)
    return tuple(combined)


def _holds(outer: tuple[int, int], inner: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _is_span(dials: list[ClockMention]) -> bool:
    return dials[0].relation is Relation.AFTER and dials[1].relation is Relation.BEFORE


def _within(bounds: Bounds, part: tuple[int, int]) -> Bounds:
    """Cut "tomorrow afternoon after 3" to the afternoon; a moment outside of its part stays as it is."""
    low, high = max(bounds[0], part[0]), min(bounds[1], part[1])
    return (low, high, bounds[2]) if bounds[2] is Grain.SPAN and low < high else bounds


def _options(
    clock: ClockMention, part: tuple[int, int] | None, days: list[date], context: Context
) -> tuple[Bounds, ...]:
    """List what one time can mean in minutes: one if the words, the part of the day or the opening hours settle it."""
    if clock.low is None:
        return ((0, DAY_MINUTES, Grain.SPAN),)
    if clock.relation is Relation.BETWEEN and clock.high is not None:
        return _options_between(clock.low, clock.high, part, days, context)
    readings = clock.low.readings()
    if len(readings) > 1 and part is not None:
        fitting = tuple(one for one in readings if part[0] <= one <= part[1])
        readings = fitting if len(fitting) == 1 else readings
    if len(readings) > 1:
        readings = _by_hours(readings, clock.relation, days, context)
    return tuple(_bound(one, clock.relation) for one in readings)


def _options_between(
    low: Dial, high: Dial, part: tuple[int, int] | None, days: list[date], context: Context
) -> tuple[Bounds, ...]:
    pairs = [
        (first, second)
        for first in low.readings()
        for second in high.readings()
        if first < second and second - first <= NOON
    ]
    if len(pairs) > 1 and part is not None:
        pairs = [one for one in pairs if part[0] <= one[0] <= part[1]] or pairs
    if len(pairs) > 1:
        spans = _open_spans(days, context)
        held = [one for one in pairs if any(opens <= one[0] and one[1] <= closes for opens, closes in spans)]
        inside = [one for one in pairs if any(opens <= one[0] < closes for opens, closes in spans)]
        pairs = held if len(held) == 1 else (inside if len(inside) == 1 else pairs)
    return tuple((first, second, Grain.SPAN) for first, second in pairs)


def _bound(minutes: int, relation: Relation) -> Bounds:
    match relation:
        case Relation.AFTER:
            return (minutes, DAY_MINUTES, Grain.SPAN)
        case Relation.BEFORE:
            return (0, minutes, Grain.SPAN)
        case Relation.AROUND:
            return (max(0, minutes - AROUND), min(DAY_MINUTES, minutes + AROUND), Grain.AROUND)
        case _:
            return (minutes, min(DAY_MINUTES, minutes + MOMENT_LASTS), Grain.MOMENT)


def _by_hours(readings: tuple[int, ...], relation: Relation, days: list[date], context: Context) -> tuple[int, ...]:
    """Settle morning or afternoon by the opening hours of the days, if they leave but one."""
    spans = _open_spans(days, context)
    if not spans:
        return readings
    if relation is Relation.BEFORE:
        inside = tuple(one for one in readings if any(opens < one <= closes for opens, closes in spans))
    else:
        inside = tuple(one for one in readings if any(opens <= one < closes for opens, closes in spans))
    if len(inside) == 1:
        return inside
    opens, closes = min(one[0] for one in spans), max(one[1] for one in spans)
    if not inside and relation is Relation.AFTER:
        telling = tuple(one for one in readings if one > opens)
    elif not inside and relation is Relation.BEFORE:
        telling = tuple(one for one in readings if one < closes)
    else:
        return readings
    return telling if len(telling) == 1 else readings


def _open_spans(days: list[date], context: Context) -> set[tuple[int, int]]:
    spans = {span for day in days for span in context.hours[day.weekday()]}
    # On a day off, the other days still tell when this business works.
    return spans or {span for weekday in context.hours for span in weekday}


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(ahead) for ahead in range(min((last - first).days, MOST_WINDOWS) + 1)]


def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Give the instant of a wall clock; one that the clock jumps over is an hour later."""
    if minutes >= DAY_MINUTES:
        day, minutes = day + timedelta(1), minutes - DAY_MINUTES
    wall = datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=zone)
    return wall.astimezone(UTC)
