"""One of our numbers: what it is, how fast and how much it may send, and whether carriers let it advertise."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from uuid import UUID

from frontdesk.kernel.errors import Refused

RETIRED = "retired"
MAX_WARMUP_DAYS = 90
MAX_PER_DAY = 1_000_000
MAX_PER_SECOND = Decimal(1000)  # the fastest short codes of Telnyx


class NumberType(StrEnum):
    """What kind of number it is to the carriers."""

    LONG_CODE = "long_code"
    TOLL_FREE = "toll_free"
    SHORT_CODE = "short_code"


class RegistrationStatus(StrEnum):
    """Whether the carriers' registry knows the number."""

    UNREGISTERED = "unregistered"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


# Segments a second that Twilio lets through without further agreement, by type of number.
USUAL_SEGMENTS_PER_SECOND = {NumberType.LONG_CODE: 1.0, NumberType.TOLL_FREE: 3.0, NumberType.SHORT_CODE: 100.0}
# Where carriers refuse unregistered numbers: Twilio 30034 for long codes, 30032 for toll-free ones.
REGISTERING_COUNTRIES = frozenset({"US", "CA", ""})
_NOT_REGISTERED = {
    NumberType.LONG_CODE: "senders.campaign_not_approved",
    NumberType.TOLL_FREE: "senders.toll_free_not_verified",
    NumberType.SHORT_CODE: "senders.short_code_not_approved",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """How many texts a new number may send on each of its first days; after the last one the plan is done."""

    started_on: date
    daily: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingNumber:
    """A number that a business is called on and texts from.

    `segments_per_second` is None for what is usual for its type, `daily_limit` and `warmup` are None for no limit;
    a retired number sends nothing more and is still listened to.
    """

    id: UUID
    tenant_id: UUID
    phone_e164: str
    provider: str
    messaging_service: str
    texting_allowed: bool
    texting_blocked_reason: str
    number_type: NumberType
    registration_status: RegistrationStatus
    registration_id: str
    campaign_class: str
    brand_id: str
    segments_per_second: Decimal | None
    burst: int
    warmup: WarmUp | None
    daily_limit: int | None
    country: str
    retired_at: datetime | None
    created_at: datetime


def daily_allowance(warmup: WarmUp | str | None, daily_limit: int | None, *, on: date) -> int | None:
    """Tell how many texts a number may send on a day of its business's zone; None for no limit.

    `warmup` is a plan or its JSON. Before its first day nothing is sent, after its last one only the limit counts.
    """
    plan = read_warmup(warmup) if isinstance(warmup, str) else warmup
    if plan is None:
        return daily_limit
    day = (on - plan.started_on).days
    if day >= len(plan.daily):
        return daily_limit
    planned = plan.daily[day] if day >= 0 else 0
    return planned if daily_limit is None else min(planned, daily_limit)


def segments_per_second(number_type: str, own_rate: Decimal | None) -> float:
    """Tell how many segments a second a number may send: its own rate, else what is usual for its type."""
    return USUAL_SEGMENTS_PER_SECOND[NumberType(number_type)] if own_rate is None else float(own_rate)


def why_no_marketing(number_type: str | None, registration_status: str | None, *, country: str = "") -> str:
    """Tell by a code why carriers would refuse a number's marketing, "" if they would not (R20).

    A number that nobody knows, and one of a country that nobody told, count as one that must be registered.
    """
    if number_type is None or registration_status is None:
        return "senders.registration_unknown"
    if registration_status == RegistrationStatus.APPROVED or country not in REGISTERING_COUNTRIES:
        return ""
    return _NOT_REGISTERED[NumberType(number_type)]


def may_send_marketing(number: SendingNumber) -> str:
    """Tell by a code why a number may not send marketing, "" if it may."""
    if number.retired_at is not None:
        return "senders.number_retired"
    if not number.texting_allowed:
        return "senders.number_blocked"
    return why_no_marketing(number.number_type, number.registration_status, country=number.country)


@lru_cache(maxsize=4096)
def read_warmup(document: str) -> WarmUp:
    """Read a warm-up plan from its JSON; refuses one of another shape (`senders.warmup_invalid`)."""
    match json.loads(document):
        case {"started_on": str(started_on), "daily": list(daily), **rest} if not rest:
            return check_warmup(started_on, daily)
        case _:
            raise _bad_plan("it has a first day `started_on` and a list `daily`, and nothing else")


def check_warmup(started_on: str, daily: list[object]) -> WarmUp:
    """Make a warm-up plan of a date (ISO) and texts a day; refuses `senders.warmup_invalid`."""
    try:
        first = date.fromisoformat(started_on)
    except ValueError:
        raise _bad_plan(f"{started_on!r} is no date like 2026-01-31") from None
    counts = tuple(count for count in daily if isinstance(count, int) and not isinstance(count, bool))
    if not 1 <= len(daily) <= MAX_WARMUP_DAYS or len(counts) != len(daily):
        raise _bad_plan(f"`daily` lists whole numbers of texts for 1 to {MAX_WARMUP_DAYS} days")
    if not all(0 < count <= MAX_PER_DAY for count in counts):
        raise _bad_plan(f"each day allows 1 to {MAX_PER_DAY:,} texts")
    if any(later < earlier for earlier, later in pairwise(counts)):
        raise _bad_plan("a day may not allow less than the one before it")
    return WarmUp(started_on=first, daily=counts)


def warmup_json(plan: WarmUp | None) -> str | None:
    """Write a warm-up plan as JSON."""
    return None if plan is None else json.dumps({"started_on": plan.started_on.isoformat(), "daily": list(plan.daily)})


def _bad_plan(why: str) -> Refused:
    return Refused("senders.warmup_invalid", f"This is no warm-up plan: {why}.", status=422)
