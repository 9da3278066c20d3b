"""The JSON API of looking after threads: who has them, when they rest, notes, answers kept ready, what was read."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import Response

from frontdesk.features.conversations import service
from frontdesk.features.conversations.model import CannedReply, Item, Note, Reachability, Thread, ThreadStatus
from frontdesk.features.conversations.routes.messages import member_of
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.moments import Moment
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of


class ThreadDocument(BaseModel):
    """A thread, and whether its person may be written to now."""

    thread: Thread
    reachability: Reachability


class ThreadChange(BaseModel, extra="forbid"):
    """What to change of a thread; `snoozed_until` goes with the status `snoozed`, `assigned_to` null is nobody."""

    status: ThreadStatus | None = None
    snoozed_until: Moment | None = None
    assigned_to: UUID | None = None


class NewNote(BaseModel, extra="forbid"):
    """What to note."""

    body: str = Field(max_length=10_000)


class NewCanned(BaseModel, extra="forbid"):
    """The answer to keep ready, and its short name."""

    name: str = Field(max_length=200)
    body: str = Field(max_length=10_000)


def add_desk(routes: APIRouter, access: Access) -> None:
    """Add the routes of looking after threads."""
    _add_threads(routes, access)
    _add_notes(routes, access)
    _add_canned(routes, access)


def _add_threads(routes: APIRouter, access: Access) -> None:
    @routes.get("/conversations/{conversation_id}", summary="Show a thread, and whether its person may be written to")
    async def show_thread(
        conversation_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.MESSAGES_READ))]
    ) -> ThreadDocument:
        async with visit.transaction() as tx:
            thread = await service.get_thread(tx, conversation_id=conversation_id, reader=member_of(visit))
            return ThreadDocument(thread=thread, reachability=await service.reach_of(tx, thread))

    @routes.patch("/conversations/{conversation_id}", summary="Give a thread to a member, put it to rest, or settle it")
    async def change_thread(
        conversation_id: UUID,
        change: ThreadChange,
        visit: Annotated[Visit, Depends(access.to_business(Scope.MESSAGES_SEND))],
    ) -> Thread:
        async with visit.transaction() as tx:
            await _change(tx, conversation_id, change, by=visit.actor.shown)
            return await service.get_thread(tx, conversation_id=conversation_id, reader=member_of(visit))

    @routes.post("/conversations/{conversation_id}/read", summary="Note that a thread was read", status_code=204)
    async def mark_read(
        conversation_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.MESSAGES_SEND))]
    ) -> Response:
        async with visit.transaction() as tx:
            await service.get_thread(tx, conversation_id=conversation_id)
            await service.mark_read(tx, conversation_id=conversation_id, by=member_of(visit))
        return Response(status_code=204)

    @routes.post("/conversations/{conversation_id}/unread", summary="Have a thread unread again", status_code=204)
    async def mark_unread(
        conversation_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.MESSAGES_SEND))]
    ) -> Response:
        async with visit.transaction() as tx:
            await service.get_thread(tx, conversation_id=conversation_id)
            reader = member_of(visit)
            if reader is not None:
                await service.mark_unread(tx, conversation_id=conversation_id, by=reader)
        return Response(status_code=204)

    @routes.get("/conversations/{conversation_id}/items", summary="List texts, calls, voicemails and notes together")
    async def list_items(
        conversation_id: UUID,
        visit: Annotated[Visit, Depends(access.to_business(Scope.MESSAGES_READ))],
        before: Moment | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> list[Item]:
        if before is not None and before.tzinfo is None:
            raise Refused("conversations.moment_without_zone", "write the moment with its zone, like Z", status=422)
        async with visit.transaction() as tx:
            await service.get_thread(tx, conversation_id=conversation_id)
            return await service.list_items(tx, conversation_id=conversation_id, before=before, limit=limit)


async def _change(tx: Transaction, conversation_id: UUID, change: ThreadChange, *, by: str) -> None:
    given = change.model_fields_set
    match change.status:
        case ThreadStatus.SNOOZED:
            if change.snoozed_until is None or change.snoozed_until.tzinfo is None:
                raise Refused(
                    "conversations.snooze_invalid", "say until when the thread rests, with a zone like Z", status=422
                )
            await service.snooze_thread(tx, conversation_id=conversation_id, until=change.snoozed_until, by=by)
        case ThreadStatus.OPEN:
            await service.open_thread(tx, conversation_id=conversation_id, by=by)
        case ThreadStatus.DONE:
            await service.settle_thread(tx, conversation_id=conversation_id, by=by)
        case None:
            pass
    if "assigned_to" in given:
        await service.assign_thread(tx, conversation_id=conversation_id, to=change.assigned_to, by=by)


def _add_notes(routes: APIRouter, access: Access) -> None:
    @routes.get("/conversations/{conversation_id}/notes", summary="List a thread's notes, newest first")
    async def list_notes(
        conversation_id: UUID,
        visit: Annotated[Visit, Depends(access.to_business(Scope.MESSAGES_READ))],
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[Note]:
        async with visit.transaction() as tx:
            await service.get_thread(tx, conversation_id=conversation_id)
            found = await service.list_notes(tx, conversation_id=conversation_id, before=before, limit=limit)
        return page_of(found, found[-1].id if found else None, limit=limit)

    @routes.post("/conversations/{conversation_id}/notes", summary="Note something for the others", status_code=201)
    async def add_note(
        conversation_id: UUID,
        note: NewNote,
        visit: Annotated[Visit, Depends(access.to_business(Scope.MESSAGES_SEND))],
    ) -> Note:
        async with visit.transaction() as tx:
            return await service.add_note(tx, conversation_id=conversation_id, body=note.body, author=visit.actor.shown)


def _add_canned(routes: APIRouter, access: Access) -> None:
    @routes.get("/canned-replies", summary="List the answers that are kept ready, newest first")
    async def list_canned(
        visit: Annotated[Visit, Depends(access.to_business(Scope.MESSAGES_READ))],
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[CannedReply]:
        async with visit.transaction() as tx:
            found = await service.list_canned(tx, before=before, limit=limit)
        return page_of(found, found[-1].id if found else None, limit=limit)

    @routes.post("/canned-replies", summary="Keep an answer ready under a name, in place of one that was there")
    async def put_canned(
        reply: NewCanned, visit: Annotated[Visit, Depends(access.to_business(Scope.TENANTS_WRITE))]
    ) -> CannedReply:
        async with visit.transaction() as tx:
            return await service.put_canned(tx, name=reply.name, body=reply.body)

    @routes.delete("/canned-replies/{reply_id}", summary="Forget an answer that was kept ready", status_code=204)
    async def drop_canned(
        reply_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.TENANTS_WRITE))]
    ) -> Response:
        async with visit.transaction() as tx:
            await service.drop_canned(tx, reply_id=reply_id)
        return Response(status_code=204)
