"""The JSON of Twilio's REST API: resources, pages, dates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Final, TypeAlias
from urllib.parse import urlencode

from frontdesk.providers.twin.memory import MediaFile
from frontdesk.providers.twin.twilio.errors import wording
from frontdesk.providers.twin.twilio.state import Account, Call, Message, Number, Recording

Json: TypeAlias = Mapping[str, object]
API_VERSION: Final = "2010-04-01"
_NANP_LENGTH: Final = len("+14158675308")
_CALL_PARTS: Final = (
    ("events", "Events"),
    ("notifications", "Notifications"),
    ("payments", "Payments"),
    ("recordings", "Recordings"),
    ("siprec", "Siprec"),
    ("streams", "Streams"),
    ("transcriptions", "Transcriptions"),
    ("user_defined_message_subscriptions", "UserDefinedMessageSubscriptions"),
    ("user_defined_messages", "UserDefinedMessages"),
)


@lru_cache(maxsize=256)
def _rfc2822_of_second(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC))


def rfc2822(moment: datetime | None) -> str | None:
    """Write a date as the API does: `Thu, 24 Aug 2023 05:01:45 +0000`."""
    return None if moment is None else _rfc2822_of_second(int(moment.timestamp()))


def account_uri(account_sid: str) -> str:
    """Give the path under which an account's resources lie."""
    return f"/{API_VERSION}/Accounts/{account_sid}"


def message_json(message: Message) -> Json:
    """Show a text; the sender stays unknown while a service has not yet picked it."""
    uri = f"{account_uri(message.account_sid)}/Messages/{message.sid}"
    undecided = message.service_sid is not None and message.status in ("accepted", "scheduled")
    return {
        "body": message.body,
        "num_segments": "0" if undecided else str(message.segments),
        "direction": message.direction,
        "from": None if undecided else message.sender,
        "to": message.to,
        "date_updated": rfc2822(message.updated_at),
        "price": message.price,
        "error_message": None if message.error_code is None else wording(message.error_code),
        "uri": uri + ".json",
        "account_sid": message.account_sid,
        "num_media": str(len(message.media)),
        "status": message.status,
        "messaging_service_sid": message.service_sid,
        "sid": message.sid,
        "date_sent": rfc2822(message.sent_at),
        "date_created": rfc2822(message.created_at),
        "error_code": message.error_code,
        "price_unit": None if message.price is None else "USD",
        "api_version": API_VERSION,
        "subresource_uris": {"media": uri + "/Media.json", "feedback": uri + "/Feedback.json"},
    }


def media_json(message: Message, media: MediaFile) -> Json:
    """Show a file of a text."""
    return {
        "account_sid": message.account_sid,
        "content_type": media.content_type,
        "date_created": rfc2822(message.created_at),
        "date_updated": rfc2822(message.created_at),
        "parent_sid": message.sid,
        "sid": media.id,
        "uri": f"{account_uri(message.account_sid)}/Messages/{message.sid}/Media/{media.id}.json",
    }


def pretty_phone(phone: str) -> str:
    """Write a North American number as `(415) 867-5308`; others stay as they are."""
    return (
        f"({phone[2:5]}) {phone[5:8]}-{phone[8:]}" if phone.startswith("+1") and len(phone) == _NANP_LENGTH else phone
    )


def call_json(call: Call) -> Json:
    """Show a call."""
    uri = f"{account_uri(call.account_sid)}/Calls/{call.sid}"
    ended = call.ended_at is not None
    minutes = math.ceil(call.duration / 60)
    return {
        "sid": call.sid,
        "date_created": rfc2822(call.created_at),
        "date_updated": rfc2822(call.updated_at),
        "parent_call_sid": call.parent_sid,
        "account_sid": call.account_sid,
        "to": call.to,
        "to_formatted": pretty_phone(call.to),
        "from": call.sender,
        "from_formatted": pretty_phone(call.sender),
        "phone_number_sid": call.number_sid,
        "status": call.status,
        "start_time": rfc2822(call.answered_at),
        "end_time": rfc2822(call.ended_at),
        "duration": str(call.duration) if ended else None,
        "price": f"-{minutes * 0.0085:.5f}" if ended else None,
        "price_unit": "USD",
        "direction": call.direction,
        "answered_by": None,
        "api_version": API_VERSION,
        "forwarded_from": call.forwarded_from or None,
        "group_sid": None,
        "caller_name": call.caller_name or None,
        "queue_time": "0",
        "trunk_sid": None,
        "uri": uri + ".json",
        "subresource_uris": {name: f"{uri}/{part}.json" for name, part in _CALL_PARTS},
    }


def number_json(number: Number) -> Json:
    """Show a number of the account; an address that is not set is an empty string, as the API has it."""
    return {
        "account_sid": number.account_sid,
        "address_sid": None,
        "address_requirements": "none",
        "api_version": API_VERSION,
        "beta": False,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "date_created": rfc2822(number.created_at),
        "date_updated": rfc2822(number.updated_at),
        "friendly_name": number.friendly_name or pretty_phone(number.phone),
        "identity_sid": None,
        "phone_number": number.phone,
        "origin": "twilio",
        "sid": number.sid,
        "sms_application_sid": None,
        "sms_fallback_method": number.sms_fallback_method,
        "sms_fallback_url": number.sms_fallback_url,
        "sms_method": number.sms_method,
        "sms_url": number.sms_url,
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "trunk_sid": None,
        "uri": f"{account_uri(number.account_sid)}/IncomingPhoneNumbers/{number.sid}.json",
        "voice_receive_mode": "voice",
        "voice_application_sid": None,
        "voice_caller_id_lookup": False,
        "voice_fallback_method": number.voice_fallback_method,
        "voice_fallback_url": number.voice_fallback_url,
        "voice_method": number.voice_method,
        "voice_url": number.voice_url,
        "emergency_status": "Inactive",
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "bundle_sid": None,
        "status": "in-use",
        "type": "local",
    }


def available_number_json(phone: str, country: str) -> Json:
    """Show a number that can be bought."""
    return {
        "friendly_name": pretty_phone(phone),
        "phone_number": phone,
        "lata": "722",
        "locality": "San Bruno",
        "rate_center": "SNBRUNO",
        "latitude": 37.63,
        "longitude": -122.41,
        "region": "CA",
        "postal_code": "94030",
        "iso_country": country,
        "address_requirements": "none",
        "beta": False,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
    }


def recording_json(recording: Recording, base_url: str) -> Json:
    """Show a recording; `media_url` points at its sound."""
    path = f"{account_uri(recording.account_sid)}/Recordings/{recording.sid}"
    return {
        "account_sid": recording.account_sid,
        "api_version": API_VERSION,
        "call_sid": recording.call_sid,
        "conference_sid": None,
        "date_created": rfc2822(recording.created_at),
        "date_updated": rfc2822(recording.created_at),
        "start_time": rfc2822(recording.created_at),
        "duration": str(recording.duration),
        "sid": recording.sid,
        "price": "-0.00250",
        "price_unit": "USD",
        "status": "completed",
        "channels": 1,
        "source": "RecordVerb",
        "error_code": None,
        "uri": path + ".json",
        "encryption_details": None,
        "subresource_uris": {
            "add_on_results": path + "/AddOnResults.json",
            "transcriptions": path + "/Transcriptions.json",
        },
        "media_url": base_url + path,
    }


def account_json(account: Account) -> Json:
    """Show an account."""
    uri = account_uri(account.sid)
    return {
        "auth_token": account.tokens[0],
        "date_created": rfc2822(account.created_at),
        "date_updated": rfc2822(account.created_at),
        "friendly_name": "Twin account",
        "owner_account_sid": account.sid,
        "sid": account.sid,
        "status": "active",
        "subresource_uris": {"messages": uri + "/Messages.json", "calls": uri + "/Calls.json"},
        "type": "Full",
        "uri": uri + ".json",
    }


def page_json(
    name: str, items: Sequence[Json], *, path: str, filters: Sequence[tuple[str, str]], page: int, size: int, token: str
) -> Json:
    """Show one page of a list; `token`, where not empty, leads to the next page."""

    def link(*more: tuple[str, str]) -> str:
        return f"{path}?{urlencode([*filters, ('PageSize', str(size)), *more])}"

    return {
        "end": page * size + max(len(items) - 1, 0),
        "first_page_uri": link(("Page", "0")),
        "next_page_uri": link(("Page", str(page + 1)), ("PageToken", token)) if token else None,
        "page": page,
        "page_size": size,
        "previous_page_uri": link(("Page", str(page - 1))) if page else None,
        name: items,
        "start": page * size,
        "uri": link(("Page", str(page))),
    }
