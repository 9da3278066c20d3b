"""One request and the beginning of its reply: the status is kept, the rest is read up to 64 kB and thrown away."""

from __future__ import annotations

import asyncio
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

MAX_REPLY_BYTES = 64 * 1024
BUFFER_BYTES = 8 * 1024
FIRST_FINAL_STATUS = 200


class NotHttp(Exception):
    """What came back is no whole HTTP reply."""


class Exchange(asyncio.BufferedProtocol):
    """A connection for one request; `status` is settled when the reply has ended, or 64 kB of it were read."""

    def __init__(self, request: bytes, *, loop: asyncio.AbstractEventLoop) -> None:
        self.status: asyncio.Future[int] = loop.create_future()
        self._request = request
        self._parser = HttpResponseParser(self)
        self._buffer = bytearray(BUFFER_BYTES)
        self._left = MAX_REPLY_BYTES
        self._seen: int | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Write the request."""
        # uvloop's transports have the methods but not the base class.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Lend room for what may still be read."""
        return memoryview(self._buffer)[: max(1, min(BUFFER_BYTES, self._left))]

    def buffer_updated(self, nbytes: int) -> None:
        """Read on; at 64 kB what is known of the reply is enough."""
        self._left -= nbytes
        try:
            self._parser.feed_data(bytes(self._buffer[:nbytes]))
        except HttpParserUpgrade:
            self._end()
        except HttpParserError:
            self._seen = None
            self._end()
        if self._left <= 0:
            self._end()

    def eof_received(self) -> None:
        """Take the end of the stream as the end of the reply."""
        self._end()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Take a lost connection as the end of the reply."""
        self._end()

    def on_message_begin(self) -> None:
        """Forget an interim reply: the final one follows."""
        self._seen = None

    def on_headers_complete(self) -> None:
        """Note the status."""
        status = self._parser.get_status_code()
        self._seen = status if status >= FIRST_FINAL_STATUS else None

    def on_message_complete(self) -> None:
        """End with the reply, unless it was an interim one."""
        if self._seen is not None:
            self._end()

    def close(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _end(self) -> None:
        if not self.status.done():
            if self._seen is None:
                self.status.set_exception(NotHttp("no whole HTTP reply came back"))
            else:
                self.status.set_result(self._seen)
        self.close()
