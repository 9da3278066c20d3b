"""One kept-alive connection that carries one exchange at a time."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from httptools import HttpParserError, HttpResponseParser

from frontdesk.providers.http.failures import HttpFailure, MaybeSent
from frontdesk.providers.http.message import HttpResponse

MAX_HEAD_BYTES = 64 * 1024
"""More header bytes than any provider sends; a reply beyond it is cut off."""

UNSENT_MILLISECONDS = 10_000
"""Bytes not acknowledged for this long are dropped: no request may arrive after its deadline."""
USER_TIMEOUT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux

FIRST_FINAL_STATUS = 200
BODYLESS_STATUSES = frozenset({204, 304})


@dataclass(slots=True)
class _Reply:
    """A reply on its way: what has come of it so far, and who waits for it."""

    waiting: asyncio.Future[HttpResponse]
    deadline_at: float
    max_bytes: int
    status: int = 0
    received: int = 0
    body_bytes: int = 0
    head_complete: bool = False
    framed: bool = False
    complete: bool = False
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)

    def skip_interim(self) -> None:
        """Forget a 1xx reply: the final one follows (RFC 9110, 15.2)."""
        self.head_complete = self.framed = False
        self.headers.clear()

    def response(self) -> HttpResponse:
        """Give the whole reply."""
        body = self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)
        return HttpResponse(self.status, tuple(self.headers), body)


class Connection(asyncio.Protocol):
    """An HTTP/1.1 connection; every failure after `exchange` wrote its first byte is `MaybeSent`."""

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        on_lost: Callable[[Connection], None],
        watch: Callable[[float], None],
    ) -> None:
        self.idle_since = 0.0
        self.closed: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._on_lost = on_lost
        self._watch = watch
        self._transport: asyncio.Transport | None = None
        self._poller: select.poll | None = None
        self._parser = HttpResponseParser(self)
        self._reply: _Reply | None = None
        self._reusable = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport, and its descriptor for the look at a silent close."""
        # uvloop's transports have the methods but not the base class.
        self._transport = cast("asyncio.Transport", transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            if USER_TIMEOUT is not None:
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.IPPROTO_TCP, USER_TIMEOUT, UNSENT_MILLISECONDS)
            self._poller = select.poll()
            self._poller.register(sock.fileno(), select.POLLIN)

    def is_usable(self) -> bool:
        """Tell whether a request may be written now.

        Asks the kernel too: whatever is readable on a connection that owes us nothing (an end of stream the event
        loop has not seen yet, or stray bytes) makes it unusable, and finding out costs about a microsecond.
        """
        return self.is_open() and (self._poller is None or not self._poller.poll(0))

    def is_open(self) -> bool:
        """Tell whether the connection owes nothing and, as far as the event loop knows, is whole."""
        transport = self._transport
        return transport is not None and self._reusable and self._reply is None and not transport.is_closing()

    async def exchange(self, payload: bytes, *, max_bytes: int, deadline_at: float) -> HttpResponse:
        """Write one request and await its whole reply; refuses with MaybeSent.

        `deadline_at` is in the loop's time; whoever watches is told of it, and calls `expire` when it has passed.
        """
        if self._transport is None:
            raise RuntimeError("the connection was never made")
        waiting: asyncio.Future[HttpResponse] = self._loop.create_future()
        self._reply = _Reply(waiting, deadline_at, max_bytes)
        self._watch(deadline_at)
        self._transport.write(payload)
        return await waiting

    def close(self) -> None:
        """Drop the connection at once; an exchange in flight ends as MaybeSent."""
        self._reusable = False
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Feed the parser; bytes that nobody asked for end the connection."""
        reply = self._reply
        if reply is None:
            self.close()
            return
        reply.received += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._reusable = False
            if not reply.complete:
                self._fail(MaybeSent(f"the reply is not HTTP: {type(error).__name__}"))
                return
        if reply.complete:
            self._finish(reply)
        elif reply.received > MAX_HEAD_BYTES + (8 * reply.max_bytes if reply.head_complete else 0):
            # Eight bytes per byte of body cover the framing of one-byte chunks.
            self._fail(MaybeSent("the reply's headers or chunk frames are larger than allowed"))

    def eof_received(self) -> None:
        """Take the end of the stream as the end of a reply that announced no other (RFC 9112, 6.3)."""
        self._reusable = False
        reply = self._reply
        if reply is not None and reply.head_complete and not reply.framed:
            self._finish(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the exchange in flight and tell the pool."""
        cause = "closed by the other side" if exc is None else type(exc).__name__
        self._fail(MaybeSent(f"the connection was lost before the reply was whole: {cause}"))
        if not self.closed.done():
            self.closed.set_result(None)
        self._on_lost(self)

    def on_message_begin(self) -> None:
        """Note a second reply behind the one that was asked for: the connection is not to be trusted again."""
        if self._reply is None or self._reply.complete:
            self._reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header and note how the body is framed."""
        reply = self._reply
        if reply is None or reply.complete:
            return
        key = name.lower()
        reply.headers.append((key, value))
        if key == b"content-length" or (key == b"transfer-encoding" and b"chunked" in value.lower()):
            reply.framed = True

    def on_headers_complete(self) -> None:
        """Note the status."""
        reply = self._reply
        if reply is None or reply.complete:
            return
        reply.status = self._parser.get_status_code()
        reply.head_complete = True
        if reply.status in BODYLESS_STATUSES:
            reply.framed = True

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body, up to the limit."""
        reply = self._reply
        if reply is None or reply.complete:
            return
        reply.body_bytes += len(body)
        if reply.body_bytes > reply.max_bytes:
            self._fail(MaybeSent(f"the reply is larger than {reply.max_bytes} bytes"))
            return
        reply.pieces.append(body)

    def on_message_complete(self) -> None:
        """End the reply, or skip it if it was only an interim one."""
        reply = self._reply
        if reply is None or reply.complete:
            return
        if reply.status < FIRST_FINAL_STATUS:
            reply.skip_interim()
            return
        reply.complete = True
        self._reusable = self._reusable and self._parser.should_keep_alive()

    def _finish(self, reply: _Reply) -> None:
        self._reply = None
        if not reply.waiting.done():
            reply.waiting.set_result(reply.response())
        if not self._reusable:
            self.close()

    def _fail(self, failure: HttpFailure) -> None:
        reply, self._reply = self._reply, None
        if reply is not None and not reply.waiting.done():
            reply.waiting.set_exception(failure)
        self.close()

    def expire(self, now: float) -> float | None:
        """End an exchange whose deadline has passed; returns the deadline of one that goes on, None without any."""
        if self._reply is None:
            return None
        if self._reply.deadline_at > now:
            return self._reply.deadline_at
        self._fail(MaybeSent("no whole reply came before the deadline"))
        return None
