"""What Telnyx's error codes and HTTP statuses mean for the next step."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files

import msgspec

from frontdesk.ports import FailureClass, ProviderError
from frontdesk.providers.http import HttpFailure, HttpResponse, NotSent, parse_retry_after

PROVIDER = "telnyx"

PASSING_FAILURES = frozenset({FailureClass.RATE_LIMITED, FailureClass.UNAVAILABLE, FailureClass.AMBIGUOUS})
"""Classes after which another attempt can help, once it is safe."""

_CHANNEL_STATUSES = frozenset({401, 402, 403, 404})
_UNSETTLED_STATUSES = frozenset({408, 409, 425})
_UNPROCESSABLE, _TOO_MANY = 422, 429
_CLIENT_ERROR, _SERVER_ERROR = 400, 500
_ABOUT_ONE_NUMBER = frozenset({10002, 10016})
_FIRST_MESSAGING_CODE, _LAST_MESSAGING_CODE = 40_000, 40_999


class ErrorCode(msgspec.Struct, frozen=True):
    """One of Telnyx's codes: our class and what it says, in short."""

    failure: FailureClass
    text: str


class _ErrorTable(msgspec.Struct, frozen=True):
    codes: dict[int, ErrorCode]


class _Source(msgspec.Struct, frozen=True):
    pointer: str | None = None
    parameter: str | None = None


class _Error(msgspec.Struct, frozen=True):
    code: str | int = ""
    source: _Source | None = None


class _ErrorBody(msgspec.Struct, frozen=True):
    errors: list[_Error] = []


ERROR_CODES: dict[int, ErrorCode] = msgspec.json.decode(
    files("frontdesk.providers.telnyx").joinpath("error_codes.json").read_bytes(), type=_ErrorTable, strict=False
).codes
"""Telnyx's codes that a text can meet; where they come from is written in error_codes.json."""

_error_body = msgspec.json.Decoder(_ErrorBody)


def classify_receipt_error(code: str) -> FailureClass:
    """Classify the error code of a receipt that says failed or undelivered; an unknown or missing one is REJECTED."""
    known = ERROR_CODES.get(int(code)) if code.isascii() and code.isdigit() else None
    return known.failure if known is not None else FailureClass.REJECTED


def error_from_reply(reply: HttpResponse, *, now: datetime, may_repeat: bool) -> ProviderError:
    """Turn a reply that is not the wanted one into a ProviderError.

    `may_repeat`: the request only reads, so that doubt is no harm. Otherwise every 5xx, 408, 409, redirect and
    unreadable success is ambiguous, and so is a 422 that names no fault of the text: Telnyx answers 422 when a key is
    used again with another body while the first request's success is still on record. The message never holds
    Telnyx's own, which quotes phone numbers.
    """
    error = _read_error(reply)
    code = _number_of(error)
    failure = _classify(reply.status, code, about_sender=_is_about_sender(error))
    if failure is FailureClass.AMBIGUOUS and may_repeat:
        failure = FailureClass.UNAVAILABLE
    known = ERROR_CODES.get(code)
    what = f"error {code}" if code else f"HTTP status {reply.status} without an error code"
    return ProviderError(
        f"Telnyx answered {what}{': ' + known.text if known is not None else ''}",
        provider=PROVIDER,
        failure=failure,
        permanent=failure not in PASSING_FAILURES,
        ambiguous=failure is FailureClass.AMBIGUOUS,
        retry_after=_wait_of(reply, now),
        provider_code=str(code) if code else "",
        http_status=reply.status,
    )


def error_from_failure(failure: HttpFailure, *, may_repeat: bool) -> ProviderError:
    """Turn a failed exchange into a ProviderError: ambiguous only if the request may have left and must not repeat."""
    ambiguous = not isinstance(failure, NotSent) and not may_repeat
    return ProviderError(
        f"Telnyx was not heard: {failure}",
        provider=PROVIDER,
        failure=FailureClass.AMBIGUOUS if ambiguous else FailureClass.UNAVAILABLE,
        permanent=False,
        ambiguous=ambiguous,
    )


def _read_error(reply: HttpResponse) -> _Error:
    """Read the first error of a reply; one without a code for what is not Telnyx's error document."""
    if reply.status < _CLIENT_ERROR:
        return _Error()
    try:
        errors = _error_body.decode(reply.body).errors
    except msgspec.MsgspecError:
        return _Error()
    return errors[0] if errors else _Error()


def _number_of(error: _Error) -> int:
    code = str(error.code)
    return int(code) if code.isascii() and code.isdigit() and len(code) < 10 else 0  # noqa: PLR2004 - digits


def _is_about_sender(error: _Error) -> bool:
    source = error.source
    return source is not None and "from" in {(source.pointer or "").rpartition("/")[2], source.parameter}


def _wait_of(reply: HttpResponse, now: datetime) -> float | None:
    """Read how long to wait: Retry-After, else the seconds until Telnyx's window of requests starts anew."""
    asked = parse_retry_after(reply.header("retry-after"), now)
    if asked is not None or reply.status != _TOO_MANY:
        return asked
    return parse_retry_after(reply.header("x-ratelimit-reset"), now)


def _classify(status: int, code: int, *, about_sender: bool) -> FailureClass:  # noqa: PLR0911 - one per answer
    """Let the status decide whether Telnyx can have acted, and the code say why it did not."""
    if status < _CLIENT_ERROR or status >= _SERVER_ERROR or status in _UNSETTLED_STATUSES:
        return FailureClass.AMBIGUOUS
    names_the_text = _FIRST_MESSAGING_CODE <= code <= _LAST_MESSAGING_CODE or code in _ABOUT_ONE_NUMBER
    if status == _UNPROCESSABLE and not names_the_text:
        return FailureClass.AMBIGUOUS
    if code in _ABOUT_ONE_NUMBER and about_sender:
        return FailureClass.SENDER_BLOCKED
    known = ERROR_CODES.get(code)
    if known is not None:
        # A 4xx is a refusal whatever its code means in a receipt.
        return FailureClass.UNAVAILABLE if known.failure is FailureClass.AMBIGUOUS else known.failure
    if status == _TOO_MANY:
        return FailureClass.RATE_LIMITED
    if status in _CHANNEL_STATUSES:
        return FailureClass.CHANNEL_BLOCKED
    return FailureClass.REJECTED
