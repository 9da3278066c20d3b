"""Twilio: texts, calls and recordings, spoken over its HTTP API and its signed webhooks."""

from frontdesk.providers.twilio.account import SharedKey, TwilioAccount
from frontdesk.providers.twilio.callback_url import public_url
from frontdesk.providers.twilio.calling import TwilioCalling
from frontdesk.providers.twilio.client import TwilioMessaging
from frontdesk.providers.twilio.inbound import (
    WebhookKind,
    dedupe_key,
    read_call_update,
    read_dial_ended,
    read_inbound_call,
    read_inbound_text,
    read_recording,
    read_text_receipt,
)
from frontdesk.providers.twilio.media import FetchedMedia, TwilioMedia
from frontdesk.providers.twilio.signature import MAX_BODY_BYTES, Refusal, RefusalReason, VerifiedForm, verify
from frontdesk.providers.twilio.twiml import render_voice_answer

__all__ = [
    "MAX_BODY_BYTES",
    "FetchedMedia",
    "Refusal",
    "RefusalReason",
    "SharedKey",
    "TwilioAccount",
    "TwilioCalling",
    "TwilioMedia",
    "TwilioMessaging",
    "VerifiedForm",
    "WebhookKind",
    "dedupe_key",
    "public_url",
    "read_call_update",
    "read_dial_ended",
    "read_inbound_call",
    "read_inbound_text",
    "read_recording",
    "read_text_receipt",
    "render_voice_answer",
    "verify",
]
