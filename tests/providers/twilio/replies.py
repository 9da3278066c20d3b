"""What Twilio answers, to the byte: taken, refused, listed, and nothing of the kind."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qsl

from frontdesk.kernel.clock import SystemClock
from frontdesk.ports import FailureClass
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twilio import TwilioMessaging
from frontdesk.providers.twilio.errors import REFUSALS
from tests.providers.conformance.scripted import TEXT, Spoken, as_json, body_of
from tests.providers.http.scripted_server import reply_with
from tests.providers.twilio.signing import ACCOUNT, FIXTURES

SID = "SM00000000000000000000000000000010"
SERVICE = "MG1"
TAKEN = reply_with(as_json({"sid": SID, "status": "queued"}), status="201 Created")
PATH = f"/2010-04-01/Accounts/{ACCOUNT.account_sid}/Messages.json"


def connect(url: str, http: HttpClient) -> TwilioMessaging:
    """Make the client of the tests' account."""
    return TwilioMessaging(replace(ACCOUNT, api_base_url=url), http, clock=SystemClock())


def connect_with_service(url: str, http: HttpClient) -> TwilioMessaging:
    """Make the client of an account whose texts go through a service."""
    account = replace(ACCOUNT, api_base_url=url, messaging_service_sid=SERVICE)
    return TwilioMessaging(account, http, clock=SystemClock())


def form_of(request: bytes) -> dict[str, str]:
    """Read the form of a POST."""
    return dict(parse_qsl(body_of(request).decode(), keep_blank_values=True, strict_parsing=True))


def service_of(request: bytes) -> tuple[str | None, str | None, str | None]:
    """Read service, sender and callback from a POST."""
    form = form_of(request)
    return form.get("MessagingServiceSid"), form.get("From"), form.get("StatusCallback")


def refused(code: int, *, status: str = "400 X", extra: bytes = b"") -> bytes:
    """Refuse a text in words that quote its recipient."""
    return reply_with(as_json({"code": code, "message": f"not to {TEXT.recipient_e164}"}), status=status, extra=extra)


def too_many(value: str) -> bytes:
    """Refuse for being asked too much."""
    return refused(20429, status="429 X", extra=f"Retry-After: {value}\r\n".encode())


def listed(number: int, **changed: object) -> dict[str, object]:
    """Make the list's entry of a text that was created at second `number`."""
    return {
        "sid": f"SM{number:032d}",
        "status": "sent",
        "direction": "outbound-api",
        "date_created": f"Mon, 05 Jan 2026 12:00:{number:02d} +0000",
        "to": TEXT.recipient_e164,
        "from": TEXT.sender_e164,
        "body": f"text {number}",
        "error_code": None,
    } | changed


def page(messages: list[dict[str, object]], next_page: str | None = None) -> bytes:
    """List texts."""
    return reply_with(as_json({"messages": messages, "next_page_uri": next_page}))


TWILIO = Spoken(
    refusals=REFUSALS,
    connect=connect,
    in_service=connect_with_service,
    named=SERVICE,
    service_of=service_of,
    taken=TAKEN,
    proves_nothing={
        "500 of a gateway": reply_with(b"<html>oops</html>", status="500 Internal Server Error"),
        "500 of the API": reply_with(b'{"code":20500,"message":"x","status":500}', status="500 Internal Server Error"),
        "503": reply_with(b'{"code":20503}', status="503 Service Unavailable", extra=b"Retry-After: 7\r\n"),
        "504": reply_with(b"", status="504 Gateway Timeout"),
        "503 with a code that is a refusal elsewhere": reply_with(b'{"code":21610}', status="503 Unavailable"),
        "408": reply_with(b"", status="408 Request Timeout"),
        "a redirect": reply_with(b"", status="302 Found", extra=b"Location: /login\r\n"),
        "HTML with 200": reply_with(b"<html>Welcome</html>"),
        "HTML with 201": reply_with(b"<html>Welcome</html>", status="201 Created"),
        "truncated JSON": reply_with(b'{"sid": "SM00', status="201 Created"),
        "JSON without a SID": reply_with(b'{"status":"queued"}', status="201 Created"),
        "JSON with another SID": reply_with(b'{"sid":"CA1","status":"queued"}', status="201 Created"),
        "an unknown success": reply_with(b"", status="204 No Content"),
    },
    refused=[
        (reply_with(b"<html>", status="400 X"), FailureClass.REJECTED),
        (refused(99999), FailureClass.REJECTED),
        (reply_with(b'{"code":"x"}', status="400 X"), FailureClass.REJECTED),
        (refused(30410), FailureClass.UNAVAILABLE),
        (refused(21611), FailureClass.RATE_LIMITED),
        (refused(21606), FailureClass.SENDER_BLOCKED),
        (refused(21614), FailureClass.INVALID_RECIPIENT),
        (reply_with(b"", status="401 X"), FailureClass.CHANNEL_BLOCKED),
        (reply_with(b"", status="403 X"), FailureClass.CHANNEL_BLOCKED),
        (reply_with(b"not here", status="404 X"), FailureClass.CHANNEL_BLOCKED),
        (reply_with(b"slow down", status="429 X"), FailureClass.RATE_LIMITED),
    ],
    waits=[
        (too_many("-1"), None, "20429"),
        (too_many("1000000000"), 3600.0, "20429"),
        (too_many("soon"), None, "20429"),
        (too_many("30"), 30.0, "20429"),
    ],
    actions={
        row["code"]: row["our_action"] for row in json.loads((FIXTURES / "error_actions.json").read_text())["codes"]
    },
    action_classes={
        "permanent: STOP": {FailureClass.OPTED_OUT},
        "permanent: mark contact phone invalid": {FailureClass.INVALID_RECIPIENT},
        "permanent: not a mobile number": {FailureClass.INVALID_RECIPIENT},
        "permanent: unknown handset": {FailureClass.INVALID_RECIPIENT},
        "permanent: landline": {FailureClass.INVALID_RECIPIENT},
        "permanent": {FailureClass.REJECTED, FailureClass.SENDER_BLOCKED},
        "stop_channel": {FailureClass.CHANNEL_BLOCKED},
        "reputation": {FailureClass.CONTENT_BLOCKED},
        "invalid recipient": {FailureClass.INVALID_RECIPIENT},
        "10DLC": {FailureClass.RATE_LIMITED},
        "retry": {FailureClass.RATE_LIMITED},
        "back off": {FailureClass.RATE_LIMITED},
        "channel rate limit": {FailureClass.RATE_LIMITED},
        "account daily": {FailureClass.RATE_LIMITED},
        "toll-free": {FailureClass.SENDER_BLOCKED},
        "unregistered": {FailureClass.SENDER_BLOCKED},
        "AMBIGUOUS": {FailureClass.AMBIGUOUS},
        "provider timeout": {FailureClass.AMBIGUOUS},
    },
    least_judged=20,
    final_codes=(21610, 21614, 30003, 30004, 30005, 30006, 30007, 30032, 30034, 30036, 30610),
    unusable_lists={
        "another host": [page([], "https://elsewhere.example/2010-04-01")],
        "another resource": [page([], "/2010-04-01/Accounts/AC1/Keys.json?x")],
        "a broken target": [page([], f"{PATH}?a b")],
        "no JSON": [reply_with(b"<html>")],
        "no messages": [reply_with(b"{}")],
        "no date": [page([listed(1, date_created="yesterday")])],
        "500": [reply_with(b"", status="500 X")],
    },
    endless_page=page([], f"{PATH}?Page=1"),
    no_origins=("https://api.twilio.com/base", "api.twilio.com", "https://user:pass@api.twilio.com"),
)
