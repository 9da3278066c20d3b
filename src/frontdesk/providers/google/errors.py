"""What Google's refusals mean: which of its many 403s ask for patience, and which say that the access is gone."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from frontdesk.ports.calendars import AccessRevoked
from frontdesk.ports.errors import ProviderError
from frontdesk.providers.calendar_api import CalendarApi
from frontdesk.providers.http import HttpResponse

# developers.google.com/workspace/calendar/api/guides/errors
TOO_OFTEN = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"})
NO_ACCESS = frozenset({"", "authError", "forbidden", "insufficientPermissions", "accessNotConfigured", "required"})


class _Item(msgspec.Struct):
    reason: str = ""


class _Error(msgspec.Struct):
    errors: list[_Item] = []
    message: str = ""


class _Envelope(msgspec.Struct):
    error: _Error


class _Grant(msgspec.Struct):
    error: str


def reason_of(reply: HttpResponse) -> str:
    """Read the first reason out of an error's envelope; empty if there is none."""
    try:
        items = msgspec.json.decode(reply.body, type=_Envelope).error.errors
    except msgspec.MsgspecError:
        return ""
    return items[0].reason if items else ""


def refusal(api: CalendarApi, reply: HttpResponse) -> ProviderError:
    """Put a refusal of the calendar's API into the port's words."""
    reason = reason_of(reply)
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return _gone(api, reply, reason)
    if reply.status == HTTPStatus.FORBIDDEN:
        if reason in TOO_OFTEN:
            return api.limited(f"answered 403 ({reason})", retry_after=None, status=reply.status)
        if reason in NO_ACCESS:
            return _gone(api, reply, reason)
    return api.failed(reply, code=reason)


def grant_refusal(api: CalendarApi, reply: HttpResponse) -> ProviderError:
    """Put a refusal of the token endpoint (RFC 6749, 5.2) into the port's words."""
    try:
        code = msgspec.json.decode(reply.body, type=_Grant).error
    except msgspec.MsgspecError:
        code = ""
    if code in {"invalid_grant", "unauthorized_client", "access_denied"}:
        return _gone(api, reply, code)
    return api.failed(reply, code=code)


def _gone(api: CalendarApi, reply: HttpResponse, code: str) -> AccessRevoked:
    what = f"{api.company} answered {reply.status}{f' ({code})' if code else ''}: the access is gone"
    return AccessRevoked(what, provider=api.provider, provider_code=code, http_status=reply.status)
