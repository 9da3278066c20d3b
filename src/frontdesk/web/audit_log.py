"""The audit log as JSON: who did what in a business."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from frontdesk.kernel.audit import list_entries
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit
from frontdesk.web.access import FrontDoor


class AuditEntryView(BaseModel):
    """One entry; `hash` ties it to all before it."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: dict[str, object]
    hash: str


def audit_router(door: FrontDoor) -> APIRouter:
    """Make the route of the audit log."""
    routes = APIRouter(tags=["audit"])

    @routes.get("/api/audit-log", summary="List who did what, oldest first after a number")
    async def list_audit_log(
        visit: Annotated[Visit, Depends(door.to_business(Scope.AUDIT_READ))],
        after_seq: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Limit = DEFAULT_LIMIT,
    ) -> list[AuditEntryView]:
        async with visit.transaction() as tx:
            entries = await list_entries(tx, tenant_id=visit.tenant_id, after_seq=after_seq, limit=limit)
        return [
            AuditEntryView(
                seq=entry.seq,
                at=entry.at,
                actor=entry.actor,
                action=entry.action,
                subject=entry.subject,
                details=dict(entry.details),
                hash=entry.link.hash.hex(),
            )
            for entry in entries
        ]

    return routes
