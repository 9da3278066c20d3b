"""Telnyx: texts, spoken over its HTTP API and its signed webhooks."""

from frontdesk.providers.telnyx.account import TelnyxAccount
from frontdesk.providers.telnyx.client import REPOST_SAFE_SECONDS, TelnyxMessaging
from frontdesk.providers.telnyx.event import Event
from frontdesk.providers.telnyx.inbound import (
    WebhookKind,
    dedupe_key,
    kind_of,
    read_inbound_text,
    read_text_receipt,
)
from frontdesk.providers.telnyx.signature import (
    MAX_BODY_BYTES,
    Refusal,
    RefusalReason,
    VerifiedEvent,
    load_public_key,
    verify,
)

__all__ = [
    "MAX_BODY_BYTES",
    "REPOST_SAFE_SECONDS",
    "Event",
    "Refusal",
    "RefusalReason",
    "TelnyxAccount",
    "TelnyxMessaging",
    "VerifiedEvent",
    "WebhookKind",
    "dedupe_key",
    "kind_of",
    "load_public_key",
    "read_inbound_text",
    "read_text_receipt",
    "verify",
]
