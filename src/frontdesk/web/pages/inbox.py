"""The inbox: threads in views, one of them opened with its person's card, and words looked up; all works by links."""

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import conversations
from frontdesk.features.conversations import View
from frontdesk.features.conversations.routes import member_of
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.paging import MomentCursor, read_cursor
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.contact_views import PersonView, read_person
from frontdesk.web.pages.frame import FRAGMENT, Frames, Shown
from frontdesk.web.pages.inbox_acts import add_acts
from frontdesk.web.pages.inbox_live import InboxLooks, InboxScene
from frontdesk.web.pages.inbox_replies import add_replies
from frontdesk.web.pages.inbox_views import (
    DeskView,
    Draft,
    ListView,
    read_desk,
    read_found,
    read_list,
    read_staff,
)
from frontdesk.web.pages.inbox_words import Staff
from frontdesk.web.pages.live import Streams, asked_cursor
from frontdesk.wiring import Frontdesk

Words = Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$")]


def inbox_pages(parts: Frontdesk, door: FrontDoor, *, closing: asyncio.Event) -> APIRouter:
    """Make the routes of the inbox; `closing` ends live streams."""
    routes = Routes(prefix="/businesses/{tenant_id}/inbox", include_in_schema=False)
    desk = InboxDesk(parts, door)
    _add_lists(routes, door, desk)
    _add_stream(routes, parts, door, closing)
    add_replies(routes, parts, door)
    add_acts(routes, parts, door, desk)
    _add_thread(routes, door, desk)
    return routes


class InboxDesk:
    """Shows the inbox, whole or in parts."""

    def __init__(self, parts: Frontdesk, door: FrontDoor) -> None:
        self._parts = parts
        self.frames = Frames(parts, door, section="inbox")

    async def read_list(
        self,
        visit: Visit,
        *,
        view: View,
        words: str = "",
        before: tuple[datetime, UUID] | None = None,
        opened: UUID | None = None,
        by_meaning: bool = True,
    ) -> tuple[ListView, Staff]:
        """Read the list of threads, or what is found by words and by meaning, and who works here."""
        staff = await read_staff(self._parts.system, visit)
        if words:
            meanings = self._parts.meanings if by_meaning else None
            found = await read_found(
                self._parts.system, visit, words=words, before=before, meanings=meanings, opened=opened
            )
            return found, staff
        async with visit.transaction() as tx:
            return await read_list(tx, visit, staff, view=view, before=before, opened=opened), staff

    async def show(  # noqa: PLR0913 - what a page is asked for
        self,
        request: Request,
        visit: Visit,
        conversation_id: UUID,
        *,
        view: View,
        words: str = "",
        draft: Draft | None = None,
        status: int = 200,
        older: tuple[datetime, UUID] | None = None,
        read: bool = True,
        part: str = "",
    ) -> Response:
        """Answer with a thread: the whole page, the thread alone for a script, or only what happened in it."""
        staff = await read_staff(self._parts.system, visit)
        async with visit.transaction() as tx:
            desk = await read_desk(tx, visit, staff, conversation_id, view=view, before=older, draft=draft)
            if read and visit.may(Scope.MESSAGES_SEND):
                await conversations.mark_read(tx, conversation_id=conversation_id, by=member_of(visit))
            person = await read_person(tx, visit, desk.line.contact_id) if part != "items" else None
        values: dict[str, object] = {"desk": desk, "person": person}
        if FRAGMENT in request.headers:
            template = "_thread_items.html" if part == "items" else "_thread_desk.html"
            return self.frames.part(request, Shown(template=template, values=values, status=status))
        threads, _ = await self.read_list(visit, view=view, words=words, opened=conversation_id)
        return await self._page(request, visit, threads, desk, person, status=status)

    async def show_list(self, request: Request, visit: Visit, threads: ListView) -> Response:
        """Answer with the list, without any thread opened."""
        if FRAGMENT in request.headers:
            return self.frames.part(request, Shown(template="_thread_list.html", values={"threads": threads}))
        return await self._page(request, visit, threads, None, None)

    async def _page(
        self,
        request: Request,
        visit: Visit,
        threads: ListView,
        desk: DeskView | None,
        person: PersonView | None,
        *,
        status: int = 200,
    ) -> Response:
        cursor = f"{threads.place.now.isoformat()}_{UUID(int=0)}"
        values: dict[str, object] = {"threads": threads, "desk": desk, "person": person, "cursor": cursor}
        return await self.frames.page(request, visit, Shown(template="inbox.html", values=values, status=status))


def _add_lists(routes: APIRouter, door: FrontDoor, desk: InboxDesk) -> None:
    may_read = door.to_business(Scope.MESSAGES_READ)

    @routes.get("")
    async def inbox(
        request: Request,
        visit: Annotated[Visit, Depends(may_read)],
        view: View = View.OPEN,
        q: Words = "",
        before: MomentCursor | None = None,
        opened: UUID | None = None,
    ) -> Response:
        place = None if before is None else read_cursor(before, UUID)
        threads, _ = await desk.read_list(visit, view=view, words=q.strip(), before=place, opened=opened)
        return await desk.show_list(request, visit, threads)


def _add_stream(routes: APIRouter, parts: Frontdesk, door: FrontDoor, closing: asyncio.Event) -> None:
    may_read = door.to_business(Scope.MESSAGES_READ)
    looks, streams = InboxLooks(), Streams(parts=parts, guard=may_read, closing=closing)

    @routes.get("/stream")
    async def stream(request: Request, visit: Annotated[Visit, Depends(may_read)], after: str = "") -> Response:
        return streams.open(request, visit, InboxScene(parts, looks, cursor=asked_cursor(request, after)))


def _add_thread(routes: APIRouter, door: FrontDoor, desk: InboxDesk) -> None:
    may_read = door.to_business(Scope.MESSAGES_READ)

    @routes.get("/{conversation_id}")
    async def thread(  # noqa: PLR0913 - what may stand in an address
        request: Request,
        conversation_id: UUID,
        visit: Annotated[Visit, Depends(may_read)],
        *,
        view: View = View.OPEN,
        q: Words = "",
        part: Words = "",
        ask: Words = "",
        compose: Words = "reply",
        canned: UUID | None = None,
        older: MomentCursor | None = None,
    ) -> Response:
        place = None if older is None else read_cursor(older, UUID)
        draft = Draft(ask=ask, compose="note" if compose == "note" else "reply", kept=canned)
        return await desk.show(
            request, visit, conversation_id, view=view, words=q.strip(), draft=draft, older=place, part=part
        )
