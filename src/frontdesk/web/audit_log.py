"""The audit log as JSON: who did what in a business."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from frontdesk.kernel.audit import search_entries
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.moments import Moment
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor

PRINTABLE = r"^[\x20-\x7e]+$"


class AuditEntryView(BaseModel):
    """One entry; `actor` names who by id, `actor_name` for people; `hash` ties it to all before it."""

    seq: int
    at: datetime
    actor: str
    actor_name: str
    action: str
    subject: str
    details: dict[str, object]
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are wanted; None asks for any."""

    action: str | None
    actor: str | None
    subject: str | None
    since: datetime | None
    until: datetime | None


def _filter(
    action: Annotated[str | None, Query(max_length=100, pattern=r"^[a-z_]+(\.[a-z_]+)?$")] = None,
    actor: Annotated[str | None, Query(max_length=220, pattern=PRINTABLE)] = None,
    subject: Annotated[str | None, Query(max_length=220, pattern=PRINTABLE)] = None,
    since: Moment | None = None,
    until: Moment | None = None,
) -> AuditFilter:
    return AuditFilter(action=action, actor=actor, subject=subject, since=since, until=until)


def audit_router(door: FrontDoor) -> APIRouter:
    """Make the route of the audit log."""
    routes = Routes(tags=["audit"])

    @routes.get(
        "/api/audit-log",
        summary="List who did what, oldest first after a number; by action or area, actor, subject and time",
    )
    async def list_audit_log(
        visit: Annotated[Visit, Depends(door.to_business(Scope.AUDIT_READ))],
        wanted: Annotated[AuditFilter, Depends(_filter)],
        after_seq: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Limit = DEFAULT_LIMIT,
    ) -> list[AuditEntryView]:
        async with visit.transaction() as tx:
            entries = await search_entries(
                tx,
                after_seq=after_seq,
                limit=limit,
                action=wanted.action,
                actor=wanted.actor,
                subject=wanted.subject,
                since=wanted.since,
                until=wanted.until,
            )
        return [
            AuditEntryView(
                seq=entry.seq,
                at=entry.at,
                actor=entry.actor,
                actor_name=entry.actor_name,
                action=entry.action,
                subject=entry.subject,
                details=dict(entry.details),
                hash=entry.link.hash.hex(),
            )
            for entry in entries
        ]

    return routes
