"""Twilio's verified webhooks as neutral records, and the key that recognises each one's duplicates."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import assert_never

from frontdesk.kernel.errors import Refused
from frontdesk.ports import (
    RECEIPTS_OF_FAILURE,
    CallStatus,
    CallUpdate,
    DialEnded,
    InboundCall,
    InboundText,
    Media,
    OptOutHint,
    RecordingReady,
    TextReceipt,
)
from frontdesk.providers.callback_reference import read_reference
from frontdesk.providers.twilio.errors import PROVIDER, REFUSALS
from frontdesk.providers.twilio.signature import VerifiedForm
from frontdesk.providers.twilio.states import CALL_STATES, DIAL_STATES, read_text_status

ANONYMOUS_CALLERS = frozenset({"+266696687", "+86282452253", "+7378742833", "+2562533", "+8656696", "+7748483"})
"""Keypad spellings that stand for a hidden caller: anonymous, unavailable, restricted, blocked, unknown, private."""

MAX_MEDIA = 10
"""A Twilio message carries at most ten attachments."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_OPT_OUT_HINTS = {"STOP": OptOutHint.STOP, "START": OptOutHint.START, "HELP": OptOutHint.HELP}


class WebhookKind(StrEnum):
    """Which of our addresses Twilio called."""

    VOICE = "voice"
    DIAL_ACTION = "dial-action"
    CALL_STATUS = "call-status"
    RECORDING = "recording"
    TEXT = "text"
    RECEIPT = "receipt"


def dedupe_key(kind: WebhookKind, form: VerifiedForm) -> str:
    """Name the fact that a webhook tells, so that a second telling is recognised, under whatever delivery token.

    Refuses `twilio.field_missing` where the fact's own id is not in the form.
    """
    parts: tuple[str, ...]
    match kind:
        case WebhookKind.VOICE:
            parts = (_need(form, "CallSid"), form.get("CallStatus"))
        case WebhookKind.DIAL_ACTION:
            parts = (_need(form, "CallSid"), form.get("DialCallStatus"))
        case WebhookKind.CALL_STATUS:
            parts = (_need(form, "CallSid"), form.get("CallStatus"), form.get("SequenceNumber"))
        case WebhookKind.RECORDING:
            parts = (_need(form, "RecordingSid"), form.get("RecordingStatus"))
        case WebhookKind.TEXT:
            parts = (_message_sid(form),)
        case WebhookKind.RECEIPT:
            parts = (_message_sid(form), _message_status(form))
        case _:
            assert_never(kind)
    return ":".join((kind, *parts))


def read_inbound_call(form: VerifiedForm) -> InboundCall:
    """Read the first webhook of a call to one of our numbers; refuses `twilio.field_missing`."""
    return InboundCall(
        provider=PROVIDER,
        provider_call_id=_need(form, "CallSid"),
        caller_e164=_person(form.get("From")),
        called_e164=_need(form, "To"),
        caller_name=form.get("CallerName"),
        forwarded_from_e164=_person(form.get("ForwardedFrom")),
    )


def read_dial_ended(form: VerifiedForm) -> DialEnded:
    """Read how the leg to the business ended; refuses `twilio.field_missing`, `twilio.unknown_status`."""
    return DialEnded(
        provider=PROVIDER,
        provider_call_id=_need(form, "CallSid"),
        caller_e164=_person(form.get("From")),
        called_e164=_need(form, "To"),
        dial_status=_status(_need(form, "DialCallStatus"), DIAL_STATES),
        dial_call_id=form.get("DialCallSid"),
        dial_duration_seconds=_number(form.get("DialCallDuration")),
    )


def read_call_update(form: VerifiedForm) -> CallUpdate:
    """Read a call's own new state; refuses `twilio.field_missing`, `twilio.unknown_status`.

    The length is CallDuration: Twilio's Duration is in minutes.
    """
    return CallUpdate(
        provider=PROVIDER,
        provider_call_id=_need(form, "CallSid"),
        caller_e164=_person(form.get("From")),
        called_e164=_need(form, "To"),
        status=_status(_need(form, "CallStatus"), CALL_STATES),
        duration_seconds=_number(form.get("CallDuration")),
        sequence=_number(form.get("SequenceNumber")),
    )


def read_recording(form: VerifiedForm) -> RecordingReady | None:
    """Read a stored voicemail; None while there is nothing to hear (in progress, absent, failed).

    Refuses `twilio.field_missing`.
    """
    if form.get("RecordingStatus") not in {"", "completed"}:
        return None
    return RecordingReady(
        provider=PROVIDER,
        provider_call_id=_need(form, "CallSid"),
        provider_recording_id=_need(form, "RecordingSid"),
        url=_need(form, "RecordingUrl"),
        duration_seconds=_number(form.get("RecordingDuration")),
    )


def read_inbound_text(form: VerifiedForm) -> InboundText:
    """Read a text that somebody sent us; refuses `twilio.field_missing`.

    `sender_e164` is empty when the sender is no telephone number (a short code, a name). The body keeps its blanks.
    """
    count = min(_number(form.get("NumMedia")), MAX_MEDIA)
    addresses = ((form.get(f"MediaUrl{index}"), form.get(f"MediaContentType{index}")) for index in range(count))
    return InboundText(
        provider=PROVIDER,
        provider_message_id=_message_sid(form),
        sender_e164=_person(form.get("From")),
        recipient_e164=_need(form, "To"),
        body=form.fields.get("Body", ""),
        opt_out_hint=_OPT_OUT_HINTS.get(form.get("OptOutType").upper()),
        media=tuple(Media(url, content_type) for url, content_type in addresses if url),
    )


def read_text_receipt(form: VerifiedForm) -> TextReceipt:
    """Read news of a text of ours; refuses `twilio.field_missing`, `twilio.unknown_status`."""
    word = _message_status(form)
    status = read_text_status(word)
    if status is None:
        raise _unknown_status(word)
    code = form.get("ErrorCode")
    return TextReceipt(
        provider=PROVIDER,
        provider_message_id=_message_sid(form),
        status=status,
        reference=read_reference(form.query),
        error_code="" if code == "0" else code,
        failure=REFUSALS.classify_receipt(code) if status in RECEIPTS_OF_FAILURE else None,
    )


def _need(form: VerifiedForm, name: str) -> str:
    value = form.get(name)
    if not value:
        raise Refused("twilio.field_missing", f"Twilio's webhook lacks {name}.", status=400, details={"field": name})
    return value


def _message_sid(form: VerifiedForm) -> str:
    return form.get("MessageSid") or _need(form, "SmsSid")


def _message_status(form: VerifiedForm) -> str:
    return form.get("MessageStatus") or _need(form, "SmsStatus")


def _person(number: str) -> str:
    """Give a person's number, empty for a hidden caller and for whatever is no telephone number."""
    return number if _E164.fullmatch(number) and number not in ANONYMOUS_CALLERS else ""


def _status(word: str, known: dict[str, CallStatus]) -> CallStatus:
    status = known.get(word.lower())
    if status is None:
        raise _unknown_status(word)
    return status


def _unknown_status(word: str) -> Refused:
    return Refused("twilio.unknown_status", f"Twilio's webhook names an unknown status: {word[:32]}.", status=400)


def _number(digits: str) -> int:
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0  # noqa: PLR2004 - digits
