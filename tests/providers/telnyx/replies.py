"""What Telnyx answers, to the byte: taken, refused, listed, and nothing of the kind."""

from __future__ import annotations

import json
from dataclasses import replace

from frontdesk.kernel.clock import SystemClock
from frontdesk.ports import FailureClass
from frontdesk.providers.http import HttpClient
from frontdesk.providers.telnyx import TelnyxMessaging
from frontdesk.providers.telnyx.errors import REFUSALS
from tests.providers.conformance.scripted import REFERENCE, TEXT, Spoken, as_json, body_of
from tests.providers.http.scripted_server import reply_with
from tests.providers.telnyx.signing import ACCOUNT, FIXTURES

MESSAGE = "40385f64-5717-4562-b3fc-2c963f66afa6"
PROFILE = "4000eba1-a0c0-4563-9925-b25e842a7cb6"


def connect(url: str, http: HttpClient) -> TelnyxMessaging:
    """Make the client of the tests' account."""
    return TelnyxMessaging(replace(ACCOUNT, api_base_url=url), http, clock=SystemClock())


def connect_with_profile(url: str, http: HttpClient) -> TelnyxMessaging:
    """Make the client of an account whose texts name a profile."""
    account = replace(ACCOUNT, api_base_url=url, messaging_profile_id=PROFILE)
    return TelnyxMessaging(account, http, clock=SystemClock())


def service_of(request: bytes) -> tuple[str | None, str | None, str | None]:
    """Read profile, sender and callback from a POST."""
    fields = json.loads(body_of(request))
    return fields.get("messaging_profile_id"), fields.get("from"), fields.get("webhook_url")


def taken(status: str = "queued") -> bytes:
    """Accept a text."""
    return reply_with(as_json({"data": {"id": MESSAGE, "to": [{"status": status}]}}))


def refused(code: str, status: str, *, pointer: str = "", extra: bytes = b"") -> bytes:
    """Refuse a text in words that quote its recipient."""
    error = {"code": code, "title": "x", "detail": f"not to {TEXT.recipient_e164}", "source": {"pointer": pointer}}
    return reply_with(as_json({"errors": [error]}), status=status, extra=extra)


def too_many(headers: bytes) -> bytes:
    """Refuse for being asked too much."""
    return refused("10011", "429 Too Many Requests", extra=headers)


def record(number: int, **changed: object) -> dict[str, object]:
    """Make the detail record of a text that was created at second `number`."""
    return {
        "record_type": "message_detail_record",
        "uuid": f"m{number}",
        "direction": "outbound",
        "created_at": f"2026-01-05T12:00:{number:02d}Z",
        "cld": TEXT.recipient_e164,
        "cli": TEXT.sender_e164,
    } | changed


def page(*records: dict[str, object], pages: int = 1) -> bytes:
    """List records."""
    return reply_with(as_json({"data": records, "meta": {"total_pages": pages}}))


def message(number: int, **changed: object) -> bytes:
    """Show a message."""
    data = {
        "id": f"m{number}",
        "direction": "outbound",
        "from": {"phone_number": TEXT.sender_e164},
        "to": [{"phone_number": TEXT.recipient_e164, "status": "delivered"}],
        "text": f"text {number}",
        "webhook_url": f"{TEXT.status_callback}&reference={REFERENCE}",
        "errors": [],
    } | changed
    return reply_with(as_json({"data": data}))


TELNYX = Spoken(
    refusals=REFUSALS,
    connect=connect,
    in_service=connect_with_profile,
    named=PROFILE,
    service_of=service_of,
    taken=taken(),
    proves_nothing={
        "500 of a gateway": reply_with(b"<html>oops</html>", status="500 Internal Server Error"),
        "500 of the API": refused("10007", "500 Internal Server Error"),
        "503 with a code that is a refusal elsewhere": refused("40300", "503 Unavailable"),
        "504": reply_with(b"", status="504 Gateway Timeout"),
        "408": refused("10008", "408 Request Timeout"),
        "409: the same key is being answered": reply_with(b"", status="409 Conflict"),
        "422: the key was used with another body": refused("10015", "422 Unprocessable Entity"),
        "422 without a code": reply_with(b"", status="422 Unprocessable Entity"),
        "a redirect": reply_with(b"", status="302 Found", extra=b"Location: /login\r\n"),
        "HTML with 200": reply_with(b"<html>Welcome</html>"),
        "truncated JSON": reply_with(b'{"data": {"id": "40385'),
        "JSON without data": reply_with(b"{}"),
        "JSON with an empty id": reply_with(b'{"data":{"id":""}}'),
        "no content": reply_with(b"", status="204 No Content"),
    },
    refused=[
        (refused("40300", "403 Forbidden"), FailureClass.OPTED_OUT),
        (refused("40300", "422 Unprocessable Entity"), FailureClass.OPTED_OUT),
        (refused("40310", "400 Bad Request", pointer="/to"), FailureClass.INVALID_RECIPIENT),
        (refused("10016", "422 Unprocessable Entity", pointer="/to"), FailureClass.INVALID_RECIPIENT),
        (refused("10002", "400 Bad Request", pointer="/from"), FailureClass.SENDER_BLOCKED),
        (refused("40305", "400 Bad Request"), FailureClass.SENDER_BLOCKED),
        (refused("40322", "400 Bad Request"), FailureClass.CONTENT_BLOCKED),
        (refused("40318", "400 Bad Request"), FailureClass.RATE_LIMITED),
        (refused("40333", "400 Bad Request"), FailureClass.CHANNEL_BLOCKED),
        (refused("10007", "400 Bad Request"), FailureClass.UNAVAILABLE),
        (refused("99999", "400 Bad Request"), FailureClass.REJECTED),
        (refused("x", "400 Bad Request"), FailureClass.REJECTED),
        (reply_with(b"<html>", status="400 X"), FailureClass.REJECTED),
        (reply_with(b'{"errors":[]}', status="401 X"), FailureClass.CHANNEL_BLOCKED),
        (reply_with(b"", status="402 X"), FailureClass.CHANNEL_BLOCKED),
        (reply_with(b"", status="404 X"), FailureClass.CHANNEL_BLOCKED),
        (reply_with(b"slow down", status="429 X"), FailureClass.RATE_LIMITED),
    ],
    waits=[
        (too_many(b"x-ratelimit-reset: 7\r\n"), 7.0, "10011"),
        (too_many(b"Retry-After: 3\r\nx-ratelimit-reset: 7\r\n"), 3.0, "10011"),
        (too_many(b"x-ratelimit-reset: soon\r\n"), None, "10011"),
        (too_many(b"x-ratelimit-reset: 1000000000\r\n"), 3600.0, "10011"),
        (too_many(b""), None, "10011"),
    ],
    actions={
        int(code): action for code, action in json.loads((FIXTURES / "error_actions.json").read_text())["codes"].items()
    },
    action_classes={
        "permanent: DNC": {FailureClass.OPTED_OUT},
        "permanent: landline": {FailureClass.INVALID_RECIPIENT},
        "permanent: mark invalid": {FailureClass.INVALID_RECIPIENT},
        "permanent": {FailureClass.REJECTED, FailureClass.INVALID_RECIPIENT},
        "stop_channel": {FailureClass.CHANNEL_BLOCKED},
        "pause channel": {FailureClass.CHANNEL_BLOCKED},
        "reputation": {FailureClass.CONTENT_BLOCKED},
        "block sending on number": {FailureClass.SENDER_BLOCKED},
        "number burned": {FailureClass.SENDER_BLOCKED},
        "rotate number": {FailureClass.SENDER_BLOCKED},
        "slow down": {FailureClass.RATE_LIMITED},
        "back off": {FailureClass.RATE_LIMITED},
        "retry after": {FailureClass.RATE_LIMITED},
        "ambiguous": {FailureClass.AMBIGUOUS},
    },
    least_judged=25,
    final_codes=(40300, 40001, 40003, 40010, 40012, 40014, 40310, 40315, 40322, 40329),
    unusable_lists={
        "no JSON": [reply_with(b"<html>")],
        "no data": [reply_with(b"{}")],
        "no date": [page(record(20, created_at="yesterday"))],
        "500": [reply_with(b"", status="500 X")],
        "a text that cannot be read": [page(record(20)), reply_with(b"{}")],
        "too many texts": [page(*(record(20) for _ in range(21)))],
    },
    endless_page=page(pages=99),
    no_origins=("https://api.telnyx.com/v2", "api.telnyx.com", "https://user:pass@api.telnyx.com"),
)
