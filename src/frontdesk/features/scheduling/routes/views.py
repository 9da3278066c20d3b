"""What the API of bookings takes and shows."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, field_validator, model_validator

from frontdesk.features.scheduling.model import (
    Appointment,
    AppointmentStatus,
    Deposit,
    Hold,
    ReminderStatus,
    Resource,
    Service,
    Slot,
    SlotTaken,
    WaiterStatus,
    Why,
)
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.moments import Moment
from frontdesk.kernel.zones import zone_names

Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]*\S[^\x00-\x1f]*$")]
Source = Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9_]*$")]
Note = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00-\x08\x0b-\x1f]*$")]
Spans = list[tuple[str, str]]
Week = dict[str, Spans]
PHONE = r"^\+[1-9][0-9]{6,14}$"
WORDS: Mapping[Why, str] = {
    Why.TAKEN: "this time is taken",
    Why.CLOSED: "nobody works at this time",
    Why.TOO_SOON: "this time is too soon to be booked",
    Why.TOO_FAR: "this time is too far ahead to be booked",
    Why.NOT_OFFERED: "nobody gives this service",
}


class DaysView(BaseModel, extra="forbid"):
    """Days, first to last, with hours of their own; off when `open` is empty."""

    first: date
    last: date
    name: str = Field("", max_length=120)
    open: Spans = Field(default_factory=list, max_length=8)


class ServiceChange(BaseModel, extra="forbid"):
    """The settings of a service to change; what is left out stays as it is."""

    name: Name | None = None
    description: Note | None = None
    duration_minutes: int | None = Field(None, ge=5, le=1440)
    buffer_before_minutes: int | None = Field(None, ge=0, le=720)
    buffer_after_minutes: int | None = Field(None, ge=0, le=720)
    lead_minutes: int | None = Field(None, ge=0, le=129_600)
    horizon_days: int | None = Field(None, ge=1, le=730)
    deposit_cents: int | None = Field(None, ge=0, le=100_000_000)
    currency: str | None = Field(None, pattern=r"^[a-z]{3}$")
    reminder_minutes: list[Annotated[int, Field(ge=5, le=43_200)]] | None = Field(None, max_length=5)
    active: bool | None = None
    resource_ids: list[UUID] | None = Field(None, max_length=200)

    @model_validator(mode="after")
    def _nothing_is_taken_away(self) -> Self:
        given = self.model_dump(include=self.model_fields_set)
        empty = sorted(name for name, value in given.items() if value is None)
        if empty:
            raise ValueError(f"{', '.join(empty)}: null is not a value")
        return self


class NewService(ServiceChange):
    """A service to add, and who gives it."""

    name: Name
    duration_minutes: int = Field(ge=5, le=1440)


class ServiceView(BaseModel):
    """A service with all its settings, and who gives it."""

    id: UUID
    name: str
    description: str
    duration_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    lead_minutes: int
    horizon_days: int
    deposit_cents: int
    currency: str
    reminder_minutes: list[int]
    active: bool
    resource_ids: list[UUID]
    created_at: datetime
    updated_at: datetime


class ResourceChange(BaseModel, extra="forbid"):
    """The settings of a resource to change; without `zone` or `hours` the business's are meant."""

    name: Name | None = None
    zone: str | None = Field(None, max_length=64)
    capacity: int | None = Field(None, ge=1, le=100)
    hours: Week | None = None
    breaks: Week | None = None
    exceptions: list[DaysView] | None = Field(None, max_length=500)
    active: bool | None = None

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        if name is not None and name not in zone_names():
            raise ValueError("is not a time zone; use a name like America/New_York")
        return name

    @model_validator(mode="after")
    def _only_its_own_may_be_taken_away(self) -> Self:
        given = self.model_dump(include=self.model_fields_set - {"zone", "hours"})
        empty = sorted(name for name, value in given.items() if value is None)
        if empty:
            raise ValueError(f"{', '.join(empty)}: null is not a value")
        return self


class NewResource(ResourceChange):
    """A resource to add."""

    name: Name


class ResourceView(BaseModel):
    """A resource with its hours: null hours are the business's, and so is a null `own_zone`."""

    id: UUID
    name: str
    zone: str
    own_zone: str | None
    capacity: int
    hours: Week | None
    breaks: Week
    exceptions: list[DaysView]
    active: bool
    created_at: datetime
    updated_at: datetime


class SlotView(BaseModel):
    """A time that can be had: instants in UTC, and the zone on whose clock it is said."""

    service_id: UUID
    resource_id: UUID
    resource_name: str
    starts_at: datetime
    ends_at: datetime
    zone: str


class NewHold(BaseModel, extra="forbid"):
    """A time to keep for somebody."""

    service_id: UUID
    starts_at: Moment
    resource_id: UUID | None = None
    contact_id: UUID | None = None
    source: Source = "api"


class HoldView(BaseModel):
    """A time that is kept until `expires_at`."""

    id: UUID
    service_id: UUID
    resource_id: UUID
    contact_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime
    awaits_payment: bool
    source: str


class NewDeposit(BaseModel, extra="forbid"):
    """Who pays the deposit of a held time, by id or phone, and whether they are sent the link by text."""

    contact_id: UUID | None = None
    phone_e164: str | None = Field(None, pattern=PHONE)
    name: str = Field("", max_length=120, pattern=r"^[^\x00-\x1f]*$")
    by_text: bool = False

    @model_validator(mode="after")
    def _says_for_whom(self) -> Self:
        if (self.contact_id is None) == (self.phone_e164 is None):
            raise ValueError("name either a contact_id or a phone_e164")
        return self


class DepositView(BaseModel):
    """Where the deposit of a held time is paid, until `expires_at`; `texted` if a number of ours may send the link."""

    hold_id: UUID
    url: str
    amount_cents: int
    currency: str
    expires_at: datetime
    refund_hours: int | None
    texted: bool


class NewAppointment(BaseModel, extra="forbid"):
    """An appointment to book: a held time by `hold_id`, or a service and a start; and for whom, by id or phone."""

    hold_id: UUID | None = None
    service_id: UUID | None = None
    resource_id: UUID | None = None
    starts_at: Moment | None = None
    contact_id: UUID | None = None
    phone_e164: str | None = Field(None, pattern=PHONE)
    name: str = Field("", max_length=120, pattern=r"^[^\x00-\x1f]*$")
    note: Note = ""
    source: Source = "api"

    @model_validator(mode="after")
    def _says_what_and_for_whom(self) -> Self:
        if (self.hold_id is None) == (self.service_id is None or self.starts_at is None):
            raise ValueError("name either a hold_id, or a service_id and starts_at")
        if (self.contact_id is None) == (self.phone_e164 is None):
            raise ValueError("name either a contact_id or a phone_e164")
        return self


class AppointmentChange(BaseModel, extra="forbid"):
    """Another time for an appointment, and another resource if it is named."""

    starts_at: Moment
    resource_id: UUID | None = None
    source: Source = "api"


class Cancellation(BaseModel, extra="forbid"):
    """Why an appointment is called off; `refund` gives its deposit back or keeps it, whatever the rule says."""

    because: str = Field("", max_length=200, pattern=r"^[^\x00-\x1f]*$")
    source: Source = "api"
    refund: bool | None = None


class AppointmentView(BaseModel):
    """An appointment; `collided_at` is since when something in a calendar outside stands in its time."""

    id: UUID
    status: AppointmentStatus
    service_id: UUID
    service_name: str
    resource_id: UUID
    resource_name: str
    contact_id: UUID
    starts_at: datetime
    ends_at: datetime
    zone: str
    deposit: Deposit
    source: str
    note: str
    revision: int
    collided_at: datetime | None
    created_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None
    cancelled_because: str


class ReminderView(BaseModel):
    """A reminder: when it leaves, how long before the start (minutes), and whether it was asked for or skipped."""

    due_at: datetime
    minutes_before: int
    status: ReminderStatus


class NewWaiter(BaseModel, extra="forbid"):
    """Somebody to put on the waiting list of a service, for times that start in a stretch."""

    service_id: UUID
    contact_id: UUID
    wanted_from_at: Moment
    wanted_until: Moment
    resource_id: UUID | None = None


class WaiterView(BaseModel):
    """Somebody on the waiting list; `hold_id` is the time that was kept for them last."""

    id: UUID
    service_id: UUID
    resource_id: UUID | None
    contact_id: UUID
    wanted_from_at: datetime
    wanted_until: datetime
    status: WaiterStatus
    hold_id: UUID | None
    created_at: datetime


class PageView(BaseModel, extra="forbid"):
    """The public booking page: whether it is open, its first words, and the sites that may show it inside theirs."""

    open: bool
    welcome: Note = ""
    embed_origins: list[Annotated[str, Field(max_length=200)]] = Field(default_factory=list, max_length=20)
    refund_hours: int | None = Field(
        None,
        ge=0,
        le=8760,
        description="A deposit goes back if its appointment is called off so many hours before it or earlier; null: "
        "it is kept. What was promised when it was paid holds.",
    )


def show_service(service: Service, resource_ids: list[UUID]) -> ServiceView:
    """Show a service as the API does."""
    shown = asdict(service)
    shown.pop("tenant_id")
    return ServiceView(**shown, resource_ids=resource_ids)


def show_resource(resource: Resource) -> ResourceView:
    """Show a resource as the API does."""
    shown = asdict(resource)
    shown.pop("tenant_id")
    return ResourceView(
        **{
            **shown,
            "hours": None if resource.hours is None else json.loads(resource.hours),
            "breaks": json.loads(resource.breaks),
            "exceptions": json.loads(resource.exceptions),
        }
    )


def show_slot(slot: Slot) -> SlotView:
    """Show a slot as the API does."""
    return SlotView(
        service_id=slot.service_id,
        resource_id=slot.resource_id,
        resource_name=slot.resource_name,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        zone=slot.zone,
    )


def show_hold(hold: Hold) -> HoldView:
    """Show a hold as the API does."""
    shown = asdict(hold)
    return HoldView(**{name: shown[name] for name in HoldView.model_fields})


def show_appointment(appointment: Appointment) -> AppointmentView:
    """Show an appointment as the API does."""
    shown = asdict(appointment)
    return AppointmentView(**{name: shown[name] for name in AppointmentView.model_fields})


def slot_taken(taken: SlotTaken) -> Refused:
    """Say that a time cannot be had, why, and which others can."""
    return Refused(
        "scheduling.slot_taken",
        f"{WORDS[taken.why]}: choose another",
        status=409,
        details={
            "why": taken.why.value,
            "other_slots": [show_slot(slot).model_dump(mode="json") for slot in taken.other_slots],
        },
    )
