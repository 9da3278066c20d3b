"""Where a link of ours leads: to the pay page once it is there, or to words that say how things stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from frontdesk.features.billing.model import OrderKind, PaymentStatus, SubscriptionStatus
from frontdesk.features.billing.queries import orders, payments, plans
from frontdesk.kernel.db import Transaction

MAX_TOKEN = 64
PAUSE = timedelta(seconds=10)


class LinkState(StrEnum):
    """How things stand behind a link."""

    PREPARING = "preparing"
    READY = "ready"
    CHECKING = "checking"  # somebody comes back from the pay page, and we have not heard yet what they did
    PAID = "paid"
    REFUNDED = "refunded"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where a link leads; `url` is the payment company's page, and empty unless the state is ready."""

    tenant_id: UUID
    state: LinkState
    url: str
    description: str
    amount_cents: int
    currency: str


async def follow_link(tx: Transaction, *, token: str, returned: bool = False) -> Link | None:
    """Find what is behind a link of ours; None if it is not ours. Runs as the system role.

    Whoever `returned` from the pay page before its news makes us ask how it stands, at most every 10 seconds.
    """
    if not token or len(token) > MAX_TOKEN or not token.isascii():
        return None
    payment = await payments.find_linked(tx, token=token)
    if payment is not None:
        state = _STATE_OF[payment.status]
        if state is LinkState.READY and payment.expires_at <= tx.now:
            state = LinkState.EXPIRED
        if state is LinkState.PAID and payment.refunded_cents >= payment.paid_cents > 0:
            state = LinkState.REFUNDED
        if state is LinkState.READY and returned:
            state = LinkState.CHECKING
            await orders.add_look(
                tx,
                OrderKind.LOOK_UP_PAYMENT,
                tenant_id=payment.tenant_id,
                payment_id=payment.id,
                pause=PAUSE,
            )
        return Link(
            tenant_id=payment.tenant_id,
            state=state,
            url=payment.checkout_url if state is LinkState.READY else "",
            description=payment.description,
            amount_cents=payment.amount_cents,
            currency=payment.currency,
        )
    one = await plans.find_linked(tx, token=token)
    if one is None:
        return None
    plan = await plans.get_plan(tx, plan_id=one.plan_id)
    waiting = LinkState.READY if one.checkout_url else LinkState.PREPARING
    over = LinkState.EXPIRED if one.status.is_over else LinkState.PAID
    state = waiting if one.status is SubscriptionStatus.REQUESTED else over
    if state is LinkState.READY and returned:
        state = LinkState.CHECKING
        await orders.add_look(tx, OrderKind.LOOK_UP_SUBSCRIPTION, tenant_id=one.tenant_id, payment_id=None, pause=PAUSE)
    return Link(
        tenant_id=one.tenant_id,
        state=state,
        url=one.checkout_url if state is LinkState.READY else "",
        description=plan.name,
        amount_cents=plan.amount_cents,
        currency=plan.currency,
    )


_STATE_OF = {
    PaymentStatus.REQUESTED: LinkState.PREPARING,
    PaymentStatus.OPEN: LinkState.READY,
    PaymentStatus.PAID: LinkState.PAID,
    PaymentStatus.EXPIRED: LinkState.EXPIRED,
    PaymentStatus.FAILED: LinkState.FAILED,
}
