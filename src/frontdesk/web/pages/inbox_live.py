"""What changed in the inbox, pushed as server-sent events: which threads were touched, never their words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from starlette.requests import Request

from frontdesk.features import conversations
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import UNAVAILABLE, Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.outbox import OutboxRow, read_feed
from frontdesk.web.pages.live import (
    BATCH,
    BREATH_SECONDS,
    KEEP_ALIVE_SECONDS,
    LOOK_BACK,
    MAX_CATCH_UP,
    POLL_SECONDS,
    RECHECK_SECONDS,
    RETRY_MILLISECONDS,
    is_stale,
    read_cursor,
    write_cursor,
)
from frontdesk.wiring import FEED_TOPIC, Frontdesk


class LiveInbox:
    """Follows one business's feed for one viewer of the inbox.

    It names the threads that events touched; the page asks for what it shows of them. A viewer who comes back names
    the cursor they saw last, and naming a thread twice does no harm.
    """

    def __init__(
        self,
        parts: Frontdesk,
        request: Request,
        visit: Visit,
        *,
        guard: Callable[[Request], Awaitable[Visit]],
        closing: asyncio.Event,
    ) -> None:
        self._parts = parts
        self._request = request
        self._visit = visit
        self._guard = guard
        self._closing = closing
        self._seen: dict[UUID, datetime] = {}

    async def follow(self, cursor: str) -> AsyncIterator[bytes]:
        """Yield events from `cursor` on, until the process stops, the viewer leaves or loses the right to look."""
        clock = self._parts.clock
        position = read_cursor(cursor, now=clock.now())
        woken = self._parts.presence.sleeper(FEED_TOPIC)
        checked_at = sent_at = clock.monotonic()
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        if is_stale(cursor, now=clock.now()):
            yield b"event: reload\ndata: too much has happened since\n\n"
        try:
            while not self._closing.is_set():
                woken.clear()
                if clock.monotonic() - checked_at > RECHECK_SECONDS:
                    self._visit = await self._guard(self._request)
                    checked_at = clock.monotonic()
                position, touched = await self._look(position)
                if touched is not None:
                    yield self._event(touched, position)
                    sent_at = clock.monotonic()
                elif clock.monotonic() - sent_at > KEEP_ALIVE_SECONDS:
                    yield b": still here\n\n"
                    sent_at = clock.monotonic()
                await self._rest(woken)
        except (Refused, *UNAVAILABLE):
            # The viewer's browser comes back with its cursor, and is told then.
            return
        finally:
            self._parts.presence.forget_sleeper(FEED_TOPIC, woken)
        yield b"event: bye\ndata: the server restarts\n\n"

    async def _rest(self, woken: asyncio.Event) -> None:
        """Wait for news, for the end, or for the next look in any case: a wake-up may get lost."""
        await self._parts.clock.sleep(BREATH_SECONDS)
        waiting = [asyncio.ensure_future(woken.wait()), asyncio.ensure_future(self._closing.wait())]
        try:
            await asyncio.wait(waiting, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    async def _look(self, position: tuple[datetime, UUID]) -> tuple[tuple[datetime, UUID], list[str] | None]:
        """Read which threads were touched since `position`; None if nothing happened at all."""
        async with self._visit.transaction() as tx:
            fresh, position = await self._read_fresh(tx, position)
            if not fresh:
                return position, None
            named = set(_named(fresh, "conversation_id"))
            named |= await conversations.list_touched(
                tx,
                jobs=list(_named(fresh, "job_id")),
                calls=list(_named(fresh, "call_id")),
                contacts=list(_named(fresh, "contact_id")),
            )
        return position, sorted(str(one) for one in named)

    async def _read_fresh(
        self, tx: Transaction, position: tuple[datetime, UUID]
    ) -> tuple[list[OutboxRow], tuple[datetime, UUID]]:
        fresh: list[OutboxRow] = []
        after, after_id = position[0] - LOOK_BACK, UUID(int=0)
        for _ in range(MAX_CATCH_UP):
            batch = await read_feed(tx, after=after, after_id=after_id, limit=BATCH)
            fresh += [event for event in batch if event.id not in self._seen]
            if len(batch) < BATCH:
                break
            after, after_id = batch[-1].created_at, batch[-1].id
        for event in fresh:
            self._seen[event.id] = event.created_at
            position = max(position, (event.created_at, event.id))
        horizon = position[0] - LOOK_BACK
        self._seen = {event_id: at for event_id, at in self._seen.items() if at >= horizon}
        return fresh, position

    @staticmethod
    def _event(touched: list[str], position: tuple[datetime, UUID]) -> bytes:
        data = msgspec.json.encode(touched).decode()
        return f"id: {write_cursor(position)}\nevent: threads\ndata: {data}\n\n".encode()


def _named(events: Iterable[OutboxRow], name: str) -> Iterable[UUID]:
    """List the ids that events carry under a name."""
    for event in events:
        value = msgspec.json.decode(event.payload, type=dict[str, object]).get(name)
        if isinstance(value, str):
            yield UUID(value)
