"""What Twilio's error codes and HTTP statuses mean for the next step."""

from __future__ import annotations

from datetime import datetime

import msgspec

from frontdesk.ports import FailureClass, ProviderError
from frontdesk.providers.http import HttpResponse, parse_retry_after
from frontdesk.providers.refusals import Refusals

PROVIDER = "twilio"

_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TIMEOUT, _TOO_MANY = 401, 403, 404, 408, 429
_CLIENT_ERROR, _SERVER_ERROR = 400, 500


class _ErrorBody(msgspec.Struct, frozen=True):
    code: int = 0


REFUSALS = Refusals.read(PROVIDER, "Twilio")

_error_body = msgspec.json.Decoder(_ErrorBody)


def error_from_reply(reply: HttpResponse, *, now: datetime, may_repeat: bool) -> ProviderError:
    """Turn a reply that is not the wanted one into a ProviderError.

    `may_repeat`: the request changes nothing, or the same thing again, so that doubt is no harm. Otherwise every
    5xx, 408, redirect and unreadable success is ambiguous: Twilio has no idempotency key and says of error 20500
    that a repeated request can send twice (twilio.com/docs/api/errors/20500). The message never holds Twilio's own,
    which can quote a phone number.
    """
    code = _read_code(reply)
    failure = _classify(reply.status, code)
    return REFUSALS.from_reply(
        reply,
        code=code,
        failure=failure,
        retry_after=parse_retry_after(reply.header("retry-after"), now),
        may_repeat=may_repeat,
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
    if (known := REFUSALS.classify_refusal(code)) is not None:
        return known
    if status == _TOO_MANY:
        return FailureClass.RATE_LIMITED
    if status in {_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND}:
        return FailureClass.CHANNEL_BLOCKED
    return FailureClass.REJECTED
