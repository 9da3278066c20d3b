"""Telnyx's verified events as neutral records, and the key that recognises each one's duplicates."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import assert_never

from frontdesk.kernel.errors import Refused
from frontdesk.ports import RECEIPTS_OF_FAILURE, InboundText, Media, OptOutHint, TextReceipt
from frontdesk.providers.telnyx.client import reference_in
from frontdesk.providers.telnyx.errors import PROVIDER, REFUSALS
from frontdesk.providers.telnyx.event import Event
from frontdesk.providers.telnyx.states import read_text_status

MAX_MEDIA = 10

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_OPT_OUT_HINTS = {"STOP": OptOutHint.STOP, "START": OptOutHint.START, "HELP": OptOutHint.HELP}
_RECEIPTS = frozenset({"message.sent", "message.finalized"})


class WebhookKind(StrEnum):
    """What an event tells; Telnyx sends all kinds to one address if it is given only one."""

    TEXT = "text"
    RECEIPT = "receipt"
    OTHER = "other"


def kind_of(event: Event) -> WebhookKind:
    """Tell what an event is about: a person's text, what became of one of ours, or nothing that we listen to."""
    if event.event_type == "message.received":
        return WebhookKind.TEXT
    return WebhookKind.RECEIPT if event.event_type in _RECEIPTS else WebhookKind.OTHER


def dedupe_key(event: Event) -> str:
    """Name the fact that an event tells, so that a second telling is recognised, also under another event id.

    Refuses `telnyx.field_missing` where the fact's own id is not in the event.
    """
    parts: tuple[str, ...]
    kind = kind_of(event)
    match kind:
        case WebhookKind.TEXT:
            parts = (_message_id(event),)
        case WebhookKind.RECEIPT:
            parts = (_message_id(event), event.event_type, _status_word(event))
        case WebhookKind.OTHER:
            parts = (event.event_type, event.id)
        case _:
            assert_never(kind)
    return ":".join((kind, *parts))


def read_inbound_text(event: Event) -> InboundText:
    """Read a text that somebody sent us; refuses `telnyx.field_missing`.

    `sender_e164` is empty when the sender is no telephone number (a short code, a name). The body keeps its blanks; the
    subject of a picture message stands above it, because a person may say STOP there.
    """
    payload = event.payload
    sender = event.sender_number
    media = (payload.media or ())[:MAX_MEDIA]
    return InboundText(
        provider=PROVIDER,
        provider_message_id=_message_id(event),
        sender_e164=sender if _E164.fullmatch(sender) else "",
        recipient_e164=_need("to", (event.recipients[0].phone_number or "") if event.recipients else ""),
        body="\n".join(part for part in (payload.subject, payload.text) if part),
        opt_out_hint=_OPT_OUT_HINTS.get((payload.autoresponse_type or "").strip().upper()),
        media=tuple(Media(each.url, each.content_type or "") for each in media if each.url),
    )


def read_text_receipt(event: Event) -> TextReceipt:
    """Read news of a text of ours; refuses `telnyx.field_missing`, `telnyx.unknown_status`.

    Our reference is read from the address the text was posted with, which is inside what Telnyx signed.
    """
    word = _status_word(event)
    status = read_text_status(word)
    if status is None:
        raise Refused("telnyx.unknown_status", f"Telnyx's webhook names an unknown status: {word[:32]}.", status=400)
    errors = event.payload.errors
    failed = status in RECEIPTS_OF_FAILURE
    code = str(errors[0].code) if errors and failed else ""
    return TextReceipt(
        provider=PROVIDER,
        provider_message_id=_message_id(event),
        status=status,
        reference=reference_in(event.payload.webhook_url),
        error_code=code,
        failure=REFUSALS.classify_receipt(code) if failed else None,
    )


def _message_id(event: Event) -> str:
    return _need("id", event.payload.id.strip())


def _status_word(event: Event) -> str:
    return _need("to.status", (event.recipients[0].status or "").strip() if event.recipients else "")


def _need(name: str, value: str) -> str:
    if not value:
        raise Refused("telnyx.field_missing", f"Telnyx's webhook lacks {name}.", status=400, details={"field": name})
    return value
