"""The page of backups: taken or failed, the second copy of the log, restores for proof, and whose database it is."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.kernel import epoch
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import PlatformVisit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.jobs import RunState, list_runs_of
from frontdesk.kernel.upkeep import Order
from frontdesk.operations.backups import queries
from frontdesk.operations.backups.jobs import DRILL, TAKE
from frontdesk.operations.backups.model import BackupState, DrillState, StreamState
from frontdesk.operations.backups.queries import BackupRow, Drill
from frontdesk.operations.checking.registry import get_remedy
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.audit_words import name_words
from frontdesk.web.pages.frame import FRAGMENT, Shown, go_to
from frontdesk.web.pages.operations_desk import OperationsDesk
from frontdesk.web.pages.operations_views import age_words
from frontdesk.web.pages.rows import Chip, Tone

BACKUPS = "/operations/backups"
ORDERS = {"take": "backups.take_backup", "prove": "backups.prove_backup"}
WORK = {TAKE: "A backup is being taken", DRILL: "The last backup is being restored for proof"}
OPEN = frozenset({RunState.QUEUED, RunState.RUNNING})
FEW = 3
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A backup or a proof that is being made."""

    words: str
    state: Chip
    trouble: str


def add_backups(routes: APIRouter, door: FrontDoor, desk: OperationsDesk) -> None:
    """Add the page of backups, and ordering one or its proof."""
    may_read = door.to_platform(Scope.OPERATIONS_READ)
    may_approve = door.to_platform(Scope.OPERATIONS_APPROVE)

    @routes.get("/backups")
    async def backups(request: Request, visit: Annotated[PlatformVisit, Depends(may_read)]) -> Response:
        return await _show(desk, request, visit)

    @routes.get("/backups/live")
    async def live(request: Request, visit: Annotated[PlatformVisit, Depends(may_read)], seen: str = "") -> Response:
        if FRAGMENT not in request.headers:
            return go_to(BACKUPS)
        async with visit.transaction() as tx:
            under_way = await _under_way(tx)
        # Once one has ended, it stands in the tables of the page.
        ended = seen != str(len(under_way))
        shown = Shown(template="_backups_now.html", values={"under_way": under_way}, rest_changed=ended)
        return desk.part(request, visit, shown)

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
        under_way = await _under_way(tx)
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
        claimed_by=name_words(era.claimed_by) if era.claimed_by else "",
        under_way=under_way,
        wrong="" if refusal is None else refusal.message,
    )


async def _under_way(tx: Transaction) -> list[OrderLine]:
    """List what was ordered here, or by the clock, and has not ended."""
    found = []
    for workflow, words in WORK.items():
        for run in await list_runs_of(tx, workflow=workflow, limit=FEW):
            if run.state is RunState.QUEUED and run.last_error:
                found.append(OrderLine(words=words, state=Chip("tried again soon", Tone.BAD), trouble=run.last_error))
            elif run.state in OPEN:
                is_running = run.state is RunState.RUNNING
                state = Chip("under way", Tone.WARN) if is_running else Chip("waits for a worker", Tone.CALM)
                found.append(OrderLine(words=words, state=state, trouble=""))
    return found


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
