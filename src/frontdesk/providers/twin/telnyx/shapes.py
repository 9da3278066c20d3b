"""Messages, detail records and events as Telnyx's JSON has them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias

from frontdesk.providers.twin.segments import is_gsm
from frontdesk.providers.twin.telnyx.errors import error_json
from frontdesk.providers.twin.telnyx.state import Direction, Message

Json: TypeAlias = dict[str, object]
ORGANIZATION: Final = "b448f9cc-a842-4784-98e9-03c1a5872950"
MEDIA_PATH: Final = "/telnyx-media"
_PRICE: Final = 0.004
# A detail record tells final states alone, in words of its own; which failure is which is not documented.
RECORD_WORDS: Final = {
    "delivered": "delivered",
    "delivery_unconfirmed": "dlr_unconfirmed",
    "delivery_failed": "failed",
    "sending_failed": "gw_reject",
    "expired": "gw_timeout",
    "webhook_delivered": "received",
}


def iso(moment: datetime | None) -> str | None:
    """Spell a moment as Telnyx does: milliseconds and the offset of UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")


def message_json(message: Message, *, base_url: str) -> Json:
    """Show a message, whichever way it went."""
    inbound = message.direction is Direction.INBOUND
    end = {"carrier": "", "line_type": "", "phone_number": message.to}
    shown: Json = {
        "record_type": "message",
        "direction": message.direction.value,
        "id": message.id,
        "type": "MMS" if message.media else "SMS",
        "messaging_profile_id": message.profile_id,
        "organization_id": ORGANIZATION,
        "from": {"phone_number": message.sender, "carrier": "", "line_type": ""},
        "to": [{**end, "status": message.status}],
        "cc": [],
        "text": message.body,
        "subject": "",
        "media": media_json(message, base_url=base_url),
        "webhook_url": message.webhook_url or None,
        "webhook_failover_url": message.failover_url or None,
        "encoding": "GSM-7" if is_gsm(message.body) else "UCS-2",
        "parts": message.segments,
        "num_chars": len(message.body),
        "tags": [],
        "cost": {"amount": f"{message.segments * _PRICE:.4f}", "currency": "USD"},
        "tcr_campaign_id": None,
        "tcr_campaign_billable": False,
        "tcr_campaign_registered": None,
        "received_at": iso(message.created_at),
        "sent_at": iso(message.sent_at),
        "completed_at": iso(message.completed_at),
        "valid_until": iso(message.valid_until),
        "errors": [] if message.error_code is None else [error_json(message.error_code)],
    }
    if inbound:
        shown["autoresponse_type"] = message.autoresponse or None
    else:
        shown |= {"wait_seconds": 0.0, "smart_encoding_applied": False}
    return shown


def media_json(message: Message, *, base_url: str) -> list[Json]:
    """Show a message's files; the member with the hash is named differently by direction."""
    name = "hash_sha256" if message.direction is Direction.INBOUND else "sha256"
    return [
        {
            "url": f"{base_url}{MEDIA_PATH}/{each.id}",
            "content_type": each.content_type,
            name: None,
            "size": len(each.content),
        }
        for each in message.media
    ]


def event_json(event_type: str, payload: Json, *, event_id: str, at: datetime) -> Json:
    """Make an event; how often and where it is delivered is added on the way."""
    return {
        "event_type": event_type,
        "id": event_id,
        "occurred_at": iso(at),
        "payload": payload,
        "record_type": "event",
    }


def record_json(message: Message) -> Json:
    """Show the detail record of a message that has come to its end; what it said is not in it."""
    return {
        "record_type": "message_detail_record",
        "uuid": message.id,
        "user_id": ORGANIZATION,
        "completed_at": iso(message.completed_at),
        "created_at": iso(message.created_at),
        "updated_at": iso(message.updated_at),
        "sent_at": iso(message.sent_at),
        "carrier": "",
        "carrier_fee": "0.0",
        "cld": message.to,
        "cli": message.sender,
        "country_code": "US",
        "delivery_status": "",
        "delivery_status_failover_url": message.failover_url,
        "delivery_status_webhook_url": message.webhook_url,
        "direction": message.direction.value,
        "fteu": False,
        "mcc": "",
        "mnc": "",
        "message_type": "MMS" if message.media else "SMS",
        "on_net": False,
        "profile_id": message.profile_id,
        "profile_name": "twin",
        "source_country_code": "US",
        "status": RECORD_WORDS[message.status],
        "tags": "",
        "rate": f"{_PRICE:.4f}",
        "currency": "USD",
        "cost": f"{message.segments * _PRICE:.4f}",
        "errors": [] if message.error_code is None else [str(message.error_code)],
        "parts": message.segments,
    }


def page_json(items: Sequence[Json], *, number: int, size: int, total: int) -> Json:
    """Make one page of a list."""
    meta = {
        "page_number": number,
        "page_size": size,
        "total_pages": max(1, math.ceil(total / size)),
        "total_results": total,
    }
    return {"data": list(items), "meta": meta}
