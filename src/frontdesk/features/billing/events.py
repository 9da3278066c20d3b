"""Facts that billing announces; `purpose` and `reference` are those of whoever asked for the payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from frontdesk.kernel.events import Event


@dataclass(frozen=True, slots=True)
class PaymentSucceeded(Event):
    """Somebody has paid, once; it may be later than the payment's own end."""

    name: ClassVar[str] = "billing.payment_succeeded.v1"
    payment_id: UUID
    purpose: str
    reference: UUID
    contact_id: UUID | None
    amount_cents: int
    currency: str
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentFailed(Event):
    """A payment can no longer be made; a card that was declined on a page that goes on is no such failure."""

    name: ClassVar[str] = "billing.payment_failed.v1"
    payment_id: UUID
    purpose: str
    reference: UUID
    contact_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class PaymentExpired(Event):
    """Nobody paid in time, and nobody can any more."""

    name: ClassVar[str] = "billing.payment_expired.v1"
    payment_id: UUID
    purpose: str
    reference: UUID
    contact_id: UUID | None


@dataclass(frozen=True, slots=True)
class PaymentRefunded(Event):
    """Money went back, or came back again; `refunded_cents` is the sum so far, `amount_cents` what had been paid."""

    name: ClassVar[str] = "billing.payment_refunded.v1"
    payment_id: UUID
    purpose: str
    reference: UUID
    contact_id: UUID | None
    refunded_cents: int
    amount_cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class SubscriptionChanged(Event):
    """A business's plan has another status or another end."""

    name: ClassVar[str] = "billing.subscription_changed.v1"
    subscription_id: UUID
    plan_id: UUID
    status: str
    current_period_ends_at: datetime | None
    cancel_at_period_end: bool
    grace_until: datetime | None


EVENTS: tuple[type[Event], ...] = (
    PaymentSucceeded,
    PaymentFailed,
    PaymentExpired,
    PaymentRefunded,
    SubscriptionChanged,
)
