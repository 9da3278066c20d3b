"""What changed in the inbox, live: which threads were touched, never their words."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec

from frontdesk.features import conversations
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.outbox import OutboxRow
from frontdesk.web.pages.live import Feed, SharedLooks, tell_lost, write_event
from frontdesk.wiring import Frontdesk


class InboxLooks:
    """What the viewers of the inbox look at together, in every business."""

    def __init__(self) -> None:
        self.feed: SharedLooks[list[OutboxRow]] = SharedLooks()
        self._touched: SharedLooks[list[str]] = SharedLooks()

    async def list_touched(self, visit: Visit, fresh: list[OutboxRow]) -> list[str]:
        """List the ids of the threads that events touched."""
        events = frozenset(event.id for event in fresh)
        return await self._touched.ask(visit, events, lambda tx: _list_touched(tx, fresh))


class InboxScene:
    """The inbox for one viewer, whose page asks for what it shows of the threads that are named.

    A viewer who comes back names the cursor they saw last, and naming a thread twice does no harm.
    """

    breath_seconds = 0.03

    def __init__(self, parts: Frontdesk, looks: InboxLooks, *, cursor: str) -> None:
        self._looks = looks
        self._feed = Feed(looks.feed, cursor, now=parts.clock.now())

    def begin(self) -> list[bytes]:
        """Tell a viewer who was away for too long to load the page anew."""
        return tell_lost(self._feed)

    async def look(self, visit: Visit, *, woken: bool) -> list[bytes]:  # noqa: ARG002 - the feed tells it all
        """Name the threads that were touched; nothing if nothing happened at all."""
        fresh = await self._feed.read(visit)
        if not fresh:
            return []
        touched = await self._looks.list_touched(visit, fresh)
        return [write_event("threads", msgspec.json.encode(touched).decode(), cursor=self._feed.cursor)]


async def _list_touched(tx: Transaction, fresh: list[OutboxRow]) -> list[str]:
    named = set(_named(fresh, "conversation_id"))
    named |= await conversations.list_touched(
        tx,
        jobs=list(_named(fresh, "job_id")),
        calls=list(_named(fresh, "call_id")),
        contacts=list(_named(fresh, "contact_id")),
    )
    return sorted(str(one) for one in named)


def _named(events: Iterable[OutboxRow], name: str) -> Iterable[UUID]:
    """List the ids that events carry under a name."""
    for event in events:
        value = msgspec.json.decode(event.payload, type=dict[str, object]).get(name)
        if isinstance(value, str):
            yield UUID(value)
