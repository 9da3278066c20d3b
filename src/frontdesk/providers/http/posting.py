"""One POST of a JSON document to somebody who is told something: taken, or a ProviderError that says why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec

from frontdesk.ports import FailureClass, ProviderError
from frontdesk.providers.http.client import HttpClient
from frontdesk.providers.http.failures import HttpFailure, NotSent
from frontdesk.providers.http.message import HttpResponse, Origin
from frontdesk.providers.http.retry_after import parse_retry_after

FIRST_FAILING_STATUS = 300
SHOWN = 200  # of a refusal's words


async def post_json(
    http: HttpClient,
    url: str,
    document: object,
    *,
    provider: str,
    headers: Sequence[tuple[str, str]] = (),
    deadline_seconds: float = 10.0,
) -> HttpResponse:
    """Post once; returns what came with a 2xx, else raises ProviderError, whose message never holds the address."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        answer = await http.request(
            method="POST",
            origin=Origin.parse(url),
            target=target,
            headers=[("Content-Type", "application/json"), ("User-Agent", "Frontdesk-Alerts/1"), *headers],
            body=msgspec.json.encode(document),
            deadline_seconds=deadline_seconds,
        )
    except HttpFailure as failure:
        raise ProviderError(
            str(failure),
            provider=provider,
            failure=FailureClass.UNAVAILABLE if isinstance(failure, NotSent) else FailureClass.AMBIGUOUS,
            permanent=False,
            ambiguous=not isinstance(failure, NotSent),
        ) from failure
    if answer.status >= FIRST_FAILING_STATUS:
        raise _refusal(answer, provider)
    return answer


def _refusal(answer: HttpResponse, provider: str) -> ProviderError:
    said = answer.body[:SHOWN].decode("utf-8", errors="replace").strip()
    limited = answer.status == HTTPStatus.TOO_MANY_REQUESTS
    for_now = limited or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    failures: Mapping[bool, FailureClass] = {True: FailureClass.UNAVAILABLE, False: FailureClass.REJECTED}
    return ProviderError(
        f"answered {answer.status}: {said}",
        provider=provider,
        failure=FailureClass.RATE_LIMITED if limited else failures[for_now],
        permanent=not for_now,
        retry_after=parse_retry_after(answer.header("Retry-After"), now=datetime.now(UTC)),
        http_status=answer.status,
    )
