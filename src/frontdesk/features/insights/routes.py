"""The JSON API of insights: a call with all that became of it, and the timeline."""

import json
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from frontdesk.features import delivery
from frontdesk.features.insights import service
from frontdesk.features.insights.model import CallEntry, TextEntry
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of


class DecisionReport(BaseModel):
    """What the gates said of the call's text, each with its verdict and source."""

    decided_at: datetime
    verdict: str
    code: str
    gates: list[dict[str, object]]
    rules_version: str


class CallReport(BaseModel):
    """A call, the text that answered it or why there is none, and the decisions on that text."""

    call: CallEntry
    first_text_ms: float | None
    decisions: list[DecisionReport]


def router(access: Access) -> APIRouter:
    """Make the routes of insights."""
    routes = APIRouter(prefix="/api", tags=["calls"])

    @routes.get("/calls/{call_id}", summary="Read a call with its text, or why there is none")
    async def report_call(
        call_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CALLS_READ))]
    ) -> CallReport:
        async with visit.transaction() as tx:
            call = await service.report_call(tx, call_id=call_id)
            report = None if call.text is None else await delivery.report_job(tx, job_id=call.text.job_id)
        decisions = [] if report is None else report.decisions
        return CallReport(
            call=call,
            first_text_ms=call.milliseconds,
            decisions=[
                DecisionReport(
                    decided_at=one.decided_at,
                    verdict=one.verdict,
                    code=one.code,
                    gates=json.loads(one.gates_json),
                    rules_version=one.rules_version,
                )
                for one in decisions
            ],
        )

    @routes.get("/timeline", summary="List calls and texts together, newest first")
    async def list_timeline(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CALLS_READ))],
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[CallEntry | TextEntry]:
        async with visit.transaction() as tx:
            found = await service.list_timeline(tx, before=before, limit=limit)
        return page_of(found, found[-1].id if found else None, limit=limit)

    return routes
