"""Moments in requests and answers: instants with a zone, and wall clocks, which are meant where they are read."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, WithJsonSchema

# JSON Schema's own formats are those of RFC 3339 and want a zone.
TIME = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])"
# A year from either end of the calendar: every zone has these, and so have the days around them.
FIRST_YEAR, LAST_YEAR = 2, 9998
Clock = TypeVar("Clock", time, datetime)


def _in_every_zone(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"must be in the years {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def _without_zone(clock: Clock) -> Clock:
    if clock.tzinfo is not None:
        raise ValueError("is a wall clock and has no zone; leave Z or the offset out")
    return clock


Moment = Annotated[AwareDatetime, AfterValidator(_in_every_zone)]
WallTime = Annotated[
    time,
    AfterValidator(_without_zone),
    WithJsonSchema({"type": "string", "pattern": f"^{TIME}$", "examples": ["21:00"]}),
]
WallMoment = Annotated[
    datetime,
    AfterValidator(_without_zone),
    AfterValidator(_in_every_zone),
    WithJsonSchema({"type": "string", "pattern": f"^{DAY}[T ]{TIME}$", "examples": ["2027-01-31T10:00:00"]}),
]
