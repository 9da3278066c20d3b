"""The live timeline: what changed since a cursor, pushed as server-sent events for as long as somebody looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from starlette.requests import Request

from frontdesk.features import insights
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import UNAVAILABLE, Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.outbox import OutboxRow, read_feed
from frontdesk.web.pages.home import Board, read_coming
from frontdesk.web.pages.rows import to_row
from frontdesk.web.pages.views import Rows, read_pause, read_place, read_tasks
from frontdesk.web.rendering import render
from frontdesk.wiring import FEED_TOPIC, Frontdesk

POLL_SECONDS = 2.0
BREATH_SECONDS = 0.03  # between two looks, so that a burst becomes a few pushes
RECHECK_SECONDS = 4.0
PANELS_SECONDS = 4.0  # what nobody announces, such as a task that is done, is looked for as often
KEEP_ALIVE_SECONDS = 15.0
RETRY_MILLISECONDS = 1_500
BATCH = 200
MAX_CATCH_UP = 5
# Events are ordered by their transaction's start; one that commits late may lie this far behind the cursor.
LOOK_BACK = timedelta(seconds=5)
OLDEST = timedelta(hours=1)


class LiveTimeline:
    """Follows one business's feed for one viewer.

    It reads no faster than the viewer takes, so nothing piles up; a viewer who comes back names the cursor they saw
    last. Rows are sent as they are now, so that seeing one twice does no harm.
    """

    def __init__(
        self,
        parts: Frontdesk,
        request: Request,
        visit: Visit,
        *,
        guard: Callable[[Request], Awaitable[Visit]],
        csrf: str,
        closing: asyncio.Event,
        board: Board,
    ) -> None:
        self._parts = parts
        self._request = request
        self._visit = visit
        self._guard = guard
        self._csrf = csrf
        self._closing = closing
        self._board = board
        self._seen: dict[UUID, datetime] = {}
        self._panels: dict[str, str] = {}
        self._panels_due = True
        self._panels_until = 0.0

    async def follow(self, cursor: str) -> AsyncIterator[bytes]:
        """Yield events from `cursor` on, until the process stops, the viewer leaves or loses the right to look."""
        clock = self._parts.clock
        position = read_cursor(cursor, now=clock.now())
        woken = self._parts.presence.sleeper(FEED_TOPIC)
        checked_at = sent_at = clock.monotonic()
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        if is_stale(cursor, now=clock.now()):
            yield _event("reload", "too much has happened since")
        try:
            while not self._closing.is_set():
                self._panels_due = self._panels_due or woken.is_set() or clock.monotonic() > self._panels_until
                woken.clear()
                if clock.monotonic() - checked_at > RECHECK_SECONDS:
                    self._visit = await self._guard(self._request)
                    checked_at = clock.monotonic()
                position, parts = await self._look(position)
                for part in parts:
                    yield part
                    sent_at = clock.monotonic()
                if clock.monotonic() - sent_at > KEEP_ALIVE_SECONDS:
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

    async def _look(self, position: tuple[datetime, UUID]) -> tuple[tuple[datetime, UUID], list[bytes]]:
        """Read what is new since `position` and render what it touched."""
        async with self._visit.transaction() as tx:
            fresh, position = await self._read_fresh(tx, position)
            changes = insights.summarise_changes(fresh)
            parts = [] if not changes else await self._render_rows(tx, changes)
            if fresh or self._panels_due:
                parts += await self._render_panels(tx, news_at=position[0])
                self._panels_due = False
                self._panels_until = self._parts.clock.monotonic() + PANELS_SECONDS
        if not parts and not fresh:
            return position, []
        return position, [*parts, _event("cursor", "", cursor=write_cursor(position))]

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

    async def _render_rows(self, tx: Transaction, changes: insights.Changes) -> list[bytes]:
        entries = await insights.find_changed_entries(tx, changes)
        if not entries:
            return []
        rows = Rows(place=await read_place(tx), rows=[to_row(entry) for entry in entries])
        threads = sorted({str(row.conversation_id) for row in rows.rows if row.conversation_id is not None})
        return [
            _event("rows", render("_rows.html", rows=rows)),
            _event("threads", msgspec.json.encode(threads).decode()),
        ]

    async def _render_panels(self, tx: Transaction, *, news_at: datetime) -> list[bytes]:
        """Render the kill switch, the tasks and today's figures, those that changed since they were sent last."""
        pause = await read_pause(tx, self._visit, by_setting=self._parts.courier.paused_by_setting)
        panels = {"pause": render("_pause.html", pause=pause, csrf=self._csrf)}
        if self._visit.may(Scope.MESSAGES_READ):
            panels["tasks"] = render("_tasks.html", tasks=await read_tasks(tx, self._visit), csrf=self._csrf)
        if self._visit.may(Scope.BOOKING_READ):
            panels["coming"] = render("_coming.html", coming=await read_coming(tx))
        glance = await self._board.read_glance(tx, self._visit, news_at=news_at)
        panels["glance"] = render("_glance.html", glance=glance)
        health = await self._board.read_health(self._visit, now=tx.now)
        panels["health"] = render("_health.html", health=health)
        changed = [_event(name, html) for name, html in panels.items() if self._panels.get(name) != html]
        self._panels = panels
        return changed


def _event(name: str, data: str, *, cursor: str = "") -> bytes:
    lines = [f"event: {name}", *(f"data: {line}" for line in data.split("\n"))]
    if cursor:
        lines.insert(0, f"id: {cursor}")
    return ("\n".join(lines) + "\n\n").encode()


def write_cursor(position: tuple[datetime, UUID]) -> str:
    """Write a place in the feed as text."""
    return f"{position[0].isoformat()}_{position[1]}"


def is_stale(text: str, *, now: datetime) -> bool:
    """Tell whether a cursor is older than what is caught up with."""
    try:
        at = datetime.fromisoformat(text.partition("_")[0])
    except ValueError:
        return False
    return at.tzinfo is not None and at < now - OLDEST


def read_cursor(text: str, *, now: datetime) -> tuple[datetime, UUID]:
    """Read a place in the feed; what cannot be read means now, and nothing older than an hour is caught up with."""
    moment, _, event_id = text.partition("_")
    try:
        at, last = datetime.fromisoformat(moment), UUID(event_id)
    except ValueError:
        return now, UUID(int=0)
    if at.tzinfo is None:
        return now, UUID(int=0)
    at = at.astimezone(UTC)
    return (at, last) if now - OLDEST <= at <= now else (now, UUID(int=0))
