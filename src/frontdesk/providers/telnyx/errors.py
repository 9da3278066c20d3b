"""What Telnyx's error codes and HTTP statuses mean for the next step."""

from __future__ import annotations

from datetime import datetime

import msgspec

from frontdesk.ports import FailureClass, ProviderError
from frontdesk.providers.http import HttpResponse, parse_retry_after
from frontdesk.providers.refusals import Refusals

PROVIDER = "telnyx"

_CHANNEL_STATUSES = frozenset({401, 402, 403, 404})
_UNSETTLED_STATUSES = frozenset({408, 409, 425})
_UNPROCESSABLE, _TOO_MANY = 422, 429
_CLIENT_ERROR, _SERVER_ERROR = 400, 500
_ABOUT_ONE_NUMBER = frozenset({10002, 10016})
_FIRST_MESSAGING_CODE, _LAST_MESSAGING_CODE = 40_000, 40_999


class _Source(msgspec.Struct, frozen=True):
    pointer: str | None = None
    parameter: str | None = None


class _Error(msgspec.Struct, frozen=True):
    code: str | int = ""
    source: _Source | None = None


class _ErrorBody(msgspec.Struct, frozen=True):
    errors: list[_Error] = []


REFUSALS = Refusals.read(PROVIDER, "Telnyx")

_error_body = msgspec.json.Decoder(_ErrorBody)


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
    return REFUSALS.from_reply(
        reply,
        code=code,
        failure=failure,
        retry_after=_wait_of(reply, now),
        may_repeat=may_repeat,
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
    if (known := REFUSALS.classify_refusal(code)) is not None:
        return known
    if status == _TOO_MANY:
        return FailureClass.RATE_LIMITED
    if status in _CHANNEL_STATUSES:
        return FailureClass.CHANNEL_BLOCKED
    return FailureClass.REJECTED
