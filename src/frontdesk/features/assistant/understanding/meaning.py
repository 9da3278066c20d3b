"""What a reply can mean, and what must be known to read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

WeeklyHours = tuple[tuple[tuple[int, int], ...], ...]


class Language(StrEnum):
    """A language that replies are read and answered in."""

    ENGLISH = "en"
    SPANISH = "es"


class Grain(StrEnum):
    """How exactly a time was named."""

    MOMENT = "moment"
    AROUND = "around"
    SPAN = "span"
    DAY = "day"
    DAYS = "days"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """When an appointment may start: from `starts_at` to before `ends_at`, both in UTC."""

    starts_at: datetime
    ends_at: datetime
    grain: Grain


@dataclass(frozen=True, slots=True)
class WantsAppointment:
    """Wants to come, without naming a time; `service` is one of the context's services, or ""."""

    service: str = ""


@dataclass(frozen=True, slots=True)
class AsksTime:
    """Names when; more than one window where the words leave more than one open."""

    windows: tuple[TimeWindow, ...]
    service: str = ""


@dataclass(frozen=True, slots=True)
class ChoosesOffer:
    """Takes one of the offers on the table; `index` counts from 0."""

    index: int


@dataclass(frozen=True, slots=True)
class Confirms:
    """Says yes."""


@dataclass(frozen=True, slots=True)
class Declines:
    """Says no, or that nothing offered fits."""


@dataclass(frozen=True, slots=True)
class WantsChange:
    """Wants another time for an appointment, and names it if `windows` are there."""

    windows: tuple[TimeWindow, ...] = ()


@dataclass(frozen=True, slots=True)
class WantsCancel:
    """Wants to call an appointment off; the bare word CANCEL is an opt-out and never read as this."""


@dataclass(frozen=True, slots=True)
class AsksQuestion:
    """Asks or tells something that a person must answer."""


@dataclass(frozen=True, slots=True)
class WantsPerson:
    """Wants to talk to a person, or must, because it is urgent."""

    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Thanks:
    """Thanks or greets in a way that needs no answer."""


Sure = (
    WantsAppointment
    | AsksTime
    | ChoosesOffer
    | Confirms
    | Declines
    | WantsChange
    | WantsCancel
    | AsksQuestion
    | WantsPerson
    | Thanks
)


@dataclass(frozen=True, slots=True)
class Unsure:
    """May mean each of `candidates`, likeliest first, or nothing that is known; whoever gets this asks."""

    candidates: tuple[Sure, ...] = ()


Meaning = Sure | Unsure


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known when a reply comes.

    `zone` is the business's, `offers` are the starts of the slots on the table in the order shown, `hours` are minutes
    from midnight for each weekday from Monday. `yes_or_no`: the last text asked for one. `month_first`: 6/5 is 5 June.
    """

    now: datetime
    zone: str
    hours: WeeklyHours = ((),) * 7
    offers: tuple[datetime, ...] = ()
    services: tuple[str, ...] = ()
    has_appointment: bool = False
    yes_or_no: bool = False
    language: Language | None = None
    month_first: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply means, and in which language it is written."""

    meaning: Meaning
    language: Language
