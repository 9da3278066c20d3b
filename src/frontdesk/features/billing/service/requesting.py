"""Asking for a payment, giving money back, and looking at both."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from frontdesk.features.billing.model import (
    OrderKind,
    Payment,
    PaymentRequest,
    PaymentStatus,
    Refund,
    RefundStatus,
)
from frontdesk.features.billing.queries import orders, payments, refunds
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.money import has_cents, without_cents

LINK = "/pay/"
TOKEN_BYTES = 18
MAX_CENTS = 99_999_999  # the payment company takes no more at once
MAX_DESCRIPTION = 200


async def request_payment(  # noqa: PLR0913 - each names itself, and all are needed
    tx: Transaction,
    *,
    tenant_id: UUID,
    purpose: str,
    reference: UUID,
    contact_id: UUID | None,
    amount_cents: int,
    currency: str,
    description: str,
    expires_at: datetime,
    now: datetime,
    base_url: str = "",
) -> PaymentRequest:
    """Ask for a payment and return where to pay; asked again for the same thing, the same payment is returned.

    The row is written here; the pay page is made after the commit, once. `url` is a path, or whole with `base_url`;
    it is ours and leads on as soon as the pay page is there. One that expired or failed may be asked for anew. Refuses
    `billing.amount`, `billing.currency`, `billing.expiry`, and `billing.other_amount` (409) if it was asked for at
    another price.
    """
    if not 0 < amount_cents <= MAX_CENTS or len(currency) != 3:  # noqa: PLR2004 - ISO 4217
        raise Refused("billing.amount", "An amount is 1 to 99,999,999 cents of a currency of three letters", status=422)
    if not has_cents(currency):
        raise Refused("billing.currency", without_cents(currency), status=422)
    if expires_at <= now:
        raise Refused("billing.expiry", "A payment must expire later than now", status=422)
    payment = Payment(
        id=new_id(),
        tenant_id=tenant_id,
        purpose=purpose,
        reference=reference,
        contact_id=contact_id,
        amount_cents=amount_cents,
        currency=currency.lower(),
        description=description[:MAX_DESCRIPTION],
        status=PaymentStatus.REQUESTED,
        pay_token=secrets.token_urlsafe(TOKEN_BYTES),
        checkout_url="",
        session_id="",
        intent_id="",
        paid_cents=0,
        refunded_cents=0,
        failure="",
        created_at=now,
        expires_at=expires_at,
        changed_at=now,
        paid_at=None,
    )
    if await payments.insert(tx, payment):
        await orders.add(tx, OrderKind.OPEN_PAYMENT, tenant_id=tenant_id, payment_id=payment.id)
    else:
        living = await payments.find_living(tx, tenant_id=tenant_id, purpose=purpose, reference=reference)
        if living is None:
            raise Refused("billing.again", "The payment before this one has just ended: ask again", status=409)
        if (living.amount_cents, living.currency) != (amount_cents, currency.lower()):
            raise Refused("billing.other_amount", "This was asked for already, at another price", status=409)
        payment = living
    return PaymentRequest(id=payment.id, url=base_url + LINK + payment.pay_token)


async def cancel_payment(tx: Transaction, *, tenant_id: UUID, payment_id: UUID) -> None:
    """See that nobody pays any more; somebody may have paid by then, which is told as such.

    Refuses `billing.payment_unknown` (404); one that is over is left as it is.
    """
    payment = await get_payment(tx, tenant_id=tenant_id, payment_id=payment_id)
    if not payment.status.is_over:
        await orders.add(tx, OrderKind.EXPIRE_PAYMENT, tenant_id=tenant_id, payment_id=payment_id)


async def refund_payment(
    tx: Transaction,
    *,
    tenant_id: UUID,
    payment_id: UUID,
    amount_cents: int | None,
    reason: str,
    by: Actor,
    now: datetime,
    refund_id: UUID | None = None,
) -> Refund:
    """Give money back, all that is left without an amount; the same `refund_id` gives it once.

    The refund is made after the commit. Refuses `billing.payment_unknown` (404), `billing.not_paid` (409),
    `billing.refund_amount` (422) beyond what is left, and `billing.refund_known` (409) for another sum than before.
    """
    payment = await payments.find_locked(tx, tenant_id=tenant_id, payment_id=payment_id)
    if payment is None:
        raise _unknown()
    if refund_id is not None:
        known = await refunds.find(tx, tenant_id=tenant_id, refund_id=refund_id)
        if known is not None and known.payment_id == payment_id and amount_cents in {None, known.amount_cents}:
            return known
        if known is not None:
            raise Refused("billing.refund_known", "This refund was asked for with another payment or sum", status=409)
    if payment.status is not PaymentStatus.PAID or not payment.intent_id:
        raise Refused("billing.not_paid", "Nothing was paid that could be given back", status=409)
    made = await refunds.list_refunds(tx, tenant_id=tenant_id, payment_id=payment_id)
    left = payment.paid_cents - sum(one.amount_cents for one in made if one.status.counts)
    wanted = left if amount_cents is None else amount_cents
    if not 0 < wanted <= left:
        raise Refused("billing.refund_amount", f"{left} cents are left to give back", status=422)
    refund = Refund(
        id=refund_id or new_id(),
        payment_id=payment_id,
        amount_cents=wanted,
        currency=payment.currency,
        status=RefundStatus.REQUESTED,
        refund_id="",
        reason=reason[:MAX_DESCRIPTION],
        requested_by=by.shown,
        requested_at=now,
        changed_at=now,
    )
    if not await refunds.insert(tx, refund, tenant_id=tenant_id):
        raise Refused("billing.refund_known", "This refund was asked for with another payment or sum", status=409)
    await orders.add(tx, OrderKind.REFUND, tenant_id=tenant_id, payment_id=payment_id, refund_id=refund.id)
    details = {"payment": str(payment_id), "cents": wanted, "reason": refund.reason}
    await write_entry(tx, actor=by, action="billing.refund_requested", subject=f"refund:{refund.id}", details=details)
    return refund


async def find_payment(tx: Transaction, *, tenant_id: UUID, payment_id: UUID) -> Payment | None:
    """Find a payment."""
    return await payments.find(tx, tenant_id=tenant_id, payment_id=payment_id)


async def find_payment_for(tx: Transaction, *, tenant_id: UUID, purpose: str, reference: UUID) -> Payment | None:
    """Find the payment for something that can still be paid, or is paid."""
    return await payments.find_living(tx, tenant_id=tenant_id, purpose=purpose, reference=reference)


async def get_payment(tx: Transaction, *, tenant_id: UUID, payment_id: UUID) -> Payment:
    """Get a payment; refuses `billing.payment_unknown` (404)."""
    payment = await payments.find(tx, tenant_id=tenant_id, payment_id=payment_id)
    if payment is None:
        raise _unknown()
    return payment


async def list_payments(
    tx: Transaction,
    *,
    tenant_id: UUID,
    before: UUID | None = None,
    status: PaymentStatus | None = None,
    reference: UUID | None = None,
    limit: int = 50,
) -> list[Payment]:
    """List payments, newest first; `before` is the last of the page before."""
    return await payments.list_payments(
        tx, tenant_id=tenant_id, before=before, status=status, reference=reference, limit=limit
    )


async def list_refunds(tx: Transaction, *, tenant_id: UUID, payment_id: UUID) -> Sequence[Refund]:
    """List the refunds of a payment, oldest first."""
    return await refunds.list_refunds(tx, tenant_id=tenant_id, payment_id=payment_id)


def refuse_unpayable(*, is_set_up: bool) -> None:
    """Refuse `billing.not_set_up` (409) where no payment company is: nobody could pay."""
    if not is_set_up:
        raise Refused("billing.not_set_up", "No payment company is set up: see STRIPE_SECRET_KEY", status=409)


def _unknown() -> Refused:
    return Refused("billing.payment_unknown", "There is no such payment", status=404)
