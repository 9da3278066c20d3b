"""What Twilio's error codes and HTTP statuses mean for the next step."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files

import msgspec

from frontdesk.ports import FailureClass, ProviderError
from frontdesk.providers.http import HttpFailure, HttpResponse, NotSent, parse_retry_after

PROVIDER = "twilio"

PASSING_FAILURES = frozenset({FailureClass.RATE_LIMITED, FailureClass.UNAVAILABLE, FailureClass.AMBIGUOUS})
"""Classes after which another attempt can help, once it is safe."""

_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TIMEOUT, _TOO_MANY = 401, 403, 404, 408, 429
_CLIENT_ERROR, _SERVER_ERROR = 400, 500


class ErrorCode(msgspec.Struct, frozen=True):
    """One of Twilio's codes: our class and Twilio's own short text."""

    failure: FailureClass
    text: str


class _ErrorTable(msgspec.Struct, frozen=True):
    codes: dict[int, ErrorCode]


class _ErrorBody(msgspec.Struct, frozen=True):
    code: int = 0


ERROR_CODES: dict[int, ErrorCode] = msgspec.json.decode(
    files("frontdesk.providers.twilio").joinpath("error_codes.json").read_bytes(), type=_ErrorTable, strict=False
).codes
"""Twilio's messaging codes; where they come from is written in error_codes.json."""

_error_body = msgspec.json.Decoder(_ErrorBody)


def classify_receipt_error(code: str) -> FailureClass:
    """Classify the ErrorCode of a receipt that says failed or undelivered; an unknown or missing code is REJECTED."""
    known = ERROR_CODES.get(int(code)) if code.isascii() and code.isdigit() else None
    return known.failure if known is not None else FailureClass.REJECTED


def error_from_reply(reply: HttpResponse, *, now: datetime, may_repeat: bool) -> ProviderError:
    """Turn a reply that is not the wanted one into a ProviderError.

    `may_repeat`: the request changes nothing, or the same thing again, so that doubt is no harm. Otherwise every
    5xx, 408, redirect and unreadable success is ambiguous: Twilio has no idempotency key and says of error 20500
    that a repeated request can send twice (twilio.com/docs/api/errors/20500). The message never holds Twilio's own,
    which can quote a phone number.
    """
    code = _read_code(reply)
    failure = _classify(reply.status, code)
    if failure is FailureClass.AMBIGUOUS and may_repeat:
        failure = FailureClass.UNAVAILABLE
    known = ERROR_CODES.get(code)
    what = f"error {code}" if code else f"HTTP status {reply.status} without an error code"
    return ProviderError(
        f"Twilio answered {what}{': ' + known.text if known is not None else ''}",
        provider=PROVIDER,
        failure=failure,
        permanent=failure not in PASSING_FAILURES,
        ambiguous=failure is FailureClass.AMBIGUOUS,
        retry_after=parse_retry_after(reply.header("retry-after"), now),
        provider_code=str(code) if code else "",
        http_status=reply.status,
    )


def error_from_failure(failure: HttpFailure, *, may_repeat: bool) -> ProviderError:
    """Turn a failed exchange into a ProviderError: ambiguous only if the request may have left and must not repeat."""
    ambiguous = not isinstance(failure, NotSent) and not may_repeat
    return ProviderError(
        f"Twilio was not heard: {failure}",
        provider=PROVIDER,
        failure=FailureClass.AMBIGUOUS if ambiguous else FailureClass.UNAVAILABLE,
        permanent=False,
        ambiguous=ambiguous,
    )


def _read_code(reply: HttpResponse) -> int:
    if reply.status < _CLIENT_ERROR:
        return 0
    try:
        return _error_body.decode(reply.body).code
    except msgspec.MsgspecError:
        return 0


def _classify(status: int, code: int) -> FailureClass:
    """Let the status decide whether Twilio can have acted, and the code say why it did not."""
    if status < _CLIENT_ERROR or status >= _SERVER_ERROR or status == _TIMEOUT:
        return FailureClass.AMBIGUOUS
    known = ERROR_CODES.get(code)
    if known is not None:
        # A 4xx is a refusal whatever its code means in a receipt.
        return FailureClass.UNAVAILABLE if known.failure is FailureClass.AMBIGUOUS else known.failure
    if status == _TOO_MANY:
        return FailureClass.RATE_LIMITED
    if status in {_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND}:
        return FailureClass.CHANNEL_BLOCKED
    return FailureClass.REJECTED
