"""Tells a browser that something in the stretch of the agenda it shows has changed, as soon as it has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

from starlette.requests import Request

from frontdesk.features.scheduling.service import agenda as service
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import UNAVAILABLE
from frontdesk.kernel.errors import Refused
from frontdesk.wiring import FEED_TOPIC, Frontdesk

POLL_SECONDS = 2.0  # a hold announces nothing, and runs out by the clock
BREATH_SECONDS = 0.4  # many may look at once, and a burst of news is one look
RECHECK_SECONDS = 4.0
KEEP_ALIVE_SECONDS = 15.0
RETRY_MILLISECONDS = 1_500


class LiveAgenda:
    """Follows one stretch of one business's agenda for one viewer, who fetches the page's part anew when told."""

    def __init__(
        self,
        parts: Frontdesk,
        request: Request,
        visit: Visit,
        *,
        guard: Callable[[Request], Awaitable[Visit]],
        within: tuple[datetime, datetime],
        closing: asyncio.Event,
    ) -> None:
        self._parts = parts
        self._request = request
        self._visit = visit
        self._guard = guard
        self._within = within
        self._closing = closing

    async def follow(self) -> AsyncIterator[bytes]:
        """Yield the mark whenever it is another one, until the process stops, the viewer leaves or may look no more."""
        clock = self._parts.clock
        woken = self._parts.presence.sleeper(FEED_TOPIC)
        checked_at = sent_at = clock.monotonic()
        mark = ""
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        try:
            while not self._closing.is_set():
                woken.clear()
                if clock.monotonic() - checked_at > RECHECK_SECONDS:
                    self._visit = await self._guard(self._request)
                    checked_at = clock.monotonic()
                async with self._visit.transaction() as tx:
                    present = await service.read_agenda_mark(tx, within=self._within)
                if present != mark:
                    mark = present
                    yield f"event: mark\ndata: {mark}\n\n".encode()
                    sent_at = clock.monotonic()
                elif clock.monotonic() - sent_at > KEEP_ALIVE_SECONDS:
                    yield b": still here\n\n"
                    sent_at = clock.monotonic()
                await self._rest(woken)
        except (Refused, *UNAVAILABLE):
            # The viewer's browser comes back, and is told then.
            return
        finally:
            self._parts.presence.forget_sleeper(FEED_TOPIC, woken)

    async def _rest(self, woken: asyncio.Event) -> None:
        await self._parts.clock.sleep(BREATH_SECONDS)
        waiting = [asyncio.ensure_future(woken.wait()), asyncio.ensure_future(self._closing.wait())]
        try:
            await asyncio.wait(waiting, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
