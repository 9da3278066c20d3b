"""Stripe: pay pages, refunds and plans over its HTTP API, and its signed webhooks."""

from frontdesk.providers.stripe.account import API_VERSION, StripeAccount
from frontdesk.providers.stripe.client import StripePayments
from frontdesk.providers.stripe.signature import (
    MAX_BODY_BYTES,
    TOLERANCE_SECONDS,
    Refusal,
    RefusalReason,
    read_event,
    sign,
    verify,
)

__all__ = [
    "API_VERSION",
    "MAX_BODY_BYTES",
    "TOLERANCE_SECONDS",
    "Refusal",
    "RefusalReason",
    "StripeAccount",
    "StripePayments",
    "read_event",
    "sign",
    "verify",
]
