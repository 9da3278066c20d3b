"""What request bodies may be: not larger than the limit however they are sent, not slower, and not compressed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontdesk.kernel.errors import Refused
from frontdesk.web.problems import MEDIA_TYPE, problem_body

DRAIN_SECONDS = 5.0
DRAIN_ROUND_SECONDS = 0.5
DRAIN_BYTES = 16 * 1024 * 1024


class BodyRefused(Exception):
    """More came than is taken, or it came too slowly."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How large a body may be, in bytes, and how long it may take to come."""

    limit: int
    seconds: float


class BodyGuard:
    """Refuses oversized bodies (413) by their declared length or as they come in, slow ones (408), encoded ones (415).

    `seconds` are for the whole body, counted from the request's head. What nobody reads is bounded likewise: the answer
    goes out at once, and the connection is closed behind it. `larger` names paths that take files larger than other
    bodies (multipart/form-data; nothing else is larger there); a * in one stands for any part between two slashes.
    """

    def __init__(
        self, app: ASGIApp, *, limit: int, seconds: float, larger: Mapping[str, Allowance] | None = None
    ) -> None:
        self._app = app
        self._usual = Allowance(limit, seconds)
        self._larger = {
            re.compile("[^/]+".join(map(re.escape, path.split("*")))): allowance
            for path, allowance in (larger or {}).items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            refusal = Refused("web.media_type", "Send the body without compression.", status=415)
            await _refuse(receive, send, refusal)
            return
        allowed = self._allowed(scope["path"], headers.get(b"content-type", b""))
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > allowed.limit:
            await _refuse(receive, send, _too_large(allowed.limit))
            return
        if not declared.strip(b"0") and b"transfer-encoding" not in headers:
            await self._app(scope, receive, send)  # nothing is to come
            return
        await _Reading(receive, send, limit=allowed.limit, seconds=allowed.seconds).serve(self._app, scope)

    def _allowed(self, path: str, content_type: bytes) -> Allowance:
        if not content_type.lower().startswith(b"multipart/form-data"):
            return self._usual
        found = (allowance for pattern, allowance in self._larger.items() if pattern.fullmatch(path))
        return next(found, self._usual)


class _Reading:
    """One request whose body is still to come."""

    def __init__(self, receive: Receive, send: Send, *, limit: int, seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._seconds = seconds
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._taken = 0
        self._complete = False
        self._waiting = False
        self._started = False
        self._refusal: Refused | None = None

    async def serve(self, app: ASGIApp, scope: Scope) -> None:
        """Let the application read and answer, or refuse in its place."""
        try:
            await app(scope, self._take, self._answer)
        except BodyRefused:
            if self._started:
                raise
        # The framework may have turned our exception into an answer of its own, which was held back.
        if self._refusal is not None and not self._started:
            await _refuse(self._receive, self._send, self._refusal, complete=self._complete)

    async def _take(self) -> Message:
        if self._complete:
            return await self._receive()
        self._waiting = True
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            self._refusal = Refused(
                "web.too_slow", f"The body did not come within {self._seconds:g} seconds.", status=408
            )
            raise BodyRefused from None
        finally:
            self._waiting = False
        self._note(message)
        if self._taken > self._limit:
            self._refusal = _too_large(self._limit)
            raise BodyRefused
        return message

    def _note(self, message: Message) -> None:
        if message["type"] == "http.request":
            self._taken += len(message.get("body", b""))
        self._complete = message["type"] != "http.request" or not message.get("more_body", False)

    async def _answer(self, message: Message) -> None:
        if self._refusal is not None and not self._started:
            return
        if message["type"] == "http.response.start":
            self._started = True
            await self._take_what_is_here()
            if not self._complete:
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not is_last or self._complete or self._waiting:
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        await _drain(self._receive)
        await self._send({"type": "http.response.body", "body": b""})

    async def _take_what_is_here(self) -> None:
        """Take what nobody has read and has come already, so that its connection need not be closed."""
        while not (self._complete or self._waiting) and self._taken <= self._limit:
            try:
                async with asyncio.timeout(0):
                    self._note(await self._receive())
            except TimeoutError:
                return


def _too_large(limit: int) -> Refused:
    return Refused("web.too_large", f"The body is larger than {limit} bytes.", status=413)


async def _refuse(receive: Receive, send: Send, refusal: Refused, *, complete: bool = False) -> None:
    """Answer at once, then take what is still on its way for a moment: closing under a sender loses our answer."""
    body = problem_body(refusal.code, refusal.message, status=refusal.status)
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    if not complete:
        await _drain(receive)
    await send({"type": "http.response.body", "body": b""})


async def _drain(receive: Receive) -> None:
    """Take what comes for 5 s of waiting; a moment in which this whole program stood still counts as half a second."""
    clock = asyncio.get_running_loop().time
    taken, waited = 0, 0.0
    while taken < DRAIN_BYTES and waited < DRAIN_SECONDS:
        since = clock()
        try:
            async with asyncio.timeout(DRAIN_ROUND_SECONDS):
                message = await receive()
        except TimeoutError:
            pass
        else:
            taken += len(message.get("body", b""))
            if message["type"] != "http.request" or not message.get("more_body", False):
                return
        waited += min(clock() - since, DRAIN_ROUND_SECONDS)
