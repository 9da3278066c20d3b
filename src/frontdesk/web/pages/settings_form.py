"""The forms of a business's settings: what each section asks, and what is wrong with what was typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import ValidationError
from starlette.datastructures import FormData

from frontdesk.features import tenants
from frontdesk.features.contacts.phones import parse_phone
from frontdesk.features.tenants.routes import TenantChange
from frontdesk.kernel.errors import Refused
from frontdesk.web.pages.hours_form import said

LONGEST = 2000
MINUTE = 60
# What to do about a value that cannot be kept, by field.
REMEDIES: Mapping[str, str] = {
    "name": "Write the name that your customers know, at most 120 characters.",
    "country": "Choose a country.",
    "state": "Write the two or three letters of the state, like TX.",
    "postal_address": "Write at most 500 characters.",
    "website": "Write it like https://example.com.",
    "forwarding_e164": "Write a telephone number, like (206) 555-0100.",
    "ring_seconds": "Write 5 to 60 seconds.",
    "recording_announcement": "Write what callers hear, at most 500 characters.",
    "textback_cooldown_seconds": "Write 0 to 1,440 minutes.",
    "quiet_from": "Write a time like 21:00.",
    "quiet_until": "Write a time like 09:00.",
    "marketing_daily_cap": "Write 0 to 3.",
    "texting_countries": "Write two capitals for each country, like CA, GB.",
    "range_hourly_limit": "Write a whole number of texts, 1 to 1,000,000.",
}
FIELD_OF: Mapping[str, str] = {
    "tenants.country_invalid": "country",
    "tenants.state_invalid": "state",
    "tenants.website_invalid": "website",
    "tenants.quiet_hours_invalid": "quiet_from",
    "tenants.daily_cap_invalid": "marketing_daily_cap",
    "tenants.countries_invalid": "texting_countries",
    "tenants.range_limit_invalid": "range_hourly_limit",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into one section, by the names of the settings, and what is wrong with it."""

    section: str
    values: Mapping[str, str]
    wrong: Mapping[str, str] = field(default_factory=dict)


Reader: TypeAlias = Callable[[FormData, tenants.Tenant], dict[str, object]]


def _about(form: FormData, _tenant: tenants.Tenant) -> dict[str, object]:
    country = said(form, "country")
    state = said(form, "state").upper()
    return {
        "name": said(form, "name"),
        "country": country,
        "state": state if not state or "-" in state else f"{country}-{state}",
        "postal_address": long(form, "postal_address"),
        "website": said(form, "website"),
    }


def _calls(form: FormData, tenant: tenants.Tenant) -> dict[str, object]:
    forwarding = said(form, "forwarding_e164")
    return {
        "forwarding_e164": parse_phone(forwarding, tenant.country).e164 if forwarding else None,
        "ring_seconds": said(form, "ring_seconds"),
        "voicemail_enabled": bool(said(form, "voicemail_enabled")),
        "recording_announcement": long(form, "recording_announcement"),
    }


def _texts(form: FormData, _tenant: tenants.Tenant) -> dict[str, object]:
    minutes = said(form, "textback_cooldown_seconds")
    return {
        "textback_enabled": bool(said(form, "textback_enabled")),
        "textback_open_template": long(form, "textback_open_template"),
        "textback_closed_template": long(form, "textback_closed_template"),
        "textback_cooldown_seconds": int(minutes) * MINUTE if minutes.isdecimal() and len(minutes) < 6 else -1,  # noqa: PLR2004 - far beyond a day
    }


def _limits(form: FormData, _tenant: tenants.Tenant) -> dict[str, object]:
    countries = said(form, "texting_countries").upper().replace(",", " ").split()
    return {
        "quiet_from": said(form, "quiet_from"),
        "quiet_until": said(form, "quiet_until"),
        "marketing_daily_cap": said(form, "marketing_daily_cap"),
        "double_opt_in": bool(said(form, "double_opt_in")),
        "texting_countries": countries,
        "range_hourly_limit": said(form, "range_hourly_limit"),
    }


READERS: Mapping[str, Reader] = {"about": _about, "calls": _calls, "texts": _texts, "limits": _limits}


def read_change(section: str, form: FormData, tenant: tenants.Tenant) -> tuple[TenantChange | None, Typed]:
    """Read one section's form; no change where something in it cannot be kept."""
    values = {name: value[:LONGEST] for name, value in form.items() if isinstance(value, str)}
    try:
        change = TenantChange.model_validate(READERS[section](form, tenant))
    except ValidationError as error:
        names = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}
        wrong = {name: REMEDIES.get(name, "This cannot be kept.") for name in names}
        return None, Typed(section, values, wrong or {"all": "Some of this cannot be kept."})
    except Refused as refusal:
        return None, Typed(section, values, {"forwarding_e164": sentence(refusal.message)})
    return change, Typed(section, values)


def told(typed: Typed, refusal: Refused) -> Typed:
    """Put a refusal beside the field that it is about."""
    name = FIELD_OF.get(refusal.code, "all")
    return Typed(typed.section, typed.values, {name: REMEDIES.get(name, sentence(refusal.message))})


def sentence(words: str) -> str:
    """Write a refusal's words as a sentence."""
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"


def long(form: FormData, name: str) -> str:
    """Read a field of several lines; empty if it is missing or a file."""
    value = form.get(name)
    return value.replace("\r\n", "\n").strip()[:LONGEST] if isinstance(value, str) else ""
