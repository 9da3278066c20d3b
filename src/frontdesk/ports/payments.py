"""What we need from a payment company: pay pages, refunds, plans, and the news of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class CheckoutStatus(StrEnum):
    """Where a pay page stands."""

    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCheckoutOrder:
    """A pay page for one payment; `key` makes it once, however often it is asked for."""

    key: str
    payment_id: UUID
    tenant_id: UUID
    amount_cents: int
    currency: str
    description: str
    expires_at: datetime
    return_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionCheckoutOrder:
    """A pay page for a plan; `price_id` is empty where the price is told inline."""

    key: str
    subscription_id: UUID
    tenant_id: UUID
    price_id: str
    name: str
    amount_cents: int
    currency: str
    interval: str
    customer_id: str
    expires_at: datetime
    return_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """Money to give back of one payment."""

    key: str
    refund_id: UUID
    payment_id: UUID
    intent_id: str
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutNews:
    """A pay page as it is now; `payment_id` and `subscription_id` are ours, read from what we sent with it."""

    session_id: str
    status: CheckoutStatus
    is_paid: bool
    has_failed: bool = False
    url: str = ""
    intent_id: str = ""
    payment_id: UUID | None = None
    own_subscription_id: UUID | None = None
    customer_id: str = ""
    subscription_id: str = ""
    amount_cents: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeNews:
    """A charge or a try to charge; `refunded_cents` is the sum given back so far."""

    intent_id: str
    is_paid: bool
    amount_cents: int
    currency: str
    refunded_cents: int = 0
    payment_id: UUID | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundNews:
    """A refund as it is now; `status` is pending, requires_action, succeeded, failed or canceled."""

    refund_id: str
    intent_id: str
    amount_cents: int
    currency: str
    status: str
    payment_id: UUID | None = None
    own_refund_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionNews:
    """A plan of a customer as it is now; `own_id` is ours, read from what we sent with it."""

    subscription_id: str
    customer_id: str
    status: str
    current_period_ends_at: datetime | None
    cancel_at_period_end: bool
    own_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceNews:
    """A bill of a plan was paid, or was not: a reason to look at the plan."""

    subscription_id: str
    customer_id: str
    is_paid: bool


PieceOfNews = CheckoutNews | ChargeNews | RefundNews | SubscriptionNews | InvoiceNews


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentNews:
    """One event of the payment company: its name, its kind, when it was, and what it says; often nothing for us."""

    event_id: str
    kind: str
    happened_at: datetime
    pieces: Sequence[PieceOfNews]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsPage:
    """Events, the newest first; `has_more` tells whether older ones follow the last."""

    news: Sequence[PaymentNews]
    has_more: bool


class PaymentProvider(Protocol):
    """A payment company. Every method may raise `ProviderError`; nothing is tried twice by itself."""

    name: str

    async def open_payment(self, order: PaymentCheckoutOrder) -> CheckoutNews:
        """Make a pay page for a payment."""
        ...

    async def open_subscription(self, order: SubscriptionCheckoutOrder) -> CheckoutNews:
        """Make a pay page for a plan."""
        ...

    async def expire_checkout(self, session_id: str, *, key: str) -> CheckoutNews:
        """Close a pay page; refused when it is filled in or closed already."""
        ...

    async def find_checkout(self, session_id: str) -> CheckoutNews:
        """Look at a pay page."""
        ...

    async def refund(self, order: RefundOrder) -> RefundNews:
        """Give money back."""
        ...

    async def list_refunds(self, intent_id: str) -> Sequence[RefundNews]:
        """List what was given back of a payment."""
        ...

    async def find_subscription(self, subscription_id: str) -> SubscriptionNews:
        """Look at a plan of a customer."""
        ...

    async def open_portal(self, customer_id: str, *, return_url: str) -> str:
        """Make a page where a customer sees to cards and plans; returns its address."""
        ...

    async def list_news(self, *, since: datetime, after: str = "") -> NewsPage:
        """List a page of events since a moment, newest first; `after` is the last event of the page before."""
        ...
