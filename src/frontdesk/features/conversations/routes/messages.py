"""The JSON API of texts: threads, what was said in them, answers by hand, and what needs a person's eye."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import delivery
from frontdesk.features.conversations import service
from frontdesk.features.conversations.model import Task, Thread, ThreadFilter, ThreadMessage, ThreadStatus
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.paging import (
    DEFAULT_LIMIT,
    Limit,
    MomentCursor,
    Page,
    next_link,
    page_of,
    read_cursor,
    write_cursor,
)

MAX_KEY = 200


class NewText(BaseModel, extra="forbid"):
    """What to write."""

    body: str = Field(max_length=10_000)


class RequestedText(BaseModel):
    """What became of the wish to write; `created` is false when the same key had asked before."""

    job_id: UUID
    status: str
    code: str
    created: bool


def member_of(visit: Visit) -> UUID | None:
    """Name the member who visits; None for a program."""
    kind, _, key = visit.actor.id.partition(":")
    return UUID(key) if kind == "user" else None


def add_messages(routes: APIRouter, access: Access, *, lane: delivery.InlineLane) -> None:
    """Add the routes of texts and tasks; `lane` sends what a person waits for."""

    @routes.get("/conversations", summary="List threads, the latest text first")
    async def list_threads(
        request: Request,
        response: Response,
        visit: Annotated[Visit, Depends(access.to_business(Scope.MESSAGES_READ))],
        before: MomentCursor | None = None,
        status: ThreadStatus | None = None,
        assigned_to: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> list[Thread]:
        place = None if before is None else read_cursor(before, UUID)
        wanted = ThreadFilter(status=status, assigned_to=assigned_to, reader=member_of(visit))
        async with visit.transaction() as tx:
            found = await service.list_threads(tx, wanted, before=place, limit=limit)
        if len(found) == limit:
            last = write_cursor(found[-1].last_message_at, str(found[-1].id))
            response.headers["link"] = next_link(request.url.path, request.url.query, before=last)
        return found

    @routes.get("/conversations/{conversation_id}/messages", summary="List a thread's texts, newest first")
    async def list_messages(
        conversation_id: UUID,
        visit: Annotated[Visit, Depends(access.to_business(Scope.MESSAGES_READ))],
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[ThreadMessage]:
        async with visit.transaction() as tx:
            await service.get_thread(tx, conversation_id=conversation_id)
            found = await service.list_messages(tx, conversation_id=conversation_id, before=before, limit=limit)
        return page_of(found, found[-1].id if found else None, limit=limit)

    @routes.post(
        "/conversations/{conversation_id}/messages",
        summary="Answer a person",
        status_code=202,
        responses={409: {"description": "There is no conversation to go on with, or the key stands for another text"}},
    )
    async def write(
        conversation_id: UUID,
        visit: Annotated[Visit, Depends(access.to_business(Scope.MESSAGES_SEND))],
        text: NewText,
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=MAX_KEY)] = None,
    ) -> RequestedText:
        async with visit.transaction(inline=True) as tx:
            requested = await answer(
                tx, visit, conversation_id=conversation_id, body=text.body, key=idempotency_key, lane=lane
            )
        return RequestedText(
            job_id=requested.job_id, status=requested.status, code=requested.code, created=requested.created
        )

    _add_tasks(routes, access)


def _add_tasks(routes: APIRouter, access: Access) -> None:
    @routes.get("/tasks", summary="List what a person should look at, newest first")
    async def list_tasks(
        request: Request,
        response: Response,
        visit: Annotated[Visit, Depends(access.to_business(Scope.MESSAGES_READ))],
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> list[Task]:
        async with visit.transaction() as tx:
            found = await service.list_tasks(tx, before=before, limit=limit)
        if len(found) == limit:
            response.headers["link"] = next_link(request.url.path, request.url.query, before=str(found[-1].id))
        return found

    @routes.post("/tasks/{task_id}/done", summary="Mark a task as done", status_code=204)
    async def finish_task(
        task_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.MESSAGES_SEND))]
    ) -> Response:
        async with visit.transaction() as tx:
            await service.finish_task(tx, task_id=task_id, by=visit.actor.id)
        return Response(status_code=204)


async def answer(
    tx: Transaction,
    visit: Visit,
    *,
    conversation_id: UUID,
    body: str,
    key: str | None,
    lane: delivery.InlineLane,
) -> delivery.Requested:
    """Write to a thread's person on behalf of the visitor, once per `key`.

    Refuses `conversations.key_reused` (409) when the key stands for other words, and what `write_to` refuses.
    """
    thread = await service.get_thread(tx, conversation_id=conversation_id)
    line = await service.find_line(tx, conversation_id=conversation_id)
    requested = await service.write_to(
        tx,
        contact_id=thread.contact_id,
        body=body,
        author=visit.actor.shown,
        key=f"by-hand:{visit.actor.id}:{key or new_id()}",
        sender_e164=line.phone_e164,
        provider=line.provider,
        lane=lane,
    )
    if not requested.created:
        written = await service.find_message(tx, message_or_job_id=requested.job_id)
        if written is None or written.conversation_id != conversation_id or written.body != body.strip():
            raise Refused("conversations.key_reused", "This Idempotency-Key stands for another text.", status=409)
    return requested
