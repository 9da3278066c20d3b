"""What the pages of payments show: what was asked for, what became of it, what may still be done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.features import billing, contacts
from frontdesk.features.billing import PaymentStatus, RefundStatus
from frontdesk.features.contacts.model import Contact
from frontdesk.features.scheduling.service.deposits import PURPOSE
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.web.pages.rows import Chip, Tone

PAGE = 50
PURPOSES: Mapping[str, str] = {PURPOSE: "deposit of an appointment", billing.BY_HAND: "link to pay"}
STATES: Mapping[PaymentStatus, Chip] = {
    PaymentStatus.REQUESTED: Chip("being prepared", Tone.BUSY, "The payment company is asked for the pay page"),
    PaymentStatus.OPEN: Chip("waits to be paid", Tone.BUSY),
    PaymentStatus.FAILED: Chip("cannot be paid", Tone.BAD),
    PaymentStatus.EXPIRED: Chip("not paid in time", Tone.CALM),
    PaymentStatus.PAID: Chip("paid", Tone.GOOD),
}
REFUND_STATES: Mapping[RefundStatus, Chip] = {
    RefundStatus.REQUESTED: Chip("asked for", Tone.BUSY),
    RefundStatus.PENDING: Chip("on its way", Tone.BUSY),
    RefundStatus.SUCCEEDED: Chip("given back", Tone.GOOD),
    RefundStatus.CANCELED: Chip("called off", Tone.WARN),
    RefundStatus.FAILED: Chip("the bank sent it back", Tone.BAD),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentLine:
    """A payment in the list."""

    payment: billing.Payment
    purpose: str
    chip: Chip


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLine:
    """Money on its way back, and who sent it."""

    refund: billing.Refund
    chip: Chip


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """A payment on its own page; `url` is where it can be paid, empty once it is over.

    `left_cents` may still be given back.
    """

    payment: billing.Payment
    purpose: str
    chip: Chip
    url: str
    person: Contact | None
    refunds: Sequence[RefundLine]
    left_cents: int
    paid_at: datetime | None
    may_refund: bool
    may_cancel: bool


def show_line(payment: billing.Payment) -> PaymentLine:
    """Show a payment in the list."""
    return PaymentLine(payment=payment, purpose=_purpose(payment), chip=_chip(payment))


async def read_payment(tx: Transaction, visit: Visit, *, payment_id: UUID, base_url: str) -> PaymentView:
    """Read a payment, its person and its refunds; refuses `billing.payment_unknown` (404)."""
    payment = await billing.get_payment(tx, tenant_id=visit.tenant_id, payment_id=payment_id)
    refunds = await billing.list_refunds(tx, tenant_id=visit.tenant_id, payment_id=payment_id)
    left = payment.paid_cents - sum(one.amount_cents for one in refunds if one.status.counts)
    may_write = visit.may(Scope.BILLING_WRITE)
    person = None
    if payment.contact_id is not None and visit.may(Scope.CONTACTS_READ):
        person = await contacts.get_contact(tx, contact_id=payment.contact_id)
    return PaymentView(
        payment=payment,
        purpose=_purpose(payment),
        chip=_chip(payment),
        url="" if payment.status.is_over else f"{base_url}/pay/{payment.pay_token}",
        person=person,
        refunds=[RefundLine(refund=one, chip=REFUND_STATES[one.status]) for one in refunds],
        left_cents=left,
        paid_at=payment.paid_at,
        may_refund=may_write and payment.status is PaymentStatus.PAID and left > 0,
        may_cancel=may_write and not payment.status.is_over,
    )


def _purpose(payment: billing.Payment) -> str:
    return PURPOSES.get(payment.purpose, payment.purpose.replace("_", " "))


def _chip(payment: billing.Payment) -> Chip:
    if payment.status is not PaymentStatus.PAID or not payment.refunded_cents:
        return STATES[payment.status]
    whole = payment.refunded_cents >= payment.paid_cents
    return Chip("given back" if whole else "given back in part", Tone.CALM)
