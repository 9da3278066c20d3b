"""The page of backups: taken or failed, the second copy of the log, restores for proof, and whose database it is."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.kernel import epoch
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import PlatformVisit
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.upkeep import Order
from frontdesk.operations.backups import queries
from frontdesk.operations.backups.model import BackupState, DrillState, StreamState
from frontdesk.operations.backups.queries import BackupRow, Drill
from frontdesk.operations.checking.registry import get_remedy
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import go_to
from frontdesk.web.pages.operations_desk import OperationsDesk
from frontdesk.web.pages.operations_views import age_words
from frontdesk.web.pages.rows import Chip, Tone

BACKUPS = "/operations/backups"
ORDERS = {"take": "backups.take_backup", "prove": "backups.prove_backup"}
KINDS = {"base": "whole server", "dump": "dump"}
STATES = {
    BackupState.FINISHED.value: Chip("taken", Tone.GOOD),
    BackupState.FAILED.value: Chip("failed", Tone.BAD),
    DrillState.RUNNING.value: Chip("running", Tone.WARN),
    DrillState.PASSED.value: Chip("restored", Tone.GOOD),
}
STREAMS = {
    StreamState.STARTING.value: Chip("starting", Tone.WARN),
    StreamState.SYNCHRONOUS.value: Chip("in two places", Tone.GOOD),
    StreamState.DEGRADED.value: Chip("in one place", Tone.BAD),
    StreamState.OFF.value: Chip("off", Tone.CALM),
}
UNITS = ("B", "kB", "MB", "GB", "TB")
STEP = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupLine:
    """A backup as a row of the page."""

    backup: BackupRow
    kind: str
    state: Chip
    size: str
    age: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillLine:
    """A restore for proof as a row of the page."""

    drill: Drill
    state: Chip
    lost: str
    took: str
    age: str


def add_backups(routes: APIRouter, door: FrontDoor, desk: OperationsDesk) -> None:
    """Add the page of backups, and ordering one or its proof."""
    may_read = door.to_platform(Scope.OPERATIONS_READ)
    may_approve = door.to_platform(Scope.OPERATIONS_APPROVE)

    @routes.get("/backups")
    async def backups(request: Request, visit: Annotated[PlatformVisit, Depends(may_read)]) -> Response:
        return await _show(desk, request, visit)

    @routes.post("/backups")
    async def order(
        request: Request,  # noqa: ARG001 - the visit reads its form
        visit: Annotated[PlatformVisit, Depends(may_approve)],
        what: Annotated[str, Form(pattern="^(take|prove)$")],
    ) -> Response:
        async with visit.transaction() as tx:
            await get_remedy(ORDERS[what]).act(tx, Order(by=visit.actor, reason="ordered on the page"))
        return go_to(BACKUPS)


async def _show(
    desk: OperationsDesk, request: Request, visit: PlatformVisit, *, refusal: Refused | None = None
) -> Response:
    async with visit.transaction() as tx:
        taken = await queries.list_backups(tx)
        proven = await queries.list_drills(tx)
        stream = await queries.find_stream(tx)
        era = await epoch.read_epoch(tx)
        now = tx.now
    return await desk.page(
        request,
        visit,
        "operations_backups.html",
        tab="backups",
        status=200 if refusal is None else refusal.status,
        backups=[
            BackupLine(
                backup=one,
                kind=KINDS.get(one.kind, one.kind),
                state=STATES[one.state],
                size=size_words(one.size_bytes),
                age=age_words(now - one.finished_at),
            )
            for one in taken
        ],
        proofs=[
            DrillLine(
                drill=one,
                state=Chip("failed", Tone.BAD) if one.state == DrillState.FAILED.value else STATES[one.state],
                lost=_seconds(one.recovery_point_ms),
                took=_seconds(one.recovery_time_ms),
                age=age_words(now - one.started_at),
            )
            for one in proven
        ],
        stream=stream,
        stream_chip=None if stream is None else STREAMS[stream.state],
        stream_age="" if stream is None else age_words(now - stream.seen_at),
        era=era,
        wrong="" if refusal is None else refusal.message,
    )


def size_words(count: int) -> str:
    """Write a number of bytes with the unit that suits it."""
    size = float(count)
    for unit in UNITS[:-1]:
        if size < STEP:
            return f"{size:.0f} {unit}"
        size /= STEP
    return f"{size:.1f} {UNITS[-1]}"


def _seconds(milliseconds: int | None) -> str:
    return "" if milliseconds is None else f"{milliseconds / 1000:.1f} s"
