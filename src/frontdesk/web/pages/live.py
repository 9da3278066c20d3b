"""Live streams: what is new in what somebody looks at, pushed as server-sent events for as long as they may look."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from starlette.requests import Request
from starlette.responses import StreamingResponse

from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import UNAVAILABLE, Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.outbox import OutboxRow, read_feed
from frontdesk.kernel.sharing import Shared
from frontdesk.wiring import FEED_TOPIC, Frontdesk

POLL_SECONDS = 2.0  # a wake-up may get lost, and some things announce nothing
RECHECK_SECONDS = 2.5  # with the next look at most 2 s later, whoever may look no more is cut off within 5 s
KEEP_ALIVE_SECONDS = 15.0
RETRY_MILLISECONDS = 1_500
BATCH = 200
MAX_CATCH_UP = 5
# Events are ordered by their transaction's start; one that commits late may lie this far behind the cursor.
LOOK_BACK = timedelta(seconds=5)
OLDEST = timedelta(hours=1)

Answer = TypeVar("Answer")
Position = tuple[datetime, UUID]


class Scene(Protocol):
    """What one viewer looks at."""

    @property
    def breath_seconds(self) -> float:
        """How long to rest between two looks at least, so that a burst of news becomes a few pushes."""
        ...

    def begin(self) -> list[bytes]:
        """List what is told before the first look."""
        ...

    async def look(self, visit: Visit, *, woken: bool) -> list[bytes]:
        """List what is new since the last look, as events; `woken` says that something was announced meanwhile."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """The live streams of one kind: who may look is asked of `guard` again and again, and `closing` ends them all."""

    parts: Frontdesk
    guard: Callable[[Request], Awaitable[Visit]]
    closing: asyncio.Event

    def open(self, request: Request, visit: Visit, scene: Scene) -> StreamingResponse:
        """Answer with what is new in a scene, until the process stops, the viewer leaves or loses the right to look."""
        return StreamingResponse(
            self.follow(request, visit, scene),
            media_type="text/event-stream",
            headers={"x-accel-buffering": "no"},
        )

    async def follow(self, request: Request, visit: Visit, scene: Scene) -> AsyncIterator[bytes]:
        """Yield events. It looks no faster than the viewer takes, so nothing piles up."""
        clock = self.parts.clock
        woken = self.parts.presence.sleeper(FEED_TOPIC)
        checked_at = sent_at = clock.monotonic()
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        for part in scene.begin():
            yield part
        try:
            while not self.closing.is_set():
                is_woken = woken.is_set()
                woken.clear()
                if clock.monotonic() - checked_at > RECHECK_SECONDS:
                    visit = await self.guard(request)
                    checked_at = clock.monotonic()
                for part in await scene.look(visit, woken=is_woken):
                    yield part
                    sent_at = clock.monotonic()
                if clock.monotonic() - sent_at > KEEP_ALIVE_SECONDS:
                    yield b": still here\n\n"
                    sent_at = clock.monotonic()
                await clock.sleep(scene.breath_seconds)
                await self._rest(woken, visit.tenant_id)
        except (Refused, *UNAVAILABLE):
            # The viewer's browser comes back with its cursor, and is told then.
            return
        finally:
            self.parts.presence.forget_sleeper(FEED_TOPIC, woken)
        yield b"event: bye\ndata: the server restarts\n\n"

    async def _rest(self, woken: asyncio.Event, tenant_id: UUID) -> None:
        """Wait for news, for the end, or for the business's next tick, at which all its viewers look as one."""
        ahead = (self.parts.clock.monotonic() + tenant_id.int % 1_000 / 1_000) % POLL_SECONDS
        waiting = [asyncio.ensure_future(woken.wait()), asyncio.ensure_future(self.closing.wait())]
        try:
            await asyncio.wait(waiting, timeout=POLL_SECONDS - ahead, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()


class SharedLooks(Generic[Answer]):
    """Looks into one business once for all of its viewers who ask the same in the same moment.

    What is asked must name everything that the answer depends on besides the business, such as what a viewer may see.
    """

    def __init__(self) -> None:
        self._looks: Shared[tuple[UUID, Hashable], Answer] = Shared()

    async def ask(self, visit: Visit, about: Hashable, look: Callable[[Transaction], Awaitable[Answer]]) -> Answer:
        """Answer with what `look` finds in a transaction of the visit's business, never older than the question."""

        async def read() -> Answer:
            async with visit.transaction() as tx:
                return await look(tx)

        return await self._looks.ask((visit.tenant_id, about), read)


class Feed:
    """A viewer's place in the business's feed: each event is given once, and whoever comes back names their cursor."""

    def __init__(self, looks: SharedLooks[list[OutboxRow]], cursor: str, *, now: datetime) -> None:
        self.position = read_cursor(cursor, now=now)
        self.has_lost = is_stale(cursor, now=now)
        self._looks = looks
        self._seen: dict[UUID, datetime] = {}

    @property
    def cursor(self) -> str:
        """The place as text."""
        return write_cursor(self.position)

    async def read(self, visit: Visit) -> list[OutboxRow]:
        """Read what is new, and go on."""
        after = self.position[0] - LOOK_BACK
        found = await self._looks.ask(visit, after, lambda tx: _read_after(tx, after))
        fresh = [event for event in found if event.id not in self._seen]
        for event in fresh:
            self._seen[event.id] = event.created_at
            self.position = max(self.position, (event.created_at, event.id))
        horizon = self.position[0] - LOOK_BACK
        self._seen = {event_id: at for event_id, at in self._seen.items() if at >= horizon}
        return fresh


async def _read_after(tx: Transaction, after: datetime) -> list[OutboxRow]:
    found: list[OutboxRow] = []
    after_id = UUID(int=0)
    for _ in range(MAX_CATCH_UP):
        batch = await read_feed(tx, after=after, after_id=after_id, limit=BATCH)
        found += batch
        if len(batch) < BATCH:
            break
        after, after_id = batch[-1].created_at, batch[-1].id
    return found


def write_event(name: str, data: str, *, cursor: str = "") -> bytes:
    """Write a server-sent event; `cursor` is what a browser names when it comes back."""
    lines = [f"event: {name}", *(f"data: {line}" for line in data.split("\n"))]
    if cursor:
        lines.insert(0, f"id: {cursor}")
    return ("\n".join(lines) + "\n\n").encode()


def tell_lost(feed: Feed) -> list[bytes]:
    """Tell a viewer who was away for too long to load the page anew."""
    return [write_event("reload", "too much has happened since")] if feed.has_lost else []


def asked_cursor(request: Request, after: str) -> str:
    """Tell from where on a viewer wants news: what their browser saw last, else what the page says."""
    return request.headers.get("last-event-id") or after


def write_cursor(position: Position) -> str:
    """Write a place in the feed as text."""
    return f"{position[0].isoformat()}_{position[1]}"


def is_stale(text: str, *, now: datetime) -> bool:
    """Tell whether a cursor is older than what is caught up with."""
    try:
        at = datetime.fromisoformat(text.partition("_")[0])
    except ValueError:
        return False
    return at.tzinfo is not None and at < now - OLDEST


def read_cursor(text: str, *, now: datetime) -> Position:
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
