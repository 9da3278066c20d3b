"""What billing knows: payments, refunds, plans and subscriptions, and how facts of any order make one state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

BY_HAND = "link"  # the purpose of what somebody asks for outside any appointment
GRACE = timedelta(days=7)  # a business whose card failed keeps its plan so long


class PaymentStatus(StrEnum):
    """Where a payment stands; it only moves down this list, whatever order news comes in."""

    REQUESTED = "requested"  # asked for; the pay page is being made
    OPEN = "open"  # the pay page can be used
    FAILED = "failed"  # it cannot be paid any more, or never could
    EXPIRED = "expired"  # nobody paid in time
    PAID = "paid"

    @property
    def rank(self) -> int:
        """How final it is; they compare by it."""
        return tuple(PaymentStatus).index(self)

    @property
    def is_over(self) -> bool:
        """Whether nobody can pay any more."""
        return self not in {PaymentStatus.REQUESTED, PaymentStatus.OPEN}


class RefundStatus(StrEnum):
    """Where a refund stands; it only moves down this list. A bank may send a refund back that had succeeded."""

    REQUESTED = "requested"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    FAILED = "failed"

    @property
    def rank(self) -> int:
        """How final it is; they compare by it."""
        return tuple(RefundStatus).index(self)

    @property
    def counts(self) -> bool:
        """Whether its money is, or may soon be, with the customer again."""
        return self not in {RefundStatus.CANCELED, RefundStatus.FAILED}


class SubscriptionStatus(StrEnum):
    """Where a business's plan stands, in the words of the payment company."""

    REQUESTED = "requested"
    INCOMPLETE = "incomplete"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    PAUSED = "paused"
    CANCELED = "canceled"
    INCOMPLETE_EXPIRED = "incomplete_expired"

    @property
    def is_over(self) -> bool:
        """Whether the plan has ended for good."""
        return self in {SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE_EXPIRED}


class Interval(StrEnum):
    """How often a plan is paid."""

    MONTH = "month"
    YEAR = "year"


class OrderKind(StrEnum):
    """What the payment company is asked to do; the id of the order is the idempotency key."""

    OPEN_PAYMENT = "open_payment"
    EXPIRE_PAYMENT = "expire_payment"
    LOOK_UP_PAYMENT = "look_up_payment"
    REFUND = "refund"
    OPEN_SUBSCRIPTION = "open_subscription"
    LOOK_UP_SUBSCRIPTION = "look_up_subscription"


class OrderStatus(StrEnum):
    """Where an order stands: unknown means that it may have been done, and is asked again by the same key."""

    QUEUED = "queued"
    POSTING = "posting"
    UNKNOWN = "unknown"
    DONE = "done"
    FAILED = "failed"


class FactKind(StrEnum):
    """What the payment company can tell of a payment."""

    OPENED = "opened"
    COMPLETED = "completed"  # the page is filled in; a slow way to pay may still fail
    PAID = "paid"
    DECLINED = "declined"  # one try failed; another may follow on the same page
    FAILED = "failed"
    EXPIRED = "expired"
    REFUNDED = "refunded"  # the sum that was given back so far
    REFUND = "refund"  # one refund


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """A payment that was asked for; `url` is where a person pays: a path of ours, whole if a base was given."""

    id: UUID
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment: for what (`purpose` and `reference`), how much, and what became of it."""

    id: UUID
    tenant_id: UUID
    purpose: str
    reference: UUID
    contact_id: UUID | None
    amount_cents: int
    currency: str
    description: str
    status: PaymentStatus
    pay_token: str
    checkout_url: str
    session_id: str
    intent_id: str
    paid_cents: int
    refunded_cents: int
    failure: str
    created_at: datetime
    expires_at: datetime
    changed_at: datetime
    paid_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money on its way back; `refund_id` is the payment company's name for it, empty while it has none."""

    id: UUID
    payment_id: UUID
    amount_cents: int
    currency: str
    status: RefundStatus
    refund_id: str
    reason: str
    requested_by: str
    requested_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a business may subscribe to; `price_id` is empty where the payment company is told the price inline."""

    id: UUID
    key: str
    name: str
    amount_cents: int
    currency: str
    interval: Interval
    price_id: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A business's plan as the payment company told it last."""

    id: UUID
    tenant_id: UUID
    plan_id: UUID
    status: SubscriptionStatus
    link_token: str
    checkout_url: str
    session_id: str
    customer_id: str
    subscription_id: str
    current_period_ends_at: datetime | None
    cancel_at_period_end: bool
    grace_until: datetime | None
    seen_at: datetime | None
    changed_at: datetime

    def is_good(self, *, at: datetime) -> bool:
        """Tell whether the plan's services are due: it is paid, on trial, or in its time of grace."""
        if self.status in {SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING}:
            return True
        late = self.status is SubscriptionStatus.PAST_DUE
        return late and self.grace_until is not None and at < self.grace_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something that the payment company is to do, in the hands of one process; `id` is the idempotency key."""

    id: UUID
    tenant_id: UUID
    kind: OrderKind
    payment_id: UUID | None
    refund_id: UUID | None
    fence: int
    attempts: int
    in_doubt: bool
    created_at: datetime
    first_posted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that was told of a payment; facts are only ever added."""

    kind: FactKind
    session_id: str = ""
    intent_id: str = ""
    refund_id: str = ""
    refund_status: RefundStatus | None = None
    amount_cents: int = 0
    currency: str = ""
    words: str = ""
    happened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What all facts of a payment come to, in whatever order they came and however often."""

    status: PaymentStatus
    session_id: str
    intent_id: str
    paid_cents: int
    paid_at: datetime | None
    refunded_cents: int
    failure: str
    charges: int
    told_refunded_cents: int
    known_refund_cents: int

    @property
    def misses_refunds(self) -> bool:
        """Whether more was given back at some time than the refunds we know of, failed ones too, add up to."""
        return self.told_refunded_cents > self.known_refund_cents


_STATUS_OF = {
    FactKind.OPENED: PaymentStatus.OPEN,
    FactKind.COMPLETED: PaymentStatus.OPEN,
    FactKind.PAID: PaymentStatus.PAID,
    FactKind.FAILED: PaymentStatus.FAILED,
    FactKind.EXPIRED: PaymentStatus.EXPIRED,
}


def account_for(facts: Iterable[Fact], *, start: PaymentStatus = PaymentStatus.REQUESTED) -> Account:
    """Make one state of facts; neither their order nor repeats change it, and paid is never taken back."""
    told = sorted(facts, key=lambda fact: (fact.happened_at, fact.kind, fact.refund_id, fact.intent_id, fact.words))
    paid = [fact for fact in told if fact.kind is FactKind.PAID]
    refunds = latest_refunds(told)
    failures = [fact.words for fact in told if fact.kind in {FactKind.DECLINED, FactKind.FAILED} and fact.words]
    states = [start, *(_STATUS_OF[fact.kind] for fact in told if fact.kind in _STATUS_OF)]
    intents = [fact.intent_id for fact in (*paid, *told) if fact.intent_id]
    return Account(
        status=max(states, key=lambda status: status.rank),
        session_id=next((fact.session_id for fact in told if fact.session_id), ""),
        intent_id=intents[0] if intents else "",
        paid_cents=max((fact.amount_cents for fact in paid), default=0),
        paid_at=paid[0].happened_at if paid else None,
        refunded_cents=sum(
            fact.amount_cents for fact in refunds if fact.refund_status is not None and fact.refund_status.counts
        ),
        failure=failures[-1] if failures else "",
        charges=len({fact.intent_id for fact in paid if fact.intent_id}),
        told_refunded_cents=max((fact.amount_cents for fact in told if fact.kind is FactKind.REFUNDED), default=0),
        known_refund_cents=sum(fact.amount_cents for fact in refunds),
    )


def latest_refunds(facts: Iterable[Fact]) -> Sequence[Fact]:
    """List each refund once, at the most final status that was told of it."""
    known: dict[str, Fact] = {}
    for fact in facts:
        if fact.kind is not FactKind.REFUND or fact.refund_status is None:
            continue
        before = known.get(fact.refund_id)
        if before is None or before.refund_status is None or fact.refund_status.rank > before.refund_status.rank:
            known[fact.refund_id] = fact
    return tuple(known.values())
