"""HTTP for the dialogue: whether texts are answered by the program, and by what means."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from frontdesk.features.textback.dialogue import DialogueSettings, change_settings, get_settings
from frontdesk.kernel import audit
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.routing import Routes


class DialogueView(BaseModel, extra="forbid"):
    """Whether texts are answered by the program, with a model where rules are unsure, and how long people may wait."""

    active: bool
    model_allowed: bool = True
    person_within_minutes: int = Field(60, ge=1, le=10_080)


def router(access: Access) -> APIRouter:
    """Make the routes."""
    routes = Routes(prefix="/api", tags=["conversations"])

    @routes.get("/dialogue", summary="Read how texts are answered")
    async def read(visit: Annotated[Visit, Depends(access.to_business(Scope.TENANTS_READ))]) -> DialogueView:
        async with visit.transaction() as tx:
            return _show(await get_settings(tx))

    @routes.put("/dialogue", summary="Say how texts are answered")
    async def put(
        visit: Annotated[Visit, Depends(access.to_business(Scope.TENANTS_WRITE))], wanted: DialogueView
    ) -> DialogueView:
        async with visit.transaction() as tx:
            await change_settings(tx, DialogueSettings(**wanted.model_dump()))
            await audit.write_entry(
                tx,
                actor=visit.actor,
                action="textback.dialogue_changed",
                subject=f"tenant:{visit.tenant_id}",
                details=wanted.model_dump(),
            )
            return _show(await get_settings(tx))

    return routes


def _show(settings: DialogueSettings) -> DialogueView:
    return DialogueView(
        active=settings.active,
        model_allowed=settings.model_allowed,
        person_within_minutes=settings.person_within_minutes,
    )
