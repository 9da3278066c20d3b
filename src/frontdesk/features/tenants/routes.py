"""The JSON API of businesses."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field, field_validator, model_validator

from frontdesk.features.tenants import hours, service
from frontdesk.features.tenants.model import (
    MAX_COUNTRIES,
    MAX_RANGE_LIMIT,
    Registration,
    Tenant,
    read_registrations,
    with_registrations,
)
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.moments import WallTime
from frontdesk.kernel.zones import zone_names
from frontdesk.routing import Routes

MAX_TEMPLATE = 640
Cents = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=4)]


class RegistrationView(BaseModel, extra="forbid"):
    """A registration or exemption that a law asks for; without `valid_until` it does not end."""

    number: str = Field(min_length=1, max_length=100)
    valid_until: date | None = None


class TenantView(BaseModel):
    """A business with all its settings; `hours` as weekly spans and special days."""

    id: UUID
    slug: str
    name: str
    timezone: str
    country: str
    hours: dict[str, object]
    forwarding_e164: str | None
    ring_seconds: int
    textback_enabled: bool
    textback_open_template: str
    textback_closed_template: str
    textback_cooldown_seconds: int
    voicemail_enabled: bool
    recording_announcement: str
    daily_budget_cents: Decimal
    monthly_budget_cents: Decimal
    quiet_from: WallTime
    quiet_until: WallTime
    state: str
    postal_address: str
    website: str
    registrations: dict[str, RegistrationView]
    double_opt_in: bool
    marketing_daily_cap: int
    texting_countries: list[str]
    range_hourly_limit: int
    created_at: datetime
    updated_at: datetime


class TenantChange(BaseModel, extra="forbid"):
    """The settings to change; what is left out stays as it is."""

    name: str | None = Field(None, min_length=1, max_length=120)
    timezone: str | None = Field(None, max_length=64)
    country: str | None = Field(None, pattern=r"^[A-Z]{2}$")
    hours: dict[str, object] | None = None
    forwarding_e164: str | None = Field(None, pattern=r"^\+[1-9][0-9]{6,14}$")
    ring_seconds: int | None = Field(None, ge=5, le=60)
    textback_enabled: bool | None = None
    textback_open_template: str | None = Field(None, min_length=1, max_length=MAX_TEMPLATE)
    textback_closed_template: str | None = Field(None, min_length=1, max_length=MAX_TEMPLATE)
    textback_cooldown_seconds: int | None = Field(None, ge=0, le=86_400)
    voicemail_enabled: bool | None = None
    recording_announcement: str | None = Field(None, min_length=1, max_length=500)
    daily_budget_cents: Cents | None = None
    monthly_budget_cents: Cents | None = None
    quiet_from: WallTime | None = None
    quiet_until: WallTime | None = None
    state: str | None = Field(None, pattern=r"^([A-Z]{2}-[A-Z0-9]{1,3})?$")
    postal_address: str | None = Field(None, max_length=500)
    website: str | None = Field(None, max_length=500)
    registrations: dict[str, RegistrationView] | None = Field(None, max_length=50)
    double_opt_in: bool | None = None
    marketing_daily_cap: int | None = Field(None, ge=0, le=3)
    texting_countries: list[Annotated[str, Field(pattern=r"^[A-Z]{2}$")]] | None = Field(None, max_length=MAX_COUNTRIES)
    range_hourly_limit: int | None = Field(None, ge=1, le=MAX_RANGE_LIMIT)

    @field_validator("postal_address", "website")
    @classmethod
    def _has_no_control_characters(cls, text: str | None) -> str | None:
        if text is not None and any(letter < " " and letter != "\n" for letter in text):
            raise ValueError("must have no control characters")
        return text

    @field_validator("name", "textback_open_template", "textback_closed_template", "recording_announcement")
    @classmethod
    def _can_be_kept(cls, text: str | None) -> str | None:
        if text is not None and (not text.strip() or any(letter < " " and letter != "\n" for letter in text)):
            raise ValueError("must have visible characters and no control characters")
        return text

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        if name is not None and name not in zone_names():
            raise ValueError("is not a time zone; use a name like America/New_York")
        return name

    @model_validator(mode="after")
    def _only_the_number_may_be_taken_away(self) -> Self:
        given = self.model_dump(include=self.model_fields_set)
        empty = [name for name, value in given.items() if value is None and name != "forwarding_e164"]
        if empty:
            raise ValueError(f"{', '.join(sorted(empty))}: null is not a value")
        return self


JudgeTemplate = Callable[[str], str]


def router(access: Access, *, judge_template: JudgeTemplate) -> APIRouter:
    """Make the routes of one business; `judge_template` says what is wrong with a text-back's words, "" for nothing.

    The list of businesses is the web's, who knows whom the caller may see.
    """
    routes = Routes(prefix="/api/tenants", tags=["businesses"])

    @routes.get("/{tenant_id}", summary="Read a business and its settings")
    async def get_tenant(
        _tenant_id: Annotated[UUID, Path(alias="tenant_id")],
        visit: Annotated[Visit, Depends(access.to_business(Scope.TENANTS_READ))],
    ) -> TenantView:
        async with visit.transaction() as tx:
            return describe(await service.get_tenant(tx))

    @routes.patch("/{tenant_id}", summary="Change settings of a business")
    async def update_tenant(
        _tenant_id: Annotated[UUID, Path(alias="tenant_id")],
        visit: Annotated[Visit, Depends(access.to_business(Scope.TENANTS_WRITE))],
        change: TenantChange,
    ) -> TenantView:
        async with visit.transaction() as tx:
            before = await service.get_tenant(tx)
            _refuse_bad_templates(change, judge_template)
            after = apply(before, change)
            fields = sorted(change.model_fields_set)
            if after != before:
                await service.update_tenant(tx, after, by=visit.actor, changed=fields)
            return describe(await service.get_tenant(tx))

    return routes


def _refuse_bad_templates(change: TenantChange, judge: JudgeTemplate) -> None:
    """Refuse words that the law or a carrier would not let pass (`tenants.template_invalid`), naming each fault."""
    given = {
        "textback_open_template": change.textback_open_template,
        "textback_closed_template": change.textback_closed_template,
    }
    faults = [{"path": name, "message": judge(text)} for name, text in given.items() if text and judge(text)]
    if faults:
        shown = "; ".join(f"{fault['path']}: {fault['message']}" for fault in faults)
        raise Refused("tenants.template_invalid", shown, status=422, details={"faults": faults})


def apply(tenant: Tenant, change: TenantChange) -> Tenant:
    """Work a change into a business; refuses hours that cannot be read (`tenants.hours_invalid`)."""
    given = change.model_dump(include=change.model_fields_set)
    if "hours" in given:
        zone = given.get("timezone") or tenant.timezone
        given["hours"] = hours.to_json(hours.from_document(given["hours"], zone=zone))
    given.pop("registrations", None)
    if "texting_countries" in given:
        given["texting_countries"] = tuple(sorted(set(given["texting_countries"])))
    changed = replace(tenant, **given)
    if change.registrations is None:
        return changed
    told = {
        kind: Registration(number=one.number, valid_until=one.valid_until) for kind, one in change.registrations.items()
    }
    return with_registrations(changed, told)


def describe(tenant: Tenant) -> TenantView:
    """Show a business as the API does."""
    registrations = {
        kind: RegistrationView(number=one.number, valid_until=one.valid_until)
        for kind, one in read_registrations(tenant.registrations).items()
    }
    return TenantView(**(asdict(tenant) | {"hours": json.loads(tenant.hours), "registrations": registrations}))
