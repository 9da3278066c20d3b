"""What can be booked, and who or what gives it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

HOLD_TTL = timedelta(minutes=15)  # S2: HOLD_TTL_MINUTES
PAYMENT_TTL = timedelta(minutes=30)  # how long a hold waits for its deposit
GRANULARITY_MINUTES = 15  # S2: SEARCH_GRANULARITY_MINUTES
DEFAULT_REMINDERS = (1440, 120)  # minutes before the start
MAX_SEARCH = timedelta(days=62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Something that is booked; minutes and days as whole numbers, the deposit in cents of `currency` (ISO 4217)."""

    id: UUID
    tenant_id: UUID
    name: str
    description: str
    duration_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    lead_minutes: int
    horizon_days: int
    deposit_cents: int
    currency: str
    reminder_minutes: tuple[int, ...]
    active: bool
    created_at: datetime
    updated_at: datetime

    @property
    def duration(self) -> timedelta:
        """How long the person is there."""
        return timedelta(minutes=self.duration_minutes)

    def occupies(self, starts_at: datetime) -> tuple[datetime, datetime]:
        """Tell from when until when a booking that starts then keeps its seat, buffers and all."""
        return (
            starts_at - timedelta(minutes=self.buffer_before_minutes),
            starts_at + self.duration + timedelta(minutes=self.buffer_after_minutes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A person, bay or room that is booked, `capacity` bookings at once.

    `zone` is whose clock its hours are on; `own_zone` is None where that is the business's. `hours` is its own week
    (None: the business's) and `breaks` are taken off either, as JSON like `{"mon": [["09:00", "17:00"]]}`; `exceptions`
    are a JSON list of `{"first", "last", "name", "open"}`.
    """

    id: UUID
    tenant_id: UUID
    name: str
    zone: str
    own_zone: str | None
    capacity: int
    hours: str | None
    breaks: str
    exceptions: str
    active: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The public booking page of a business; `embed_origins` are sites that may show it inside theirs.

    A deposit goes back if the appointment is called off `refund_hours` before it or earlier (None: it is kept).
    """

    open: bool
    welcome: str
    embed_origins: tuple[str, ...]
    refund_hours: int | None = None


def is_given_back(refund_hours: int | None, *, starts_at: datetime, now: datetime) -> bool:
    """Tell whether a deposit goes back if its appointment is called off now; None promises nothing."""
    return refund_hours is not None and now <= starts_at - timedelta(hours=refund_hours)
