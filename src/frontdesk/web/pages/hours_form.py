"""The form of opening hours: a week with breaks, days that are different, and the zone that they are in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from starlette.datastructures import FormData

from frontdesk.features import tenants
from frontdesk.features.contacts.zones import zones_in
from frontdesk.features.tenants.hours import DAYS
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.zones import zone_names

DAY_NAMES = dict(zip(DAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True))
WORKDAYS = DAYS[:5]
MOST_SPANS = 2
MOST_SPECIAL = 60
SPARE_ROWS = 2
LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class DayForm:
    """One weekday as it was typed; times are like 09:00, without a break both of its times are empty."""

    key: str
    open: bool = False
    opens: str = "09:00"
    closes: str = "17:00"
    break_from: str = ""
    break_until: str = ""
    wrong: str = ""

    @property
    def name(self) -> str:
        """The day's name."""
        return DAY_NAMES[self.key]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialForm:
    """Days that are different, as they were typed; without times they are closed."""

    first: str = ""
    last: str = ""
    name: str = ""
    opens: str = ""
    closes: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursForm:
    """All of a business's hours as they were typed; `is_too_fine` tells that a program set more than fits here."""

    zone: str
    days: Sequence[DayForm]
    special: Sequence[SpecialForm] = ()
    is_too_fine: bool = False
    wrong: Mapping[str, str] = field(default_factory=dict)


def show_hours(tenant: tenants.Tenant) -> HoursForm:
    """Fill the form with a business's hours, and spare rows for more different days."""
    document = json.loads(tenant.hours)
    weekly, special = document.get("weekly", {}), document.get("special", [])
    fine = any(len(weekly.get(day, [])) > MOST_SPANS for day in DAYS)
    fine = fine or any(len(one.get("open", [])) > 1 for one in special) or len(special) > MOST_SPECIAL
    return HoursForm(
        zone=tenant.timezone,
        days=[_day(day, weekly.get(day, [])) for day in DAYS],
        special=[*[_special(one) for one in special], *[SpecialForm()] * SPARE_ROWS],
        is_too_fine=fine,
    )


def usual_hours(zone: str) -> HoursForm:
    """Fill the form with what most begin with: Monday to Friday from 9 to 5."""
    return HoursForm(zone=zone, days=[DayForm(key=day, open=day in WORKDAYS) for day in DAYS])


def read_hours(form: FormData) -> HoursForm:
    """Read the form as it was typed."""
    return HoursForm(
        zone=said(form, "timezone"),
        days=[
            DayForm(
                key=day,
                open=bool(said(form, f"{day}_open")),
                opens=said(form, f"{day}_opens"),
                closes=said(form, f"{day}_closes"),
                break_from=said(form, f"{day}_break_from"),
                break_until=said(form, f"{day}_break_until"),
            )
            for day in DAYS
        ],
        special=[
            SpecialForm(
                first=said(form, f"special_{at}_first"),
                last=said(form, f"special_{at}_last"),
                name=said(form, f"special_{at}_name"),
                opens=said(form, f"special_{at}_opens"),
                closes=said(form, f"special_{at}_closes"),
            )
            for at in range(MOST_SPECIAL)
            if f"special_{at}_first" in form
        ],
    )


def same_all_week(form: HoursForm) -> HoursForm:
    """Give every weekday Monday's hours, and leave the weekend as it is."""
    monday = replace(form.days[0], open=True)
    return replace(form, days=[replace(monday, key=day.key) if day.key in WORKDAYS else day for day in form.days])


def judge_hours(form: HoursForm) -> tuple[HoursForm, dict[str, object] | None]:
    """Make the document that is kept, or None and the form with what is wrong beside each field."""
    days = [replace(day, wrong=_wrong_day(day)) for day in form.days]
    special = [replace(one, wrong=_wrong_special(one)) for one in form.special]
    judged = replace(form, days=days, special=special)
    if form.zone not in zone_names():
        judged = replace(judged, wrong={"timezone": "Choose where the business is."})
    document: dict[str, object] = {
        "weekly": {day.key: _spans(day) for day in form.days},
        "special": [_special_document(one) for one in form.special if one.first],
    }
    if any(day.wrong for day in days) or any(one.wrong for one in special) or judged.wrong:
        return judged, None
    try:
        tenants.from_document(document, zone=form.zone)
    except Refused as refusal:
        return _told(judged, refusal), None
    return judged, document


def _told(form: HoursForm, refusal: Refused) -> HoursForm:
    """Put what the reader of hours found beside the day that it is about."""
    faults = refusal.details.get("faults", [])
    by_path = {str(one["path"]): str(one["message"]) for one in faults} if isinstance(faults, list) else {}
    days = []
    for day in form.days:
        wrong = next((words for path, words in by_path.items() if path.startswith(f"weekly.{day.key}")), "")
        days.append(replace(day, wrong=wrong[:1].upper() + wrong[1:]))
    general = "" if any(day.wrong for day in days) else refusal.message
    return replace(form, days=days, wrong={"hours": general} if general else {})


def _wrong_day(day: DayForm) -> str:
    if not day.open:
        return ""
    if not day.opens or not day.closes:
        return "Say when it opens and when it closes."
    if bool(day.break_from) != bool(day.break_until):
        return "A break has a beginning and an end."
    if day.break_from and day.opens < day.closes and not day.opens < day.break_from < day.break_until < day.closes:
        return "The break lies between opening and closing."
    return ""


def _wrong_special(one: SpecialForm) -> str:
    if not one.first:
        return "Say on which day it begins." if one.last or one.name or one.opens else ""
    if one.last and one.last < one.first:
        return "It ends before it begins."
    if bool(one.opens) != bool(one.closes):
        return "Say when it opens and when it closes, or neither."
    return ""


def _spans(day: DayForm) -> list[list[str]]:
    if not day.open:
        return []
    if day.opens == day.closes == "00:00":
        return [["00:00", "24:00"]]
    if day.break_from:
        return [[day.opens, day.break_from], [day.break_until, day.closes]]
    return [[day.opens, day.closes]]


def _special_document(one: SpecialForm) -> dict[str, object]:
    spans = [[one.opens, one.closes]] if one.opens else []
    return {"first": one.first, "last": one.last or one.first, "name": one.name, "open": spans}


def _day(key: str, spans: list[list[str]]) -> DayForm:
    if not spans:
        return DayForm(key=key)
    first, last = spans[0], spans[-1]
    broken = len(spans) == MOST_SPANS
    return DayForm(
        key=key,
        open=True,
        opens=first[0],
        closes=_clock(last[1]),
        break_from=first[1] if broken else "",
        break_until=last[0] if broken else "",
    )


def _special(one: Mapping[str, object]) -> SpecialForm:
    match one.get("open"):
        case [[str(opens), str(closes)], *_]:
            times = (opens, _clock(closes))
        case _:
            times = ("", "")
    first, last = str(one.get("first", "")), str(one.get("last", ""))
    return SpecialForm(
        first=first,
        last="" if last == first else last,
        name=str(one.get("name", "")),
        opens=times[0],
        closes=times[1],
    )


def _clock(written: str) -> str:
    return "00:00" if written == "24:00" else written


def said(form: FormData, name: str) -> str:
    """Read one field; empty if it is missing or a file."""
    value = form.get(name)
    return value.strip()[:LONGEST] if isinstance(value, str) else ""


@lru_cache(maxsize=300)
def zone_choices(country: str) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """List the zones to choose from as groups of names and words: the country's own first."""
    near = zones_in(country)
    far = sorted(zone for zone in zone_names() if "/" in zone and zone not in near and _is_place(zone))
    groups = [("In this country", [(zone, zone_words(zone)) for zone in near])] if near else []
    return [*groups, ("Elsewhere", [(zone, zone.replace("_", " ")) for zone in far])]


def zone_words(zone: str) -> str:
    """Write a zone as people read it: New York, Indianapolis (Indiana)."""
    _, _, place = zone.partition("/")
    region, _, town = place.rpartition("/")
    words = town.replace("_", " ")
    return f"{words} ({region.replace('_', ' ')})" if region else words


def _is_place(zone: str) -> bool:
    return not zone.startswith(
        ("Etc/", "SystemV/", "US/", "Canada/", "posix/", "right/", "Brazil/", "Chile/", "Mexico/")
    )
