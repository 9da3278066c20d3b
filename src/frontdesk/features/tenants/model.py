"""A business and how it wants to be answered for, and what it may send and spend."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from frontdesk.kernel.errors import Refused
from frontdesk.kernel.zones import zone_names

DEFAULT_RECORDING_ANNOUNCEMENT = (
    "Sorry we missed your call. This call is recorded from now on. Please leave a message after the tone."
)
# What a new business may spend, in cents, and when its own night is: both are the CRM's runbook's.
DEFAULT_DAILY_BUDGET = Decimal(5000)
DEFAULT_MONTHLY_BUDGET = Decimal(100_000)
QUIET_FROM, QUIET_UNTIL = time(21), time(9)
MAX_BUDGET = Decimal(10) ** 10  # the column holds ten digits before the point, and four after it
BUDGET_PLACES = 4
MAX_DAILY_CAP = 3
DEFAULT_RANGE_LIMIT = 30  # a thousand neighbouring numbers hardly hold as many callers of one business in one hour
MAX_RANGE_LIMIT = 1_000_000
MAX_COUNTRIES = 100
MAX_REGISTRATIONS = 50
_KIND = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_REGION = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")
_WEBSITE = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?")


class SetupStep(StrEnum):
    """What is asked of a new business, in order."""

    HOURS = "hours"
    NUMBER = "number"
    WORDS = "words"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How far the first set-up of a business has come; `step` is what is asked next."""

    step: SetupStep
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A registration or exemption that a law asks for: its number, and its last day (None: it does not end)."""

    number: str
    valid_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A business; `hours` and `registrations` are JSON, cool-down and ring time in seconds, budgets in cents.

    `quiet_from` and `quiet_until` are on the recipient's clock; equal ones leave quiet hours to the law alone. `state`
    is where the business itself is (ISO 3166-2, empty if not told). `texting_countries` are those abroad to which texts
    may go; `range_hourly_limit` is how many texts outsiders may cause in an hour to a thousand neighbouring numbers.
    """

    id: UUID
    slug: str
    name: str
    timezone: str
    country: str
    hours: str
    forwarding_e164: str | None
    ring_seconds: int
    textback_enabled: bool
    textback_open_template: str
    textback_closed_template: str
    textback_cooldown_seconds: int
    voicemail_enabled: bool
    recording_announcement: str
    daily_budget_cents: Decimal = DEFAULT_DAILY_BUDGET
    monthly_budget_cents: Decimal = DEFAULT_MONTHLY_BUDGET
    quiet_from: time = QUIET_FROM
    quiet_until: time = QUIET_UNTIL
    state: str = ""
    postal_address: str = ""
    website: str = ""
    registrations: str = "{}"
    double_opt_in: bool = False
    marketing_daily_cap: int = 1
    texting_countries: tuple[str, ...] = ()
    range_hourly_limit: int = DEFAULT_RANGE_LIMIT
    created_at: datetime
    updated_at: datetime


def open_business(  # noqa: PLR0913 - a row's columns
    *,
    tenant_id: UUID,
    slug: str,
    name: str,
    timezone: str,
    forwarding_e164: str | None,
    open_template: str,
    closed_template: str,
    cooldown_seconds: int,
    hours: str,
    at: datetime,
) -> Tenant:
    """Describe a new business with what most want: it rings 20 s, then texts back and takes a message."""
    return Tenant(
        id=tenant_id,
        slug=slug,
        name=name,
        timezone=timezone,
        country="US",
        hours=hours,
        forwarding_e164=forwarding_e164,
        ring_seconds=20,
        textback_enabled=True,
        textback_open_template=open_template,
        textback_closed_template=closed_template,
        textback_cooldown_seconds=cooldown_seconds,
        voicemail_enabled=True,
        recording_announcement=DEFAULT_RECORDING_ANNOUNCEMENT,
        created_at=at,
        updated_at=at,
    )


def checked(tenant: Tenant) -> Tenant:
    """Give a business back as it is kept: refuses settings that cannot be, naming what would be right.

    The codes are `tenants.timezone_invalid`, `country_invalid`, `state_invalid`, `quiet_hours_invalid`,
    `budget_invalid`, `daily_cap_invalid`, `countries_invalid`, `range_limit_invalid`, `website_invalid` and
    `registrations_invalid`.
    """
    if tenant.timezone not in zone_names():
        raise Refused(
            "tenants.timezone_invalid",
            f"{tenant.timezone!r} is not a time zone; use a name like America/New_York",
            status=422,
        )
    if re.fullmatch(r"[A-Z]{2}", tenant.country) is None:
        raise Refused("tenants.country_invalid", "write the country in two capitals like US (ISO 3166)", status=422)
    region = _REGION.fullmatch(tenant.state)
    if tenant.state and (region is None or region[1] != tenant.country):
        raise Refused(
            "tenants.state_invalid",
            f"write the state like {tenant.country}-TX (ISO 3166-2), in the business's country",
            status=422,
        )
    if any(moment.tzinfo is not None or moment.second or moment.microsecond for moment in _quiet_hours(tenant)):
        raise Refused(
            "tenants.quiet_hours_invalid",
            "quiet hours are times of day like 21:00, on the recipient's clock",
            status=422,
        )
    for cents in (tenant.daily_budget_cents, tenant.monthly_budget_cents):
        if not cents.is_finite() or not 0 <= cents < MAX_BUDGET:
            raise Refused("tenants.budget_invalid", f"a budget is 0 to {MAX_BUDGET:,} cents", status=422)
        if cents != round(cents, BUDGET_PLACES):
            raise Refused(
                "tenants.budget_invalid", f"a budget has at most {BUDGET_PLACES} digits after the point", status=422
            )
    if not 0 <= tenant.marketing_daily_cap <= MAX_DAILY_CAP:
        raise Refused(
            "tenants.daily_cap_invalid", f"a person gets 0 to {MAX_DAILY_CAP} marketing texts in 24 hours", status=422
        )
    _refuse_reach(tenant)
    if tenant.website and _WEBSITE.fullmatch(tenant.website) is None:
        raise Refused("tenants.website_invalid", "a website is written like https://example.com", status=422)
    read_registrations(tenant.registrations)
    return tenant


@lru_cache(maxsize=4096)
def read_registrations(document: str) -> Mapping[str, Registration]:
    """Read registrations from their JSON, by kind like `us-tx-302`; refuses `tenants.registrations_invalid`."""
    try:
        given = json.loads(document)
    except ValueError:
        raise Refused("tenants.registrations_invalid", "registrations are not JSON", status=422) from None
    if not isinstance(given, dict) or len(given) > MAX_REGISTRATIONS:
        raise Refused(
            "tenants.registrations_invalid",
            f"registrations are an object of at most {MAX_REGISTRATIONS} kinds",
            status=422,
        )
    return {kind: _registration(kind, entry) for kind, entry in given.items()}


def with_registrations(tenant: Tenant, given: Mapping[str, Registration]) -> Tenant:
    """Put registrations in place of a business's."""
    document = {
        kind: {"number": one.number, "valid_until": None if one.valid_until is None else one.valid_until.isoformat()}
        for kind, one in sorted(given.items())
    }
    return replace(tenant, registrations=json.dumps(document))


def _registration(kind: str, entry: object) -> Registration:
    if _KIND.fullmatch(kind) is None:
        raise Refused(
            "tenants.registrations_invalid",
            f"{kind!r} names no kind of registration; they look like us-tx-302",
            status=422,
        )
    match entry:
        case {"number": str(number), **rest} if number.strip() and not set(rest) - {"valid_until"}:
            return Registration(number=number, valid_until=_day(kind, rest.get("valid_until")))
        case _:
            raise Refused(
                "tenants.registrations_invalid",
                f"{kind} has a `number`, and `valid_until` where it ends, and nothing else",
                status=422,
            )


def _refuse_reach(tenant: Tenant) -> None:
    countries = tenant.texting_countries
    if len(countries) > MAX_COUNTRIES or any(re.fullmatch(r"[A-Z]{2}", one) is None for one in countries):
        raise Refused(
            "tenants.countries_invalid",
            f"texting countries are at most {MAX_COUNTRIES}, each in two capitals like CA (ISO 3166)",
            status=422,
        )
    if not 1 <= tenant.range_hourly_limit <= MAX_RANGE_LIMIT:
        raise Refused(
            "tenants.range_limit_invalid", f"the hourly limit of a range is 1 to {MAX_RANGE_LIMIT:,} texts", status=422
        )


def _day(kind: str, text: object) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        raise Refused(
            "tenants.registrations_invalid", f"{kind}: valid_until is a date like 2026-01-31", status=422
        ) from None


def _quiet_hours(tenant: Tenant) -> tuple[time, time]:
    return tenant.quiet_from, tenant.quiet_until
