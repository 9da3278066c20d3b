"""The forms of the booking settings: words as they were typed, what they make, and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import zip_longest
from uuid import UUID

from starlette.datastructures import FormData

from frontdesk.features import scheduling
from frontdesk.features.scheduling.model.showing import Showing
from frontdesk.kernel.zones import zone_names
from frontdesk.web.pages.agenda_panels import as_id
from frontdesk.web.pages.amounts import read_cents

DAYS = (
    ("mon", "Monday"),
    ("tue", "Tuesday"),
    ("wed", "Wednesday"),
    ("thu", "Thursday"),
    ("fri", "Friday"),
    ("sat", "Saturday"),
    ("sun", "Sunday"),
)
LEADS = (
    (0, "None"),
    (30, "30 minutes"),
    (60, "1 hour"),
    (120, "2 hours"),
    (240, "4 hours"),
    (720, "12 hours"),
    (1440, "1 day"),
    (2880, "2 days"),
    (10080, "1 week"),
)
REMINDERS = (
    (10080, "1 week before"),
    (2880, "2 days before"),
    (1440, "1 day before"),
    (240, "4 hours before"),
    (120, "2 hours before"),
    (60, "1 hour before"),
    (30, "30 minutes before"),
)
MOST_REMINDERS = 5
MAX_CENTS = 100_000_000
MAX_DAYS_OFF = 500
NEW_DAYS_OFF = 2
LONGEST = {"name": 120, "description": 1000}
Spans = list[tuple[str, str]]


@dataclass(slots=True)
class Typed:
    """A form that was sent: its words, and what is wrong by field."""

    form: FormData
    faults: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Read a word."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""

    def ticked(self, name: str) -> bool:
        """Tell whether a box was ticked."""
        return bool(self.text(name))

    def whole(self, name: str, *, least: int, most: int) -> int:
        """Read a whole number between two, and note what is wrong with any other."""
        text = self.text(name)
        if text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most:  # noqa: PLR2004 - a column
            return int(text)
        self.faults[name] = f"Write a whole number from {least} to {most:,}."
        return least

    def name(self) -> str:
        """Read the name of a thing, and note if there is none."""
        text = " ".join(self.text("name").split())
        if not text or not text.isprintable() or len(text) > LONGEST["name"]:
            self.faults["name"] = "Write a name of at most 120 letters."
        return text

    def cents(self, name: str) -> int | None:
        """Read an amount of money; None if nothing was written."""
        text = self.text(name)
        cents = read_cents(text, most=MAX_CENTS)
        if text and cents is None:
            self.faults[name] = "Write an amount like 25 or 49.50."
        return cents

    def ids(self, name: str) -> list[UUID]:
        """Read the ids that were ticked."""
        found = [as_id(value) for value in self.form.getlist(name) if isinstance(value, str)]
        return [one for one in found if one is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One weekday of a resource: its name, when it works and when it rests."""

    key: str
    name: str
    spans: Spans
    breaks: Spans


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysOff:
    """Days off or with other hours, in words; `at` is their place in the list."""

    at: int
    words: str


def read_service(typed: Typed, known: scheduling.Service) -> tuple[scheduling.Service, Showing, list[UUID]]:
    """Read a service, how it is shown, and who gives it; faults are noted by field."""
    description = typed.text("description").replace("\r\n", "\n")
    if len(description) > LONGEST["description"] or any(one < " " and one not in "\n\t" for one in description):
        typed.faults["description"] = "Write at most 1,000 letters."
    reminders = {int(one) for one in typed.form.getlist("reminder") if isinstance(one, str) and one.isdigit()}
    if len(reminders) > MOST_REMINDERS or any(not 5 <= one <= 43_200 for one in reminders):  # noqa: PLR2004 - the API's
        typed.faults["reminder"] = "Choose at most five reminders."
        reminders = set(known.reminder_minutes)
    service = replace(
        known,
        name=typed.name(),
        description=description,
        duration_minutes=typed.whole("duration_minutes", least=5, most=1440),
        buffer_before_minutes=typed.whole("buffer_before_minutes", least=0, most=720),
        buffer_after_minutes=typed.whole("buffer_after_minutes", least=0, most=720),
        lead_minutes=typed.whole("lead_minutes", least=0, most=129_600),
        horizon_days=typed.whole("horizon_days", least=1, most=730),
        deposit_cents=typed.cents("deposit") or 0,
        reminder_minutes=tuple(sorted(reminders, reverse=True)),
        active=not typed.ticked("archived"),
    )
    showing = Showing(public=typed.ticked("public"), price_cents=typed.cents("price"))
    return service, showing, typed.ids("giver")


def read_resource(typed: Typed, known: scheduling.Resource) -> scheduling.Resource:
    """Read a resource with its week and its days off; faults are noted by field."""
    zone = typed.text("zone")
    if zone and zone not in zone_names():
        typed.faults["zone"] = "Write a time zone like America/New_York, or leave it empty."
        zone = ""
    hours = json.dumps(_week(typed, "open")) if typed.text("week") == "own" else None
    return replace(
        known,
        name=typed.name(),
        own_zone=zone or None,
        capacity=typed.whole("capacity", least=1, most=100),
        hours=hours,
        breaks=json.dumps(_week(typed, "rest")),
        exceptions=json.dumps(_exceptions(typed, known)),
        active=not typed.ticked("archived"),
    )


def week_of(resource: scheduling.Resource, *, business_hours: str) -> list[DayRow]:
    """Show a resource's week, or the business's where it has none of its own; each day with room for one span more."""
    own = json.loads(business_hours).get("weekly", {}) if resource.hours is None else json.loads(resource.hours)
    breaks = json.loads(resource.breaks)
    return [
        DayRow(
            key=key, name=name, spans=_padded(own.get(key, []), least=2), breaks=_padded(breaks.get(key, []), least=1)
        )
        for key, name in DAYS
    ]


def days_off_of(resource: scheduling.Resource) -> list[DaysOff]:
    """Show a resource's days off and days with other hours."""
    return [DaysOff(at=at, words=_say(one)) for at, one in enumerate(json.loads(resource.exceptions))]


def with_present(choices: Sequence[tuple[int, str]], present: Sequence[int]) -> list[tuple[int, str]]:
    """Offer the usual choices, and what is chosen though it is none of them."""
    usual = dict(choices)
    return sorted((usual | {one: f"{one} minutes" for one in present if one not in usual}).items())


def _week(typed: Typed, kind: str) -> dict[str, Spans]:
    week: dict[str, Spans] = {}
    for key, name in DAYS:
        spans: Spans = []
        firsts, lasts = typed.form.getlist(f"{kind}_{key}_from"), typed.form.getlist(f"{kind}_{key}_to")
        for first, last in zip_longest(firsts, lasts, fillvalue=""):
            if not isinstance(first, str) or not isinstance(last, str) or not (first or last):
                continue
            if not first or not last:
                typed.faults[kind] = f"{name}: write from when until when."
                continue
            spans.append((first[:5], "24:00" if last[:5] == "00:00" else last[:5]))
        week[key] = sorted(spans)
    return week


def _exceptions(typed: Typed, known: scheduling.Resource) -> list[Mapping[str, object]]:
    gone = {one for one in typed.form.getlist("forget") if isinstance(one, str)}
    kept: list[Mapping[str, object]] = [
        one for at, one in enumerate(json.loads(known.exceptions)) if str(at) not in gone
    ]
    for at in range(NEW_DAYS_OFF):
        first, last = typed.text(f"off_{at}_first"), typed.text(f"off_{at}_last")
        if not first:
            continue
        opens, closes = typed.text(f"off_{at}_from"), typed.text(f"off_{at}_to")
        if not _is_day(first) or (last and (not _is_day(last) or last < first)) or bool(opens) != bool(closes):
            typed.faults["off"] = "Write the first day, the last not before it, and both times or none."
            continue
        open_ = [(opens[:5], "24:00" if closes[:5] == "00:00" else closes[:5])] if opens else []
        kept.append({"first": first, "last": last or first, "name": typed.text(f"off_{at}_name")[:120], "open": open_})
    if len(kept) > MAX_DAYS_OFF:
        typed.faults["off"] = "That are too many days; remove some that are over."
    return kept


def _padded(spans: Sequence[Sequence[str]], *, least: int) -> Spans:
    shown = [(first, "00:00" if last == "24:00" else last) for first, last in spans]
    return shown + [("", "")] * max(least - len(shown), 0)


def _say(one: Mapping[str, object]) -> str:
    first, last = date.fromisoformat(str(one["first"])), date.fromisoformat(str(one.get("last") or one["first"]))
    days = f"{first:%a %b} {first.day}, {first.year}"
    if last != first:
        days += f" to {last:%a %b} {last.day}, {last.year}"
    open_ = one.get("open")
    hours = ", ".join(f"{a} to {b}" for a, b in open_) if isinstance(open_, list) and open_ else "off"
    name = str(one.get("name") or "")
    return f"{days}: {hours}{f' ({name})' if name else ''}"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
