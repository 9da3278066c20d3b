"""Facts that scheduling announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from frontdesk.kernel.events import Event


@dataclass(frozen=True, slots=True)
class AppointmentBooked(Event):
    """A person has an appointment."""

    name: ClassVar[str] = "scheduling.appointment_booked.v1"
    appointment_id: UUID
    service_id: UUID
    resource_id: UUID
    contact_id: UUID
    starts_at: datetime
    ends_at: datetime
    source: str
    hold_id: UUID | None


@dataclass(frozen=True, slots=True)
class AppointmentRescheduled(Event):
    """An appointment was moved, in time or to another resource; `revision` counts its changes."""

    name: ClassVar[str] = "scheduling.appointment_rescheduled.v1"
    appointment_id: UUID
    contact_id: UUID
    resource_id: UUID
    old_resource_id: UUID
    starts_at: datetime
    ends_at: datetime
    old_starts_at: datetime
    revision: int
    source: str


@dataclass(frozen=True, slots=True)
class AppointmentCancelled(Event):
    """An appointment was called off."""

    name: ClassVar[str] = "scheduling.appointment_cancelled.v1"
    appointment_id: UUID
    contact_id: UUID
    resource_id: UUID
    starts_at: datetime
    ends_at: datetime
    revision: int
    because: str
    source: str


@dataclass(frozen=True, slots=True)
class AppointmentMissed(Event):
    """A person did not come."""

    name: ClassVar[str] = "scheduling.appointment_missed.v1"
    appointment_id: UUID
    contact_id: UUID
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class HoldExpired(Event):
    """A hold ran out before it was booked."""

    name: ClassVar[str] = "scheduling.hold_expired.v1"
    hold_id: UUID
    resource_id: UUID
    service_id: UUID
    contact_id: UUID | None
    starts_at: datetime
    awaited_payment: bool
    source: str


@dataclass(frozen=True, slots=True)
class SlotFreed(Event):
    """A time that was taken can be had again."""

    name: ClassVar[str] = "scheduling.slot_freed.v1"
    resource_id: UUID
    service_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class BookingCollided(Event):
    """Something in a calendar outside came over a booking; its person is to be told and offered other times."""

    name: ClassVar[str] = "scheduling.booking_collided.v1"
    appointment_id: UUID
    contact_id: UUID
    resource_id: UUID
    starts_at: datetime
    ends_at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class CalendarAccessLost(Event):
    """An account with calendars no longer lets us in; its owner has to connect it anew."""

    name: ClassVar[str] = "scheduling.calendar_access_lost.v1"
    connection_id: UUID
    provider: str
    because: str


EVENTS: tuple[type[Event], ...] = (
    AppointmentBooked,
    AppointmentRescheduled,
    AppointmentCancelled,
    AppointmentMissed,
    HoldExpired,
    SlotFreed,
    BookingCollided,
    CalendarAccessLost,
)
