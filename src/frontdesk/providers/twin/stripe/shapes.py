"""Stripe's objects as JSON, with the members that an integration reads, shaped as its fixtures of today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from frontdesk.providers.twin.stripe.state import Json


def session_json(  # noqa: PLR0913 - one per member that differs
    session_id: str,
    *,
    mode: str,
    cents: int,
    currency: str,
    customer: str | None,
    created: int,
    expires_at: int,
    metadata: Mapping[str, str],
    url: str,
    success_url: str,
    cancel_url: str,
    reference: str,
) -> Json:
    """Make a Checkout Session that is open."""
    return {
        "id": session_id,
        "object": "checkout.session",
        "amount_subtotal": cents,
        "amount_total": cents,
        "automatic_tax": {"enabled": False, "liability": None, "status": None},
        "cancel_url": cancel_url,
        "client_reference_id": reference or None,
        "created": created,
        "currency": currency,
        "custom_fields": [],
        "custom_text": {"after_submit": None, "shipping_address": None, "submit": None},
        "customer": customer,
        "customer_email": None,
        "expires_at": expires_at,
        "invoice": None,
        "livemode": False,
        "metadata": dict(metadata),
        "mode": mode,
        "payment_intent": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "shipping_options": [],
        "status": "open",
        "subscription": None,
        "success_url": success_url,
        "ui_mode": None,
        "url": url,
    }


def intent_json(intent_id: str, *, cents: int, currency: str, created: int, metadata: Mapping[str, str]) -> Json:
    """Make a Payment Intent that waits for a card."""
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": cents,
        "amount_capturable": 0,
        "amount_received": 0,
        "capture_method": "automatic",
        "confirmation_method": "automatic",
        "created": created,
        "currency": currency,
        "customer": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": dict(metadata),
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
    }


def charge_json(charge_id: str, *, intent: Json, created: int, failure: str) -> Json:
    """Make a charge of a Payment Intent, or a try that failed."""
    return {
        "id": charge_id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0 if failure else intent["amount"],
        "amount_refunded": 0,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "captured": not failure,
        "created": created,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "disputed": False,
        "failure_code": failure or None,
        "failure_message": "Your card was declined." if failure else None,
        "livemode": False,
        "metadata": dict(_notes(intent)),
        "paid": not failure,
        "payment_intent": intent["id"],
        "refunded": False,
        "status": "failed" if failure else "succeeded",
    }


def refund_json(refund_id: str, *, charge: Json, cents: int, created: int, metadata: Mapping[str, str]) -> Json:
    """Make a refund that has succeeded."""
    return {
        "id": refund_id,
        "object": "refund",
        "amount": cents,
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "metadata": dict(metadata),
        "payment_intent": charge["payment_intent"],
        "reason": None,
        "status": "succeeded",
    }


def customer_json(customer_id: str, *, created: int) -> Json:
    """Make a customer."""
    return {
        "id": customer_id,
        "object": "customer",
        "balance": 0,
        "created": created,
        "currency": None,
        "delinquent": False,
        "email": None,
        "livemode": False,
        "metadata": {},
        "name": None,
    }


def subscription_json(
    subscription_id: str,
    *,
    customer: str,
    price: Json,
    starts: int,
    ends: int,
    item_id: str,
    metadata: Mapping[str, str],
) -> Json:
    """Make a subscription that is active; its period stands on its item."""
    item = {
        "id": item_id,
        "object": "subscription_item",
        "created": starts,
        "current_period_end": ends,
        "current_period_start": starts,
        "metadata": {},
        "price": price,
        "quantity": 1,
        "subscription": subscription_id,
    }
    url = f"/v1/subscription_items?subscription={subscription_id}"
    return {
        "id": subscription_id,
        "object": "subscription",
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "collection_method": "charge_automatically",
        "created": starts,
        "currency": price["currency"],
        "customer": customer,
        "ended_at": None,
        "items": list_json([item], url=url),
        "latest_invoice": None,
        "livemode": False,
        "metadata": dict(metadata),
        "status": "active",
    }


def price_json(price_id: str, *, cents: int, currency: str, interval: str, product: str, created: int) -> Json:
    """Make a price that recurs."""
    return {
        "id": price_id,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": currency,
        "livemode": False,
        "metadata": {},
        "product": product,
        "recurring": {"interval": interval, "interval_count": 1, "usage_type": "licensed"},
        "type": "recurring",
        "unit_amount": cents,
        "unit_amount_decimal": str(cents),
    }


def invoice_json(invoice_id: str, *, subscription: Json, cents: int, created: int, is_paid: bool, reason: str) -> Json:
    """Make the bill of a subscription's period; which subscription stands in its parent."""
    return {
        "id": invoice_id,
        "object": "invoice",
        "amount_due": cents,
        "amount_paid": cents if is_paid else 0,
        "amount_remaining": 0 if is_paid else cents,
        "attempted": True,
        "billing_reason": reason,
        "created": created,
        "currency": subscription["currency"],
        "customer": subscription["customer"],
        "livemode": False,
        "metadata": {},
        "parent": {
            "quote_details": None,
            "subscription_details": {
                "metadata": dict(_notes(subscription)),
                "subscription": subscription["id"],
            },
            "type": "subscription_details",
        },
        "status": "paid" if is_paid else "open",
        "total": cents,
    }


def event_json(event_id: str, *, kind: str, document: Json, created: int, version: str) -> Json:
    """Make an event that holds an object as it is now."""
    return {
        "id": event_id,
        "object": "event",
        "api_version": version,
        "created": created,
        "data": {"object": dict(document)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def list_json(rows: Sequence[Json], *, url: str, has_more: bool = False) -> Json:
    """Make a page of a list."""
    return {"object": "list", "data": list(rows), "has_more": has_more, "url": url}


def _notes(it: Json) -> Mapping[str, str]:
    notes = it.get("metadata")
    return {str(name): str(value) for name, value in notes.items()} if isinstance(notes, dict) else {}
