"""Stripe's objects as neutral news, in the shapes of today and of older versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

from frontdesk.ports.payments import (
    ChargeNews,
    CheckoutNews,
    CheckoutStatus,
    InvoiceNews,
    PieceOfNews,
    RefundNews,
    SubscriptionNews,
)

Object: TypeAlias = Mapping[str, object]

OUR_PAYMENT, OUR_REFUND, OUR_SUBSCRIPTION = "payment_id", "refund_id", "subscription_id"
_PAID_WORDS = frozenset({"paid", "no_payment_required"})


def read_object(kind: str, it: Object) -> Sequence[PieceOfNews]:
    """Read what an object says; `kind` is the event's type, or empty for an object that was asked for.

    What says nothing about payments and plans of ours gives nothing, and so does what lacks an id.
    """
    reader = _READERS.get(_text(it, "object"))
    return reader(kind, it) if reader is not None and _text(it, "id") else ()


def read_checkout(it: Object, *, kind: str = "") -> CheckoutNews:
    """Read a Checkout Session."""
    notes = _sub(it, "metadata")
    status = _text(it, "status")
    return CheckoutNews(
        session_id=_text(it, "id"),
        status=CheckoutStatus(status) if status in set(CheckoutStatus) else CheckoutStatus.OPEN,
        is_paid=_text(it, "payment_status") in _PAID_WORDS and status == CheckoutStatus.COMPLETE,
        has_failed=kind == "checkout.session.async_payment_failed",
        url=_text(it, "url"),
        intent_id=_reference(it, "payment_intent"),
        payment_id=_uuid(notes, OUR_PAYMENT),
        own_subscription_id=_uuid(notes, OUR_SUBSCRIPTION),
        customer_id=_reference(it, "customer"),
        subscription_id=_reference(it, "subscription"),
        amount_cents=_number(it, "amount_total"),
        currency=_text(it, "currency"),
    )


def read_refund(it: Object) -> RefundNews:
    """Read a refund."""
    notes = _sub(it, "metadata")
    return RefundNews(
        refund_id=_text(it, "id"),
        intent_id=_reference(it, "payment_intent"),
        amount_cents=_number(it, "amount"),
        currency=_text(it, "currency"),
        status=_text(it, "status") or "pending",
        payment_id=_uuid(notes, OUR_PAYMENT),
        own_refund_id=_uuid(notes, OUR_REFUND),
    )


def read_subscription(it: Object) -> SubscriptionNews:
    """Read a subscription; the end of its period stands on its items today, and stood on itself before."""
    ends = [_number(item, "current_period_end") for item in _list(_sub(it, "items"))]
    ends_at = max([*ends, _number(it, "current_period_end")])
    return SubscriptionNews(
        subscription_id=_text(it, "id"),
        customer_id=_reference(it, "customer"),
        status=_text(it, "status"),
        current_period_ends_at=datetime.fromtimestamp(ends_at, UTC) if ends_at else None,
        cancel_at_period_end=it.get("cancel_at_period_end") is True or it.get("cancel_at") is not None,
        own_id=_uuid(_sub(it, "metadata"), OUR_SUBSCRIPTION),
    )


def _checkout(kind: str, it: Object) -> Sequence[PieceOfNews]:
    return (read_checkout(it, kind=kind),)


def _refund(_kind: str, it: Object) -> Sequence[PieceOfNews]:
    return (read_refund(it),)


def _subscription(_kind: str, it: Object) -> Sequence[PieceOfNews]:
    return (read_subscription(it),)


def _charge(_kind: str, it: Object) -> Sequence[PieceOfNews]:
    """Read a charge: until 2022 its refunds stood on it, since then they have to be asked for."""
    intent_id = _reference(it, "payment_intent")
    if not intent_id:
        return ()
    failed = it.get("status") == "failed"
    charge = ChargeNews(
        intent_id=intent_id,
        is_paid=it.get("paid") is True and it.get("captured") is not False and not failed,
        amount_cents=_number(it, "amount_captured") or _number(it, "amount"),
        currency=_text(it, "currency"),
        refunded_cents=_number(it, "amount_refunded"),
        payment_id=_uuid(_sub(it, "metadata"), OUR_PAYMENT),
        failure=(_text(it, "failure_code") or "failed") if failed else "",
    )
    refunds = [read_refund({"payment_intent": intent_id, **one}) for one in _list(_sub(it, "refunds"))]
    return (charge, *(one for one in refunds if one.refund_id))


def _intent(kind: str, it: Object) -> Sequence[PieceOfNews]:
    error = _sub(it, "last_payment_error")
    failure = ""
    if kind == "payment_intent.payment_failed":
        failure = _text(error, "decline_code") or _text(error, "code") or "failed"
    return (
        ChargeNews(
            intent_id=_text(it, "id"),
            is_paid=it.get("status") == "succeeded",
            amount_cents=_number(it, "amount_received") or _number(it, "amount"),
            currency=_text(it, "currency"),
            payment_id=_uuid(_sub(it, "metadata"), OUR_PAYMENT),
            failure=failure,
        ),
    )


def _invoice(_kind: str, it: Object) -> Sequence[PieceOfNews]:
    """Read a bill: which plan it is of stands in `parent` today, and stood in `subscription` before."""
    details = _sub(_sub(it, "parent"), "subscription_details")
    subscription_id = _reference(details, "subscription") or _reference(it, "subscription")
    if not subscription_id:
        return ()
    return (
        InvoiceNews(
            subscription_id=subscription_id,
            customer_id=_reference(it, "customer"),
            is_paid=it.get("paid") is True or it.get("status") == "paid",
        ),
    )


_READERS: Mapping[str, Callable[[str, Object], Sequence[PieceOfNews]]] = {
    "checkout.session": _checkout,
    "refund": _refund,
    "charge": _charge,
    "payment_intent": _intent,
    "subscription": _subscription,
    "invoice": _invoice,
}


def _text(it: Object, name: str) -> str:
    value = it.get(name)
    return value if isinstance(value, str) else ""


def _number(it: Object, name: str) -> int:
    value = it.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _sub(it: Object, name: str) -> Object:
    value = it.get(name)
    return {str(key): member for key, member in value.items()} if isinstance(value, dict) else {}


def _list(it: Object) -> list[Object]:
    value = it.get("data")
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _reference(it: Object, name: str) -> str:
    """Read a reference: an id, or the object itself where it was expanded."""
    return _text(it, name) or _text(_sub(it, name), "id")


def _uuid(notes: Object, name: str) -> UUID | None:
    try:
        return UUID(_text(notes, name))
    except ValueError:
        return None
