"""Slots, holds, appointments, and those who wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class AppointmentStatus(StrEnum):
    """The life of an appointment; only `booked` keeps its time."""

    BOOKED = "booked"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    COMPLETED = "completed"


class Deposit(StrEnum):
    """How the deposit of an appointment stands."""

    NONE = "none"
    PAID = "paid"
    REFUNDED = "refunded"


class OccupancyKind(StrEnum):
    """What takes a stretch of time."""

    HOLD = "hold"
    APPOINTMENT = "appointment"
    EXTERNAL = "external"


class HoldOutcome(StrEnum):
    """What became of a hold."""

    BOOKED = "booked"
    RELEASED = "released"
    EXPIRED = "expired"


class ReminderStatus(StrEnum):
    """What became of a reminder."""

    WAITING = "waiting"
    ASKED = "asked"
    SKIPPED = "skipped"


class WaiterStatus(StrEnum):
    """Where somebody on the waiting list stands."""

    WAITING = "waiting"
    OFFERED = "offered"
    BOOKED = "booked"
    LEFT = "left"


class Why(StrEnum):
    """Why a time cannot be had."""

    TAKEN = "taken"
    CLOSED = "closed"  # outside the hours of whoever gives the service
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    NOT_OFFERED = "not_offered"  # nobody who is active gives the service


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A time that can be had, as instants in UTC; `zone` is whose wall clock it is said on."""

    service_id: UUID
    resource_id: UUID
    resource_name: str
    starts_at: datetime
    ends_at: datetime
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A time kept for somebody until `expires_at`; with `awaits_payment` it is booked by the payment alone."""

    id: UUID
    tenant_id: UUID
    resource_id: UUID
    service_id: UUID
    contact_id: UUID | None
    seat: int
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime
    awaits_payment: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastHold:
    """What became of a hold that is gone."""

    hold_id: UUID
    outcome: HoldOutcome
    resource_id: UUID
    service_id: UUID
    contact_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    source: str
    appointment_id: UUID | None


@dataclass(frozen=True, slots=True)
class Held:
    """The time is kept."""

    hold: Hold


@dataclass(frozen=True, slots=True)
class SlotTaken:
    """The time cannot be had, why, and the nearest ones that can."""

    why: Why
    other_slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A booking; `revision` counts its changes, `collided_at` is since when something outside stands in its time."""

    id: UUID
    tenant_id: UUID
    status: AppointmentStatus
    service_id: UUID
    service_name: str
    resource_id: UUID
    resource_name: str
    contact_id: UUID
    seat: int
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """Something outside that stands in the time of a booking."""

    appointment_id: UUID
    resource_id: UUID
    starts_at: datetime
    ends_at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter:
    """Somebody who waits for a time of a service, at one resource or any, between two moments."""

    id: UUID
    service_id: UUID
    resource_id: UUID | None
    contact_id: UUID
    wanted_from_at: datetime
    wanted_until: datetime
    status: WaiterStatus
    hold_id: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositDue:
    """A time that is booked once its deposit is paid at `url`, until `expires_at`."""

    hold_id: UUID
    url: str
    amount_cents: int
    currency: str
    expires_at: datetime
