"""Which counters of the processes are added up, and by what: few kinds of requests instead of every route."""

from __future__ import annotations

from collections.abc import Mapping

from frontdesk.kernel.tallies import Counted
from frontdesk.kernel.telemetry.metrics import (
    BOOKING_POST_SECONDS,
    BUGS,
    HTTP_REQUEST_SECONDS,
    HTTP_REQUESTS,
    WEBHOOK_REQUESTS,
    WEBHOOK_SIGNATURE_FAILURES,
)

SIGNATURE_FAILURES = "webhook_signature_failures"
REQUESTS = "http_requests"
REQUEST_SECONDS = "http_request_seconds"
UNEXPECTED = "bugs"
BOOKING_SECONDS = "booking_post_seconds"
API = ("/api/", "/tenants/")
NOT_COUNTED = frozenset({"/health", "/healthz", "/metrics", "/static", "none"})
FAULT = "5"  # statuses that are faults of ours begin so


def kind_of(route: str) -> str | None:
    """Tell of which kind a route is: api, webhook or page; None for what nobody waits for."""
    if route in NOT_COUNTED:
        return None
    if route.startswith("/webhooks/"):
        return "webhook"
    return "api" if route.startswith(API) else "page"


def _requests(values: tuple[str, ...]) -> Mapping[str, str] | None:
    _, route, status = values
    kind = kind_of(route)
    return None if kind in {None, "webhook"} else {"kind": str(kind), "outcome": outcome_of(status)}


def _webhooks(values: tuple[str, ...]) -> Mapping[str, str]:
    return {"kind": "webhook", "outcome": outcome_of(values[1])}


def _seconds(values: tuple[str, ...]) -> Mapping[str, str] | None:
    route, bound = values
    kind = kind_of(route)
    return None if kind is None else {"kind": kind, "le": bound}


def outcome_of(status: str) -> str:
    """Tell whether an answer with this status was a fault of ours."""
    return "fault" if status.startswith(FAULT) else "ok"


COUNTED: tuple[Counted, ...] = (
    Counted(WEBHOOK_SIGNATURE_FAILURES, SIGNATURE_FAILURES, lambda values: {"provider": values[0]}),
    Counted(HTTP_REQUESTS, REQUESTS, _requests),
    Counted(WEBHOOK_REQUESTS, REQUESTS, _webhooks),
    Counted(HTTP_REQUEST_SECONDS, REQUEST_SECONDS, _seconds),
    Counted(BOOKING_POST_SECONDS, BOOKING_SECONDS, lambda values: {"le": values[0]}),
    Counted(BUGS, UNEXPECTED, lambda values: {"module": values[0]}),
)
