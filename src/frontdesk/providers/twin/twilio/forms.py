"""The form fields of Twilio's webhooks, in the order and sets seen in real captures."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final, TypeAlias

from frontdesk.providers.twin.twilio.shapes import API_VERSION, account_uri, rfc2822
from frontdesk.providers.twin.twilio.state import Call, Message, Recording

Form: TypeAlias = dict[str, str]
_COUNTRIES: Final = (("+1", "US"), ("+44", "GB"), ("+61", "AU"), ("+64", "NZ"), ("+353", "IE"))
_OUR_PLACE: Final = ("SAN BRUNO", "CA", "94030")
_CALLER_PLACE: Final = ("SEATTLE", "WA", "98106")
_NOWHERE: Final = ("", "", "")
# A delivery report of the handset carries its date; refusals further up the line do not.
_REPORTED_BY_HANDSET: Final = frozenset({None, 30003})
_SIP_CODES: Final = {"busy": "486", "no-answer": "487", "canceled": "487", "failed": "404"}


def country_of(phone: str) -> str:
    """Tell the ISO country of a number, empty if the twin does not know it."""
    return next((country for prefix, country in _COUNTRIES if phone.startswith(prefix)), "")


def _place(phone: str, place: tuple[str, str, str]) -> tuple[str, str, str]:
    return place if country_of(phone) == "US" else _NOWHERE


def receipt_form(message: Message) -> Form:
    """Make a delivery receipt of the text's present state."""
    form = {"SmsSid": message.sid, "SmsStatus": message.status, "MessageStatus": message.status, "To": message.to}
    form["MessageSid"] = message.sid
    if message.service_sid is not None:
        form["MessagingServiceSid"] = message.service_sid
    form |= {"AccountSid": message.account_sid, "From": message.sender, "ApiVersion": API_VERSION}
    if message.error_code is not None:
        form["ErrorCode"] = str(message.error_code)
    if message.status in ("delivered", "undelivered") and message.error_code in _REPORTED_BY_HANDSET:
        form["RawDlrDoneDate"] = message.updated_at.strftime("%y%m%d%H%M")
    return form


def inbound_text_form(message: Message, *, base_url: str, opt_out_type: str = "") -> Form:
    """Make the announcement of a customer's text."""
    to_city, to_state, to_zip = _place(message.to, _OUR_PLACE)
    from_city, from_state, from_zip = _place(message.sender, _CALLER_PLACE)
    form = {
        "ToCountry": country_of(message.to),
        "ToState": to_state,
        "SmsMessageSid": message.sid,
        "NumMedia": str(len(message.media)),
        "ToCity": to_city,
        "FromZip": from_zip,
        "SmsSid": message.sid,
        "FromState": from_state,
        "SmsStatus": "received",
        "FromCity": from_city,
        "Body": message.body,
        "FromCountry": country_of(message.sender),
        "To": message.to,
    }
    if message.service_sid is not None:
        form["MessagingServiceSid"] = message.service_sid
    form |= {
        "ToZip": to_zip,
        "NumSegments": str(message.segments),
        "MessageSid": message.sid,
        "AccountSid": message.account_sid,
        "From": message.sender,
        "ApiVersion": API_VERSION,
    }
    for index, media in enumerate(message.media):
        form[f"MediaContentType{index}"] = media.content_type
        uri = f"{account_uri(message.account_sid)}/Messages/{message.sid}/Media/{media.id}"
        form[f"MediaUrl{index}"] = base_url + uri
    if opt_out_type:
        form["OptOutType"] = opt_out_type
    return form


def call_form(call: Call) -> Form:
    """Make the fields that every request about a call carries."""
    to_city, to_state, to_zip = _place(call.to, _OUR_PLACE)
    from_city, from_state, from_zip = _place(call.sender, _CALLER_PLACE)
    form = {
        "Called": call.to,
        "ToState": to_state,
        "CallerCountry": country_of(call.sender),
        "Direction": call.direction,
        "CallerState": from_state,
        "ToZip": to_zip,
        "CallSid": call.sid,
        "To": call.to,
        "CallerZip": from_zip,
        "ToCountry": country_of(call.to),
        "StirVerstat": "TN-Validation-Passed-A",
        "CallToken": call.token,
        "CalledZip": to_zip,
        "ApiVersion": API_VERSION,
        "CalledCity": to_city,
        "CallStatus": call.status,
        "From": call.sender,
        "AccountSid": call.account_sid,
        "CalledCountry": country_of(call.to),
        "CallerCity": from_city,
        "ToCity": to_city,
        "FromCountry": country_of(call.sender),
        "Caller": call.sender,
        "FromCity": from_city,
        "CalledState": to_state,
        "FromZip": from_zip,
        "FromState": from_state,
    }
    if call.forwarded_from:
        form["ForwardedFrom"] = call.forwarded_from
    if call.caller_name:
        form["CallerName"] = call.caller_name
    return form


def call_progress_form(call: Call, *, now: datetime) -> Form:
    """Make a call status callback; `Duration` is in minutes, `CallDuration` in seconds."""
    form = call_form(call) | {
        "Timestamp": rfc2822(now) or "",
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(call.sequence),
    }
    if call.ended_at is not None:
        form["CallDuration"] = str(call.duration)
        if call.status in ("completed", "busy"):
            form["Duration"] = str(math.ceil(call.duration / 60))
    if call.status in _SIP_CODES:
        form["SipResponseCode"] = _SIP_CODES[call.status]
    return form


def recording_url(recording: Recording, base_url: str) -> str:
    """Give the address of a recording's sound, without extension as in webhooks."""
    return f"{base_url}{account_uri(recording.account_sid)}/Recordings/{recording.sid}"


def recording_form(recording: Recording, *, base_url: str) -> Form:
    """Make a recording status callback."""
    return {
        "AccountSid": recording.account_sid,
        "CallSid": recording.call_sid,
        "RecordingSid": recording.sid,
        "RecordingUrl": recording_url(recording, base_url),
        "RecordingStatus": "completed",
        "RecordingDuration": str(recording.duration),
        "RecordingChannels": "1",
        "RecordingStartTime": rfc2822(recording.created_at) or "",
        "RecordingSource": "RecordVerb",
        "RecordingTrack": "both",
    }
