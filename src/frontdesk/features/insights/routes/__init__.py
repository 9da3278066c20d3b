"""The JSON API of insights: a call with all that became of it, the timeline, reports, a person's compliance pack."""

import json
import shutil
import tempfile
import zipfile
from asyncio import to_thread
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from frontdesk.features import delivery
from frontdesk.features.insights import service
from frontdesk.features.insights.model import CallEntry, TextEntry
from frontdesk.features.insights.routes.reports import add_reports
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of
from frontdesk.routing import Routes


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


class PackOrder(BaseModel, extra="forbid"):
    """About whom; in the body, because addresses end up in logs."""

    phone_e164: str = Field(pattern=r"^\+[1-9][0-9]{6,14}$", examples=["+12065550123"])


def router(access: Access) -> APIRouter:
    """Make the routes of insights."""
    routes = Routes(prefix="/api", tags=["calls"])

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

    _add_exports(routes, access)
    add_reports(routes, access)
    return routes


def _add_exports(routes: APIRouter, access: Access) -> None:
    @routes.post(
        "/exports/compliance",
        summary="Download all that is on record about a person's consent and texts, with its proof (ZIP)",
        tags=["consent"],
        response_class=FileResponse,
        responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
    )
    async def export_compliance(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONSENT_READ))], order: PackOrder
    ) -> FileResponse:
        home = Path(await to_thread(tempfile.mkdtemp, prefix="frontdesk-pack-"))
        try:
            folder = home / "pack"
            async with visit.transaction() as tx:
                pack = await service.write_pack(tx, folder, phone_e164=order.phone_e164, by=visit.actor)
            name = f"compliance-{pack.business}-{order.phone_e164.removeprefix('+')}"
            await to_thread(_zip, folder, home / "pack.zip", name)
        except BaseException:
            await to_thread(shutil.rmtree, home, ignore_errors=True)
            raise
        return FileResponse(
            home / "pack.zip",
            media_type="application/zip",
            filename=f"{name}.zip",
            headers={"Cache-Control": "no-store", "X-Manifest-SHA256": pack.manifest_sha256, "X-Chain-Head": pack.head},
            background=BackgroundTask(shutil.rmtree, home, ignore_errors=True),
        )


def _zip(folder: Path, target: Path, name: str) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{name}/{path.name}")
