"""The client itself: one call is one request, with a total deadline and an honest answer."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence

from frontdesk.providers.http.failures import NotSent
from frontdesk.providers.http.message import HttpResponse, Origin, RequestStarted, encode_request
from frontdesk.providers.http.pool import Dial, OriginPool

DEADLINE_SECONDS = 10.0
"""Total time one request may take, connection included; a slow trickle does not stretch it."""

IDLE_SECONDS = 4.0
"""Kept below the 5 s after which common servers close an idle connection, so that we rarely write into a close."""

MAX_RESPONSE_BYTES = 1024 * 1024


class HttpClient:
    """An HTTP/1.1 client for one event loop; no retries, no redirects, no cookies, no proxies, no decompression.

    `connections_per_origin` bounds what is open to one origin, `ssl_context` replaces the default one (which checks
    the certificate and the host name), `dial` the usual look-up and connection.
    """

    def __init__(
        self,
        *,
        connections_per_origin: int = 256,
        idle_seconds: float = IDLE_SECONDS,
        ssl_context: ssl.SSLContext | None = None,
        dial: Dial | None = None,
    ) -> None:
        self._limit = connections_per_origin
        self._idle_seconds = idle_seconds
        self._ssl_context = ssl_context
        self._dial = dial
        self._pools: dict[Origin, OriginPool] = {}
        self._closed = False

    async def request(
        self,
        *,
        method: str,
        origin: Origin,
        target: str,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        deadline_seconds: float = DEADLINE_SECONDS,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        on_request_started: RequestStarted | None = None,
    ) -> HttpResponse:
        """Make one request (not HEAD or CONNECT) and return its reply, whatever the status.

        Refuses with NotSent if not a byte was written, with MaybeSent if the request may have left; ValueError for
        headers or a target that would break the framing. A cancelled call drops its connection. `on_request_started`
        is called right before the first byte is written; if it raises, nothing is sent and its exception comes out.
        """
        loop = asyncio.get_running_loop()
        deadline_at = loop.time() + deadline_seconds
        pool = self._pools.get(origin) or self._add_pool(origin, loop)
        payload = encode_request(method=method, authority=pool.authority, target=target, headers=headers, body=body)
        connection = pool.take_idle() or await pool.connect(deadline_at)
        try:
            if on_request_started is not None:
                on_request_started(time.monotonic())
            return await connection.exchange(payload, max_bytes=max_response_bytes, deadline_at=deadline_at)
        finally:
            # A connection that still owes a reply (the call was cancelled) is dropped there.
            pool.release(connection)

    async def close(self) -> None:
        """Drop all connections; requests in flight end as MaybeSent, later ones as NotSent."""
        self._closed = True
        for pool in self._pools.values():
            await pool.close()

    def _add_pool(self, origin: Origin, loop: asyncio.AbstractEventLoop) -> OriginPool:
        if self._closed:
            raise NotSent("the client is closed")
        if origin.scheme == "https" and self._ssl_context is None:
            self._ssl_context = ssl.create_default_context()
        pool = OriginPool(
            origin,
            loop=loop,
            limit=self._limit,
            idle_seconds=self._idle_seconds,
            ssl_context=self._ssl_context,
            dial=self._dial,
        )
        self._pools[origin] = pool
        return pool
