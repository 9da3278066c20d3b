"""Maintenance is announced: a banner on every page, a header on every answer of the API."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontdesk.kernel.db import UNAVAILABLE, Database
from frontdesk.operations.maintenance.queries.windows import find_current

HEADER = "x-maintenance"
LOOK_SECONDS = 2.0

_words: ContextVar[str] = ContextVar("maintenance", default="")


def announced() -> str:
    """Tell what the page that is rendered has to announce; empty if nothing."""
    return _words.get()


class MaintenanceSign:
    """Looks every 2 s whether maintenance is on, beside the requests: none waits for it, and none fails with it."""

    def __init__(self, app: ASGIApp, *, system: Database) -> None:
        self._app = app
        self._system = system
        self._words = ""
        self._looks_at = 0.0
        self._looking: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._look_again()
        words = self._words
        if not words:
            await self._app(scope, receive, send)
            return

        async def send_signed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = quote(words, safe=" :,.;'()-")
            await send(message)

        token = _words.set(words)
        try:
            await self._app(scope, receive, send_signed)
        finally:
            _words.reset(token)

    def _look_again(self) -> None:
        now = self._system.clock.monotonic()
        if now >= self._looks_at and (self._looking is None or self._looking.done()):
            self._looks_at = now + LOOK_SECONDS
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        try:
            async with self._system.transaction() as tx:
                window = await find_current(tx)
        except UNAVAILABLE:
            return
        if window is None or window.ended_at is not None:
            self._words = ""
        else:
            self._words = f"Maintenance until {window.expected_until:%H:%M} UTC: {window.reason}"
