"""What Jobber's refusals mean: most stand inside a 200, and the wait is worked out from its figures."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Generic, TypeVar

import msgspec

from frontdesk.ports.calendars import AccessRevoked
from frontdesk.ports.errors import ProviderError
from frontdesk.providers.calendar_api import FIRST_FAILING_STATUS, CalendarApi
from frontdesk.providers.http import HttpResponse

THROTTLED = "THROTTLED"
LONGEST_WAIT_SECONDS = 60.0
_T = TypeVar("_T")


class _Extensions(msgspec.Struct):
    code: str = ""


class _Error(msgspec.Struct):
    message: str = ""
    extensions: _Extensions = msgspec.field(default_factory=_Extensions)


class _ThrottleStatus(msgspec.Struct, rename="camel"):
    maximum_available: float = 10_000
    currently_available: float = 0
    restore_rate: float = 500


class _Cost(msgspec.Struct, rename="camel"):
    requested_query_cost: float = 0
    throttle_status: _ThrottleStatus = msgspec.field(default_factory=_ThrottleStatus)


class _Costs(msgspec.Struct):
    cost: _Cost = msgspec.field(default_factory=_Cost)


class Answer(msgspec.Struct, Generic[_T]):
    """A GraphQL answer."""

    data: _T | None = None
    errors: list[_Error] = []
    extensions: _Costs = msgspec.field(default_factory=_Costs)


def judge(api: CalendarApi, reply: HttpResponse) -> None:
    """Raise what a reply's status says."""
    if reply.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise AccessRevoked(
            f"Jobber answered {reply.status}: the access is gone", provider=api.provider, http_status=reply.status
        )
    if reply.status >= FIRST_FAILING_STATUS:
        raise api.failed(reply)


def refusal(api: CalendarApi, answer: Answer[_T], status: int) -> ProviderError:
    """Put the errors inside an answer into the port's words."""
    code = answer.errors[0].extensions.code if answer.errors else ""
    if code == THROTTLED:
        return api.limited("answered THROTTLED", retry_after=wait_seconds(answer.extensions.cost), status=status)
    if code in {"UNAUTHENTICATED", "UNAUTHORIZED", "FORBIDDEN"}:
        return AccessRevoked(
            f"Jobber answered {code}: the access is gone", provider=api.provider, provider_code=code, http_status=401
        )
    if code in {"INTERNAL_SERVER_ERROR", "TIMEOUT"} or not answer.errors:
        return api.unavailable(f"gave no data ({code or 'no reason'})", status=status)
    return api.rejected(f"refused the question ({code or 'no code'})", status=status, code=code)


def wait_seconds(cost: _Cost) -> float:
    """Tell how long it takes until the points that the question needs are there again (cost / restore rate)."""
    status = cost.throttle_status
    needed = min(cost.requested_query_cost, status.maximum_available) - status.currently_available
    return min(max(float(math.ceil(needed / max(status.restore_rate, 1.0))), 1.0), LONGEST_WAIT_SECONDS)
