"""What the agenda shows: columns of days or of people, and in them what is booked, kept, busy, shut and free."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.features import scheduling
from frontdesk.web.pages.agenda_axis import A_DAY, Axis

TRACKS = 12
LANES = (1, 2, 3, 4, 6)
TONES = 6
DAYS_IN_WEEK = 7
# CLDR: where a week begins with Sunday or Saturday; everywhere else it is Monday.
_SUNDAY = (
    "AG AS BD BR BS BT BW BZ CA CO DM DO ET GT GU HK HN ID IL IN JM JP KE KH KR LA MH MM MO MT MX MZ NI NP PA PE PH PK "
    "PR PT PY SA SG SV TH TT TW UM US VE VI WS YE ZA ZW"
)
_SATURDAY = "AE AF BH DJ DZ EG IQ IR JO KW LY OM QA SD SY"
SUNDAY_FIRST, SATURDAY_FIRST = frozenset(_SUNDAY.split()), frozenset(_SATURDAY.split())
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class View(StrEnum):
    """How much is shown, and how."""

    DAY = "day"
    WEEK = "week"
    LIST = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked at; the same as an address."""

    tenant_id: UUID
    day: date
    view: View = View.WEEK
    resource: UUID | None = None
    whole: bool = False

    @property
    def base(self) -> str:
        """Name the section."""
        return f"/businesses/{self.tenant_id}/agenda"

    def address(self, **more: str) -> str:
        """Write the address of this look, with what else is opened on it."""
        said = {
            "day": self.day.isoformat(),
            "view": self.view.value,
            "who": "" if self.resource is None else str(self.resource),
            "hours": "all" if self.whole else "",
            **more,
        }
        return f"{self.base}?{urlencode({name: value for name, value in said.items() if value})}"

    def as_view(self, view: str, day: date | None = None) -> str:
        """Write the address of another view of the same."""
        return replace(self, view=View(view), day=day or self.day).address()

    def on(self, day: date) -> str:
        """Write the address of another day."""
        return replace(self, day=day).address()

    def of(self, resource: UUID | None) -> str:
        """Write the address of one resource alone, or of all."""
        return replace(self, resource=resource).address()

    def with_hours(self, *, whole: bool) -> str:
        """Write the address with all hours, or with those that matter."""
        return replace(self, whole=whole).address()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that takes time: `kind` is booked, done, missed, held or busy; rows and tracks are its place."""

    kind: str
    row: int
    rows: int
    starts_at: datetime
    ends_at: datetime
    when: str
    title: str
    under: str
    tone: int
    address: str = ""
    id: str = ""
    revision: int = 0
    chip: str = ""
    warns: bool = False
    movable: bool = False
    track: int = 1
    tracks: int = TRACKS


@dataclass(frozen=True, slots=True)
class Shade:
    """Rows that are shut, a break, or not there at all; `words` are empty where nothing is to be said."""

    row: int
    rows: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class Free:
    """Rows that can be clicked to book there."""

    row: int
    rows: int
    address: str


@dataclass(slots=True, kw_only=True)
class Column:
    """A day, or one person's day."""

    key: str
    heading: str
    number: str
    address: str
    is_today: bool
    notes: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    shut: list[Shade] = field(default_factory=list)
    breaks: list[Shade] = field(default_factory=list)
    missing: list[Shade] = field(default_factory=list)
    free: list[Free] = field(default_factory=list)
    now_row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One look at the agenda."""

    wanted: Wanted
    title: str
    zone: str
    country: str
    now: datetime
    columns: Sequence[Column]
    axis: Axis
    resources: Sequence[scheduling.Resource]
    today: date
    earlier: date
    later: date
    mark: str
    may_write: bool
    may_see_people: bool
    has_services: bool

    def drops(self, slots: Sequence[scheduling.Slot]) -> list[tuple[str, int, str, str]]:
        """Tell where in the board slots stand: column, row, start and resource; each place once, the first wins."""
        by_person = self.wanted.view is View.DAY and "/" in next((one.key for one in self.columns), "")
        shown = {one.key for one in self.columns}
        found: dict[tuple[str, int], tuple[str, int, str, str]] = {}
        for slot in slots:
            day = slot.starts_at.astimezone(ZoneInfo(self.axis.zone)).date().isoformat()
            column = f"{day}/{slot.resource_id}" if by_person else day
            row, rows = self.axis.span(slot.starts_at, slot.ends_at)
            if rows and column in shown and self.wanted.resource in (None, slot.resource_id):
                place = (column, row, slot.starts_at.isoformat(), str(slot.resource_id))
                found.setdefault((column, row), place)
        return list(found.values())

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing stands in it."""
        return not any(column.entries for column in self.columns)


def days_of(wanted: Wanted, *, country: str) -> list[date]:
    """List the days that a look shows; a week begins as it does in the country."""
    if wanted.view is View.DAY:
        return [wanted.day]
    first = 6 if country in SUNDAY_FIRST else 5 if country in SATURDAY_FIRST else 0
    start = wanted.day - timedelta(days=(wanted.day.weekday() - first) % DAYS_IN_WEEK)
    return [start + A_DAY * one for one in range(DAYS_IN_WEEK)]


def say_span(days: Sequence[date]) -> str:
    """Say which days are shown: "Monday, November 23, 2026", "Nov 22 to 28, 2026"."""
    first, last = days[0], days[-1]
    if first == last:
        return f"{WEEKDAYS[first.weekday()]}, {MONTHS[first.month - 1]} {first.day}, {first.year}"
    month = f"{MONTHS[last.month - 1]} " if first.month != last.month else ""
    year = f", {first.year}" if first.year != last.year else ""
    return f"{MONTHS[first.month - 1]} {first.day}{year} to {month}{last.day}, {last.year}"


def say_stretch(starts_at: datetime, ends_at: datetime, *, zone: str) -> str:
    """Say from when until when: "10:00 to 11:00 AM", "11:30 AM to 12:30 PM"."""
    where = ZoneInfo(zone)
    first, last = starts_at.astimezone(where), ends_at.astimezone(where)
    start, end = scheduling.say_clock(first), scheduling.say_clock(last)
    if first.date() == last.date() and start[-2:] == end[-2:]:
        start = start[:-3]
    return f"{start} to {end}"


def say_left(left: timedelta) -> str:
    """Say how long something is still kept: "12 min left"."""
    minutes = max(round(left / timedelta(minutes=1)), 1)
    return f"{minutes} min left"


def spread(entries: Iterable[Entry]) -> list[Entry]:
    """Lay entries that overlap side by side, in order of their start."""
    laid: list[Entry] = []
    group: list[Entry] = []
    end = 0
    for entry in sorted(entries, key=lambda one: (one.row, -one.rows, one.title)):
        if group and entry.row >= end:
            laid += _side_by_side(group)
            group = []
        end = max(end, entry.row + entry.rows) if group else entry.row + entry.rows
        group.append(entry)
    return laid + _side_by_side(group)


def _side_by_side(group: Sequence[Entry]) -> list[Entry]:
    ends: list[int] = []
    lane_of: list[int] = []
    for entry in group:
        lane = next((at for at, end in enumerate(ends) if end <= entry.row), len(ends))
        if lane == len(ends):
            ends.append(0)
        ends[lane] = entry.row + entry.rows
        lane_of.append(lane)
    lanes = next((one for one in LANES if one >= len(ends)), LANES[-1])
    width = TRACKS // lanes
    return [
        replace(entry, track=min(lane, lanes - 1) * width + 1, tracks=width)
        for entry, lane in zip(group, lane_of, strict=True)
    ]
