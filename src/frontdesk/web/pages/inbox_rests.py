"""Until when a thread can rest, on the business's own clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from frontdesk.web.pages.views import Place
from frontdesk.web.words import moment_words

MORNING = time(8)
MONDAY = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A moment until which a thread can rest."""

    value: str
    words: str
    hint: str


def rests(place: Place) -> list[Rest]:
    """List the moments until which a thread can rest, on the business's own clock."""
    zone = ZoneInfo(place.zone)
    local = place.now.astimezone(zone)
    tomorrow = datetime.combine(local.date() + timedelta(days=1), MORNING, tzinfo=zone)
    monday = datetime.combine(local.date() + timedelta(days=MONDAY - local.weekday()), MORNING, tzinfo=zone)
    choices = (("hour", "For an hour", place.now + timedelta(hours=1)), ("morning", "Until tomorrow morning", tomorrow))
    return [
        Rest(value=value, words=words, hint=moment_words(moment, place.zone, place.now))
        for value, words, moment in (*choices, ("week", "Until next week", monday))
    ]


def rest_until(value: str, *, place: Place) -> datetime | None:
    """Tell until when a thread rests by a choice, or by a local date and time; None for what is neither."""
    zone = ZoneInfo(place.zone)
    local = place.now.astimezone(zone)
    if value == "hour":
        return place.now + timedelta(hours=1)
    if value == "morning":
        return datetime.combine(local.date() + timedelta(days=1), MORNING, tzinfo=zone)
    if value == "week":
        return datetime.combine(local.date() + timedelta(days=MONDAY - local.weekday()), MORNING, tzinfo=zone)
    try:
        return datetime.fromisoformat(value).replace(tzinfo=zone)
    except ValueError:
        return None
