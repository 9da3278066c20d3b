"""The answers that a business keeps ready: listed, added, changed and dropped."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import conversations
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.wiring import Frontdesk

MOST = 200


def add_replies(routes: APIRouter, parts: Frontdesk, door: FrontDoor) -> None:
    """Add the routes of answers kept ready."""
    frames = Frames(parts, door, section="inbox")
    may_write = door.to_business(Scope.TENANTS_WRITE)

    async def show(
        request: Request, visit: Visit, *, name: str = "", body: str = "", wrong: str = "", status: int = 200
    ) -> Response:
        async with visit.transaction() as tx:
            kept = await conversations.list_canned(tx, limit=MOST)
        values: dict[str, object] = {
            "kept": sorted(kept, key=lambda one: one.name.lower()),
            "name": name,
            "body": body,
            "wrong": wrong,
            "may_write": visit.may(Scope.TENANTS_WRITE),
        }
        return await frames.page(request, visit, Shown(template="inbox_replies.html", values=values, status=status))

    @routes.get("/replies")
    async def replies(
        request: Request, visit: Annotated[Visit, Depends(door.to_business(Scope.MESSAGES_READ))]
    ) -> Response:
        return await show(request, visit)

    @routes.post("/replies")
    async def keep(
        request: Request,
        visit: Annotated[Visit, Depends(may_write)],
        name: Annotated[str, Form(max_length=200)] = "",
        body: Annotated[str, Form(max_length=10_000)] = "",
    ) -> Response:
        try:
            async with visit.transaction() as tx:
                await conversations.put_canned(tx, name=name, body=body)
        except Refused as refusal:
            wrong = "Give it a name of up to 60 characters and an answer of up to 1,600."
            return await show(request, visit, name=name, body=body, wrong=wrong, status=refusal.status)
        return go_to(f"/businesses/{visit.tenant_id}/inbox/replies")

    @routes.post("/replies/{reply_id}/drop")
    async def drop(visit: Annotated[Visit, Depends(may_write)], reply_id: UUID) -> Response:
        async with visit.transaction() as tx:
            await conversations.drop_canned(tx, reply_id=reply_id)
        return go_to(f"/businesses/{visit.tenant_id}/inbox/replies")
