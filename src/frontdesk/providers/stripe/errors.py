"""What Stripe's errors and HTTP statuses mean for the next step."""

from __future__ import annotations

from datetime import datetime

import msgspec

from frontdesk.ports import FailureClass, ProviderError
from frontdesk.providers.http import HttpFailure, HttpResponse, NotSent, parse_retry_after

PROVIDER = "stripe"

_CLIENT_ERROR, _SERVER_ERROR = 400, 500
_UNAUTHORIZED, _FORBIDDEN, _CONFLICT, _TOO_MANY = 401, 403, 409, 429
_PASSING = frozenset({FailureClass.RATE_LIMITED, FailureClass.UNAVAILABLE, FailureClass.AMBIGUOUS})
_LONGEST_CODE = 60


class _Error(msgspec.Struct, frozen=True):
    type: str = ""
    code: str | None = None
    decline_code: str | None = None


class _ErrorBody(msgspec.Struct, frozen=True):
    error: _Error = _Error()


_error_body = msgspec.json.Decoder(_ErrorBody)


def error_from_reply(reply: HttpResponse, *, now: datetime, may_repeat: bool) -> ProviderError:
    """Turn a reply that is not the wanted one into a ProviderError.

    `may_repeat`: the request only reads, so that doubt is no harm. Otherwise a 5xx, a 409 (the key is in use, its first
    request still runs), a key used with another body, a redirect and an unreadable success leave it open whether Stripe
    has acted: the same key asked again settles it. The message never holds Stripe's own.
    """
    error = _read_error(reply)
    failure = _classify(reply.status, error)
    if failure is FailureClass.AMBIGUOUS and may_repeat:
        failure = FailureClass.UNAVAILABLE
    code = (error.decline_code or error.code or error.type)[:_LONGEST_CODE]
    return ProviderError(
        f"Stripe answered {reply.status} {code}".rstrip(),
        provider=PROVIDER,
        failure=failure,
        permanent=failure not in _PASSING,
        ambiguous=failure is FailureClass.AMBIGUOUS,
        retry_after=parse_retry_after(reply.header("retry-after"), now),
        provider_code=code,
        http_status=reply.status,
    )


def error_from_failure(failure: HttpFailure, *, may_repeat: bool) -> ProviderError:
    """Tell a failed exchange: ambiguous only if the request may have left and must not be repeated."""
    ambiguous = not isinstance(failure, NotSent) and not may_repeat
    return ProviderError(
        f"Stripe was not heard: {failure}",
        provider=PROVIDER,
        failure=FailureClass.AMBIGUOUS if ambiguous else FailureClass.UNAVAILABLE,
        permanent=False,
        ambiguous=ambiguous,
    )


def unreadable(*, may_repeat: bool) -> ProviderError:
    """Tell that a success cannot be read."""
    return ProviderError(
        "Stripe's answer cannot be read",
        provider=PROVIDER,
        failure=FailureClass.UNAVAILABLE if may_repeat else FailureClass.AMBIGUOUS,
        permanent=False,
        ambiguous=not may_repeat,
    )


def _read_error(reply: HttpResponse) -> _Error:
    try:
        return _error_body.decode(reply.body).error
    except msgspec.MsgspecError:
        return _Error()


def _classify(status: int, error: _Error) -> FailureClass:
    if status < _CLIENT_ERROR or status >= _SERVER_ERROR or status == _CONFLICT or error.type == "idempotency_error":
        return FailureClass.AMBIGUOUS
    if status == _TOO_MANY or error.code in {"rate_limit", "lock_timeout"}:
        return FailureClass.RATE_LIMITED
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return FailureClass.CHANNEL_BLOCKED
    return FailureClass.REJECTED
