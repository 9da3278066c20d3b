"""What is done in the inbox: answer, note, give, snooze, settle, open, leave unread; one thread or several at once."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import conversations
from frontdesk.features.conversations import View
from frontdesk.features.conversations.routes import answer, member_of
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import FRAGMENT, go_to
from frontdesk.web.pages.inbox_rests import rest_until
from frontdesk.web.pages.inbox_views import Draft
from frontdesk.web.pages.views import read_place
from frontdesk.wiring import Frontdesk

NOT_FOUND = 404
NO_CONTENT = 204
MAX_AT_ONCE = 100
NOBODY = "nobody"
Short = Annotated[str, Form(max_length=100)]
Said = Annotated[str, Form(max_length=10_000)]
Ids = Annotated[list[UUID] | None, Form(max_length=MAX_AT_ONCE)]
Act = Callable[[Transaction, UUID], Awaitable[None]]


class Shower(Protocol):
    """Whatever shows a thread."""

    async def show(
        self,
        request: Request,
        visit: Visit,
        conversation_id: UUID,
        *,
        view: View,
        draft: Draft | None = None,
        status: int = 200,
        read: bool = True,
    ) -> Response:
        """Answer with a thread."""
        ...


def add_acts(routes: APIRouter, parts: Frontdesk, door: FrontDoor, desk: Shower) -> None:
    """Add the routes of what is done in the inbox."""
    _add_bulk(routes, door)
    _add_reply(routes, parts, door, desk)
    _add_note(routes, door, desk)
    _add_keeping(routes, door, desk)


def _add_bulk(routes: APIRouter, door: FrontDoor) -> None:
    @routes.post("/bulk")
    async def act_on_many(
        request: Request,
        visit: Annotated[Visit, Depends(door.to_business(Scope.MESSAGES_SEND))],
        thread: Ids = None,
        act: Short = "",
        until: Short = "",
        to: Short = "",
        view: Annotated[View, Form()] = View.OPEN,
    ) -> Response:
        async with visit.transaction() as tx:
            doing = await _act_of(tx, visit, act, until=until, to=to)
            # In one order, so that two people who choose the same threads do not wait for each other crosswise.
            for one in sorted(set(thread or ())):
                await doing(tx, one)
        if FRAGMENT in request.headers:
            return Response(status_code=NO_CONTENT)
        return go_to(_list_of(visit, view))


def _add_reply(routes: APIRouter, parts: Frontdesk, door: FrontDoor, desk: Shower) -> None:
    @routes.post("/{conversation_id}/reply")
    async def reply(
        request: Request,
        conversation_id: UUID,
        visit: Annotated[Visit, Depends(door.to_business(Scope.MESSAGES_SEND))],
        body: Said = "",
        key: Short = "",
        seen: Short = "",
        anyway: Short = "",
        view: Annotated[View, Form()] = View.OPEN,
    ) -> Response:
        try:
            async with visit.transaction(inline=True) as tx:
                meanwhile = "" if anyway else await _answered_by(tx, visit, conversation_id, seen=seen)
                if not meanwhile:
                    await answer(
                        tx, visit, conversation_id=conversation_id, body=body, key=key or None, lane=parts.courier
                    )
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                raise
            draft = Draft(body=body, wrong=_sentence(refusal.message))
            return await desk.show(request, visit, conversation_id, view=view, draft=draft, status=refusal.status)
        if meanwhile:
            draft = Draft(body=body, meanwhile=meanwhile, key=key)
            return await desk.show(request, visit, conversation_id, view=view, draft=draft, status=409)
        return await _done(request, visit, desk, conversation_id, view=view)


def _add_note(routes: APIRouter, door: FrontDoor, desk: Shower) -> None:
    @routes.post("/{conversation_id}/note")
    async def note(
        request: Request,
        conversation_id: UUID,
        visit: Annotated[Visit, Depends(door.to_business(Scope.MESSAGES_SEND))],
        body: Said = "",
        view: Annotated[View, Form()] = View.OPEN,
    ) -> Response:
        try:
            async with visit.transaction() as tx:
                await conversations.get_thread(tx, conversation_id=conversation_id)
                await conversations.add_note(tx, conversation_id=conversation_id, body=body, author=visit.actor.shown)
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                raise
            draft = Draft(note=body, wrong=_sentence(refusal.message), compose="note")
            return await desk.show(request, visit, conversation_id, view=view, draft=draft, status=refusal.status)
        return await _done(request, visit, desk, conversation_id, view=view)


def _add_keeping(routes: APIRouter, door: FrontDoor, desk: Shower) -> None:
    may_send = door.to_business(Scope.MESSAGES_SEND)

    @routes.post("/{conversation_id}/act")
    async def act_on_one(
        request: Request,
        conversation_id: UUID,
        visit: Annotated[Visit, Depends(may_send)],
        act: Short = "",
        until: Short = "",
        to: Short = "",
        view: Annotated[View, Form()] = View.OPEN,
    ) -> Response:
        try:
            async with visit.transaction() as tx:
                await conversations.get_thread(tx, conversation_id=conversation_id)
                doing = await _act_of(tx, visit, act, until=until, to=to)
                await doing(tx, conversation_id)
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                raise
            draft = Draft(wrong=_sentence(refusal.message))
            return await desk.show(request, visit, conversation_id, view=view, draft=draft, status=refusal.status)
        if act in {"done", "snooze", "unread"}:
            if FRAGMENT in request.headers:
                return Response(status_code=NO_CONTENT)
            return go_to(_list_of(visit, view))
        return await _done(request, visit, desk, conversation_id, view=view)


async def _done(request: Request, visit: Visit, desk: Shower, conversation_id: UUID, *, view: View) -> Response:
    if FRAGMENT in request.headers:
        return await desk.show(request, visit, conversation_id, view=view)
    asked = "" if view is View.OPEN else f"?view={view.value}"
    return go_to(f"/businesses/{visit.tenant_id}/inbox/{conversation_id}{asked}")


async def _act_of(tx: Transaction, visit: Visit, act: str, *, until: str, to: str) -> Act:
    """Choose what is done with a thread by its name in a form; refuses an unknown one (`conversations.act_unknown`)."""
    by = visit.actor.shown
    match act:
        case "done":
            return lambda tx, one: conversations.settle_thread(tx, conversation_id=one, by=by)
        case "open":
            return lambda tx, one: conversations.open_thread(tx, conversation_id=one, by=by)
        case "unread" if (reader := member_of(visit)) is not None:
            return lambda tx, one: conversations.mark_unread(tx, conversation_id=one, by=reader)
        case "assign":
            member = _member(visit, to)
            return lambda tx, one: conversations.assign_thread(tx, conversation_id=one, to=member, by=by)
        case "snooze":
            moment = rest_until(until, place=await read_place(tx))
            if moment is None:
                raise Refused("conversations.snooze_invalid", "say until when the thread rests", status=422)
            return lambda tx, one: conversations.snooze_thread(tx, conversation_id=one, until=moment, by=by)
        case _:
            raise Refused("conversations.act_unknown", "choose what to do with the thread", status=422)


def _member(visit: Visit, to: str) -> UUID | None:
    if to == NOBODY:
        return None
    if to == "me":
        return member_of(visit)
    try:
        return UUID(to)
    except ValueError as error:
        raise Refused("conversations.not_a_member", "choose somebody who works here", status=422) from error


async def _answered_by(tx: Transaction, visit: Visit, conversation_id: UUID, *, seen: str) -> str:
    """Name who else answered after the writer last saw the thread; empty if nobody did."""
    await conversations.get_thread(tx, conversation_id=conversation_id)
    latest = await conversations.find_latest_by_hand(tx, conversation_id=conversation_id)
    if latest is None or str(latest[0]) == seen or latest[1] == visit.actor.shown:
        return ""
    return latest[1]


def _list_of(visit: Visit, view: View) -> str:
    asked = "" if view is View.OPEN else f"?view={view.value}"
    return f"/businesses/{visit.tenant_id}/inbox{asked}"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].removesuffix(".") + "."
