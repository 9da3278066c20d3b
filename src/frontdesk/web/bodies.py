"""What request bodies may be: not larger than the limit however they are sent, and not compressed."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontdesk.kernel.errors import Refused
from frontdesk.web.problems import MEDIA_TYPE, problem_body


class BodyTooLarge(Refused):
    """More came than is taken."""

    def __init__(self, limit: int) -> None:
        super().__init__("web.too_large", f"The body is larger than {limit} bytes.", status=413)


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
            await _refuse(send, Refused("web.media_type", "Send the body without compression.", status=415))
            return
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > self._limit:
            await _refuse(send, BodyTooLarge(self._limit))
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
                    raise BodyTooLarge(self._limit)
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
            await _refuse(send, BodyTooLarge(self._limit))


async def _refuse(send: Send, refusal: Refused) -> None:
    body = problem_body(refusal.code, refusal.message, status=refusal.status)
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
