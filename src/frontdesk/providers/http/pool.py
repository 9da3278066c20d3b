"""The connections to one origin: made when needed, kept a short while, never more than a limit."""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
from collections import deque
from collections.abc import Awaitable, Callable

from frontdesk.providers.http.connection import Connection
from frontdesk.providers.http.failures import NotSent
from frontdesk.providers.http.message import Origin

Dial = Callable[[Origin], Awaitable[socket.socket]]
"""Connects to an origin by a way of its own; refuses with NotSent or OSError."""


class OriginPool:
    """Connections to one origin; whoever holds a connection, or a place for one, gives it back by `release`."""

    def __init__(
        self,
        origin: Origin,
        *,
        loop: asyncio.AbstractEventLoop,
        limit: int,
        idle_seconds: float,
        ssl_context: ssl.SSLContext | None,
        dial: Dial | None = None,
    ) -> None:
        self.origin = origin
        self._dial = dial
        self.authority = origin.authority
        self._loop = loop
        self._limit = limit
        self._idle_seconds = idle_seconds
        self._ssl_context = ssl_context
        self._taken = 0
        self._idle: list[Connection] = []
        self._live: set[Connection] = set()
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._deadline_timer: asyncio.TimerHandle | None = None
        self._next_deadline = math.inf
        self._closed = False

    def take_idle(self) -> Connection | None:
        """Lend the most recently used connection that is fresh and whole, None if there is none."""
        oldest_allowed = self._loop.time() - self._idle_seconds
        while self._idle:
            connection = self._idle.pop()
            if connection.idle_since >= oldest_allowed and connection.is_usable():
                return connection
            connection.close()
            self._taken -= 1
        return None

    async def connect(self, deadline_at: float) -> Connection:
        """Lend a new connection, or one that another caller gives back first; refuses with NotSent."""
        if self._closed:
            raise NotSent("the client is closed")
        if self._taken < self._limit:
            self._taken += 1
        else:
            given = await self._wait(deadline_at)
            if given is not None and given.is_usable():
                return given
            if given is not None:
                given.close()
        try:
            return await self._open(deadline_at)
        except BaseException:
            self._free_place()
            raise

    def release(self, connection: Connection) -> None:
        """Take a lent connection back: for the longest waiting caller, else for later, else to be closed."""
        if self._closed or not connection.is_open():
            connection.close()
            self._free_place()
            return
        if self._hand_over(connection):
            return
        connection.idle_since = self._loop.time()
        self._idle.append(connection)
        if self._sweep_timer is None:
            self._sweep_timer = self._loop.call_later(self._idle_seconds, self._sweep)

    async def close(self) -> None:
        """Drop every connection, fail every waiting caller, and return when the transports are gone."""
        self._closed = True
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
            self._sweep_timer = None
        if self._deadline_timer is not None:
            self._deadline_timer.cancel()
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(NotSent("the client is closed"))
        self._idle.clear()
        live = list(self._live)
        for connection in live:
            connection.close()
        if live:
            await asyncio.wait([connection.closed for connection in live])

    async def _wait(self, deadline_at: float) -> Connection | None:
        waiter: asyncio.Future[Connection | None] = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout_at(deadline_at):
                return await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._give_back(waiter.result())
            if isinstance(error, TimeoutError):
                raise NotSent("no connection became free before the deadline") from None
            raise

    def _give_back(self, given: Connection | None) -> None:
        if given is None:
            self._free_place()
        else:
            self.release(given)

    async def _open(self, deadline_at: float) -> Connection:
        try:
            async with asyncio.timeout_at(deadline_at):
                connection = await self._reach()
        except TimeoutError:
            raise NotSent("no connection before the deadline") from None
        except ssl.SSLError as error:
            raise NotSent(f"the TLS handshake failed: {error.reason or type(error).__name__}") from error
        except (OSError, UnicodeError) as error:
            # The look-up refuses a malformed name with UnicodeError.
            raise NotSent(f"no connection: {type(error).__name__}") from error
        if self._closed or not connection.is_usable():
            connection.close()
            raise NotSent("the connection was closed as soon as it was made")
        self._live.add(connection)
        return connection

    async def _reach(self) -> Connection:
        secure = self.origin.scheme == "https"
        ssl_context, server_hostname = (self._ssl_context, self.origin.host) if secure else (None, None)

        def make() -> Connection:
            return Connection(loop=self._loop, on_lost=self._lost, watch=self._watch)

        if self._dial is None:
            _, connection = await self._loop.create_connection(
                make, self.origin.host, self.origin.port, ssl=ssl_context, server_hostname=server_hostname
            )
            return connection
        connected = await self._dial(self.origin)
        try:
            _, connection = await self._loop.create_connection(
                make, sock=connected, ssl=ssl_context, server_hostname=server_hostname
            )
        except BaseException:
            connected.close()
            raise
        return connection

    def _watch(self, deadline_at: float) -> None:
        """Keep one timer for all exchanges, at the earliest deadline: one each would cost more than the exchange."""
        if deadline_at < self._next_deadline:
            if self._deadline_timer is not None:
                self._deadline_timer.cancel()
            self._next_deadline = deadline_at
            self._deadline_timer = self._loop.call_at(deadline_at, self._expire)

    def _expire(self) -> None:
        self._next_deadline = math.inf
        now = self._loop.time()
        for connection in list(self._live):
            deadline_at = connection.expire(now)
            if deadline_at is not None:
                self._watch(deadline_at)

    def _lost(self, connection: Connection) -> None:
        self._live.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
            self._free_place()

    def _hand_over(self, connection: Connection | None) -> bool:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    def _free_place(self) -> None:
        if not self._hand_over(None):
            self._taken -= 1

    def _sweep(self) -> None:
        self._sweep_timer = None
        oldest_allowed = self._loop.time() - self._idle_seconds
        while self._idle and self._idle[0].idle_since <= oldest_allowed:
            self._idle.pop(0).close()
            self._taken -= 1
        if self._idle:
            self._sweep_timer = self._loop.call_at(self._idle[0].idle_since + self._idle_seconds, self._sweep)
