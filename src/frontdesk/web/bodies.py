"""What request bodies may be: not larger than the limit however they are sent, and not compressed."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontdesk.kernel.errors import Refused
from frontdesk.web.problems import MEDIA_TYPE, problem_body

DRAIN_SECONDS = 5.0
DRAIN_BYTES = 16 * 1024 * 1024


class BodyTooLarge(Exception):
    """More came than is taken."""


class BodyGuard:
    """Refuses oversized bodies (413) by their declared length or as they come in, and encoded ones (415)."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value for name, value in scope["headers"] if name.startswith(b"content-")}
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            refusal = Refused("web.media_type", "Send the body without compression.", status=415)
            await _refuse(receive, send, refusal)
            return
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > self._limit:
            await _refuse(receive, send, self._too_large())
            return
        await self._serve_counting(scope, receive, send)

    async def _serve_counting(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0
        too_large = False
        started = False

        async def receive_counting() -> Message:
            nonlocal taken, too_large
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > self._limit:
                    too_large = True
                    raise BodyTooLarge
            return message

        async def send_unless_refused(message: Message) -> None:
            nonlocal started
            if not too_large or started:
                started = True
                await send(message)

        try:
            await self._app(scope, receive_counting, send_unless_refused)
        except BodyTooLarge:
            if started:
                raise
        # The framework may have turned our exception into an answer of its own, which was held back above.
        if too_large and not started:
            await _refuse(receive, send, self._too_large())

    def _too_large(self) -> Refused:
        return Refused("web.too_large", f"The body is larger than {self._limit} bytes.", status=413)


async def _refuse(receive: Receive, send: Send, refusal: Refused) -> None:
    """Answer at once, then take what is still on its way for a moment: closing under a sender loses our answer."""
    body = problem_body(refusal.code, refusal.message, status=refusal.status)
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await _drain(receive)
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b""})


async def _drain(receive: Receive) -> None:
    taken = 0
    while taken < DRAIN_BYTES:
        message = await receive()
        taken += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
