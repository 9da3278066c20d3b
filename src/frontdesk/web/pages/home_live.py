"""Home, live: rows of the timeline that events touched, and the panels around it when they say something else."""

from __future__ import annotations

from datetime import datetime
from secrets import token_urlsafe

import msgspec

from frontdesk.features import insights
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.outbox import OutboxRow
from frontdesk.web.pages.home import Board, read_coming
from frontdesk.web.pages.live import Feed, SharedLooks, tell_lost, write_event
from frontdesk.web.pages.rows import to_row
from frontdesk.web.pages.views import Rows, read_pause, read_place, read_tasks
from frontdesk.web.rendering import render
from frontdesk.wiring import Frontdesk

PANELS_SECONDS = 4.0  # what nobody announces, such as a task that is done, is looked for as often


class HomeLooks:
    """What the viewers of home look at together, in every business."""

    def __init__(self, parts: Frontdesk, board: Board) -> None:
        self.feed: SharedLooks[list[OutboxRow]] = SharedLooks()
        self._parts = parts
        self._board = board
        self._rows: SharedLooks[list[bytes]] = SharedLooks()
        self._panels: SharedLooks[dict[str, str]] = SharedLooks()
        # Stands in what is drawn for many where each has a token of their own; nobody can write it into a text.
        self._anybodys_csrf = token_urlsafe()

    async def draw_rows(self, visit: Visit, fresh: list[OutboxRow]) -> list[bytes]:
        """Draw the rows that events touched, as they are now, and name the threads among them."""
        changes = insights.summarise_changes(fresh)
        if not changes:
            return []
        events = frozenset(event.id for event in fresh)
        return await self._rows.ask(visit, events, lambda tx: _draw_rows(tx, changes))

    async def draw_panels(self, visit: Visit, *, news_at: datetime, csrf: str) -> dict[str, str]:
        """Draw the kill switch, the tasks and today's figures, as far as the viewer may see them."""
        may = frozenset(visit.principal.scopes_for(visit.tenant_id))
        everywhere = frozenset(visit.principal.scopes_for(None))
        found = await self._panels.ask(
            visit, (may, everywhere, news_at), lambda tx: self._read_panels(tx, visit, news_at)
        )
        return {name: html.replace(self._anybodys_csrf, csrf) for name, html in found.items()}

    async def _read_panels(self, tx: Transaction, visit: Visit, news_at: datetime) -> dict[str, str]:
        pause = await read_pause(tx, visit, by_setting=self._parts.courier.paused_by_setting)
        glance = await self._board.read_glance(tx, visit, news_at=news_at)
        health = await self._board.read_health(visit, now=tx.now)
        drawn = {
            "pause": render("_pause.html", pause=pause, csrf=self._anybodys_csrf),
            "glance": render("_glance.html", glance=glance),
            "health": render("_health.html", health=health),
        }
        if visit.may(Scope.BOOKING_READ):
            drawn["coming"] = render("_coming.html", coming=await read_coming(tx))
        if visit.may(Scope.MESSAGES_READ):
            drawn["tasks"] = render("_tasks.html", tasks=await read_tasks(tx, visit), csrf=self._anybodys_csrf)
        return drawn


class HomeScene:
    """Home for one viewer; rows are sent as they are now, so that seeing one twice does no harm."""

    breath_seconds = 0.03

    def __init__(self, parts: Frontdesk, looks: HomeLooks, *, cursor: str, csrf: str) -> None:
        self._clock = parts.clock
        self._looks = looks
        self._csrf = csrf
        self._feed = Feed(looks.feed, cursor, now=parts.clock.now())
        self._panels: dict[str, str] = {}
        self._panels_until = 0.0

    def begin(self) -> list[bytes]:
        """Tell a viewer who was away for too long to load the page anew."""
        return tell_lost(self._feed)

    async def look(self, visit: Visit, *, woken: bool) -> list[bytes]:
        """List the rows and panels that are new."""
        fresh = await self._feed.read(visit)
        parts = await self._looks.draw_rows(visit, fresh) if fresh else []
        if fresh or woken or not self._panels or self._clock.monotonic() > self._panels_until:
            parts = parts + await self._draw_changed(visit)
            self._panels_until = self._clock.monotonic() + PANELS_SECONDS
        if not parts and not fresh:
            return []
        return [*parts, write_event("cursor", "", cursor=self._feed.cursor)]

    async def _draw_changed(self, visit: Visit) -> list[bytes]:
        panels = await self._looks.draw_panels(visit, news_at=self._feed.position[0], csrf=self._csrf)
        changed = [write_event(name, html) for name, html in panels.items() if self._panels.get(name) != html]
        self._panels = panels
        return changed


async def _draw_rows(tx: Transaction, changes: insights.Changes) -> list[bytes]:
    entries = await insights.find_changed_entries(tx, changes)
    if not entries:
        return []
    rows = Rows(place=await read_place(tx), rows=[to_row(entry) for entry in entries])
    threads = sorted({str(row.conversation_id) for row in rows.rows if row.conversation_id is not None})
    return [
        write_event("rows", render("_rows.html", rows=rows)),
        write_event("threads", msgspec.json.encode(threads).decode()),
    ]
