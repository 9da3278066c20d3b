"""The outermost layer of the web process: correlation, the request log, security headers, and bugs turned into 500s."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from uuid import UUID

from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontdesk.kernel.telemetry import Metrics, correlated, get_logger
from frontdesk.kernel.telemetry.metrics import BUGS, HTTP_REQUEST_SECONDS, HTTP_REQUESTS
from frontdesk.web.problems import MEDIA_TYPE, problem_body

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "x-permitted-cross-domain-policies": "none",
}
ONE_YEAR = "max-age=31536000"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUIET_PATHS = frozenset({"/health", "/healthz", "/metrics"})

log = get_logger("web")


class Edge:
    """Wraps every request; whatever happens inside, it is answered, measured and logged once.

    The log has the route, never the query or the body: both may hold what is nobody's business.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, https: bool) -> None:
        self._app = app
        self._metrics = metrics
        headers = HEADERS | ({"strict-transport-security": ONE_YEAR} if https else {}) | {"cache-control": "no-store"}
        self._headers = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with correlated(correlation_id=_asked_correlation(scope)) as correlation:
            await self._serve(scope, receive, send, correlation_id=correlation.correlation_id)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, *, correlation_id: UUID) -> None:
        started_at = time.perf_counter()
        status = 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": self._marked(message.get("headers", ()), correlation_id)}
            await send(message)

        try:
            if not await _turned_away(scope, send_marked):
                await self._app(scope, receive, send_marked)
        except asyncio.CancelledError:
            raise
        except Exception:
            self._metrics.increment(BUGS, module="web")
            log.exception("web.bug", path=scope["path"], method=scope["method"], http_status=500)
            if status:
                raise
            await _answer(send_marked, 500, "web.bug", "Something went wrong on our side. It has been noted.")
        finally:
            self._note(scope, status=status, seconds=time.perf_counter() - started_at)

    def _marked(self, given: Iterable[tuple[bytes, bytes]], correlation_id: UUID) -> list[tuple[bytes, bytes]]:
        """Add the headers that every answer has; what an answer says itself stays as it is."""
        headers = [(name.lower(), value) for name, value in given]
        names = {name for name, _ in headers}
        headers += [one for one in self._headers if one[0] not in names]
        headers.append((b"x-correlation-id", str(correlation_id).encode()))
        return headers

    def _note(self, scope: Scope, *, status: int, seconds: float) -> None:
        route = _route_of(scope)
        self._metrics.increment(HTTP_REQUESTS, method=_method(scope), route=route, status=str(status))
        if not route.endswith("/stream"):  # an open stream is no slow request
            self._metrics.observe(HTTP_REQUEST_SECONDS, seconds, route=route)
        level = log.debug if scope["path"] in QUIET_PATHS or route == "/static" else log.info
        milliseconds = round(seconds * 1000, 1)
        level("web.request", method=_method(scope), route=route, http_status=status, milliseconds=milliseconds)


async def _turned_away(scope: Scope, send: Send) -> bool:
    """Refuse methods that only help attackers, and paths of hidden files or with NUL, before anything looks at them."""
    if scope["method"] not in METHODS:
        await _answer(send, 405, "web.method_not_allowed", "This method is not served here.")
        return True
    parts = str(scope["path"]).split("/")
    hidden = any(part.startswith(".") for part in parts if part) and parts[1:2] != [".well-known"]
    if hidden or "\x00" in scope["path"]:
        await _answer(send, 404, "web.not_found", "Not found")
        return True
    return False


async def _answer(send: Send, status: int, code: str, message: str) -> None:
    body = problem_body(code, message, status=status)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _method(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method in METHODS else "OTHER"


def _route_of(scope: Scope) -> str:
    """Name the route's pattern, so that ids make no new series; what matched no route is 'none'."""
    if str(scope["path"]).startswith("/static/"):
        return "/static"
    route = scope.get("route")
    return route.path if isinstance(route, Route) else "none"


def _asked_correlation(scope: Scope) -> UUID | None:
    """Take over a caller's correlation id if it is a UUID; anything else could forge log lines."""
    for name, value in scope["headers"]:
        if name == b"x-correlation-id":
            try:
                return UUID(value.decode("ascii"))
            except ValueError:
                return None
    return None
