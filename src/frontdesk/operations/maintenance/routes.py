"""HTTP for maintenance: the platform's switches, figures of the day, the database, forgetting now."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, StrictBool

from frontdesk.kernel.auth import Scope, refuse_unproven
from frontdesk.kernel.auth.visit import Access, PlatformVisit
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.settings.parts import RetentionSettings
from frontdesk.operations.maintenance import cleaning, config, figures, window
from frontdesk.operations.maintenance.cleaning import Ordered
from frontdesk.operations.maintenance.config import Config
from frontdesk.operations.maintenance.figures import RetryQueue, Stats
from frontdesk.operations.maintenance.model import Phase, Standing
from frontdesk.operations.maintenance.queries.figures import ErrorType, KnownError
from frontdesk.routing import Routes


class EmergencyStopOrder(BaseModel, extra="forbid"):
    """Whether all sending is stopped."""

    key: Literal["emergency_stop"]
    value: StrictBool


class MaxEmailsOrder(BaseModel, extra="forbid"):
    """How many e-mails one run may send."""

    key: Literal["max_emails_per_run"]
    value: Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


ConfigOrder = Annotated[EmergencyStopOrder | MaxEmailsOrder, Field(discriminator="key")]


class ErrorsAnswer(BaseModel):
    """What went wrong, newest first."""

    items: list[KnownError]


class CleanupOrder(BaseModel, extra="forbid"):
    """Whether to count only."""

    dry_run: bool = False


class TableView(BaseModel):
    """A table: sizes in bytes, rows as PostgreSQL estimates them."""

    name: str
    total_bytes: int
    index_bytes: int
    live_rows: int
    dead_rows: int
    table_scans: int
    index_scans: int
    vacuumed_at: datetime | None
    analyzed_at: datetime | None
    oldest_at: datetime | None
    hint: str


class DatabaseView(BaseModel):
    """The database and its tables, the largest first."""

    total_bytes: int
    tables: list[TableView]


class MaintenanceView(BaseModel):
    """How maintenance stands."""

    id: UUID
    phase: Phase
    reason: str
    started_by: str
    started_at: datetime
    expected_until: datetime
    drained_at: datetime | None
    ended_at: datetime | None
    watch_until: datetime | None
    in_flight: int
    queued: int
    not_well: list[str]

    @classmethod
    def of(cls, standing: Standing) -> Self:
        """Show it."""
        one = standing.window
        return cls(
            id=one.id,
            phase=standing.phase,
            reason=one.reason,
            started_by=one.started_by,
            started_at=one.started_at,
            expected_until=one.expected_until,
            drained_at=one.drained_at,
            ended_at=one.ended_at,
            watch_until=one.watch_until,
            in_flight=standing.in_flight,
            queued=standing.queued,
            not_well=list(standing.not_well),
        )


class MaintenanceAnswer(BaseModel):
    """The window that is open or watched; null if there is none."""

    maintenance: MaintenanceView | None


def router(access: Access, *, ages: RetentionSettings, wake: Callable[[], None]) -> APIRouter:
    """Make the routes; `wake` tells sleepers that a switch moved."""
    routes = Routes(tags=["operations"])
    _add_config(routes, access, wake)
    _add_figures(routes, access)
    _add_maintenance(routes, access, ages)
    return routes


def _add_config(routes: APIRouter, access: Access, wake: Callable[[], None]) -> None:
    may_read = access.to_platform(Scope.DELIVERY_READ)
    may_pause = access.to_platform(Scope.DELIVERY_PAUSE, reserved=True)

    @routes.get("/api/config", summary="Read the switches of the whole platform")
    async def read_config(visit: Annotated[PlatformVisit, Depends(may_read)]) -> Config:
        async with visit.transaction() as tx:
            return await config.read_config(tx)

    @routes.post("/api/config", summary="Stop all sending or let it go on; limit e-mails")
    async def write_config(visit: Annotated[PlatformVisit, Depends(may_pause)], order: ConfigOrder) -> Config:
        if isinstance(order, MaxEmailsOrder):
            _need(visit, Scope.OPERATIONS_WRITE)
        elif not order.value:
            _need(visit, Scope.DELIVERY_RESUME)
        async with visit.transaction() as tx:
            if not isinstance(order, MaxEmailsOrder) and not order.value:
                refuse_unproven(visit.principal, now=tx.now)
            if isinstance(order, MaxEmailsOrder):
                await config.set_max_emails(tx, limit=order.value, by=visit.actor)
            else:
                await config.set_emergency_stop(tx, stopped=order.value, by=visit.actor)
                tx.on_commit(wake)
        async with visit.transaction() as tx:
            return await config.read_config(tx)


def _add_figures(routes: APIRouter, access: Access) -> None:
    reading = Depends(access.to_platform(Scope.OPERATIONS_READ))

    @routes.get("/api/stats", summary="Read the figures of the day")
    async def stats(visit: Annotated[PlatformVisit, reading]) -> Stats:
        async with visit.transaction() as tx:
            return await figures.read_stats(tx)

    @routes.get("/api/errors", summary="List what went wrong last")
    async def errors(
        visit: Annotated[PlatformVisit, reading],
        kind: Annotated[ErrorType | None, Query(alias="type")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> ErrorsAnswer:
        async with visit.transaction() as tx:
            return ErrorsAnswer(items=await figures.list_errors(tx, kind=kind, limit=limit))

    @routes.get("/api/retry-queue/stats", summary="Count what failed and waits")
    async def retry_queue(visit: Annotated[PlatformVisit, reading]) -> RetryQueue:
        async with visit.transaction() as tx:
            return await figures.read_retry_queue(tx)


def _add_maintenance(routes: APIRouter, access: Access, ages: RetentionSettings) -> None:
    reading = Depends(access.to_platform(Scope.OPERATIONS_READ))
    writing = Depends(access.to_platform(Scope.OPERATIONS_WRITE))

    @routes.get("/api/maintenance", summary="Tell whether maintenance is on, and how far it is")
    async def maintenance(visit: Annotated[PlatformVisit, reading]) -> MaintenanceAnswer:
        async with visit.transaction() as tx:
            standing = await window.find_maintenance(tx)
        return MaintenanceAnswer(maintenance=None if standing is None else MaintenanceView.of(standing))

    @routes.get("/api/maintenance/db-stats", summary="Measure the database: sizes, dead rows, oldest rows, index use")
    async def db_stats(visit: Annotated[PlatformVisit, reading]) -> DatabaseView:
        async with visit.transaction() as tx:
            found = await cleaning.measure_database(tx)
        return DatabaseView(
            total_bytes=found.total_bytes,
            tables=[
                TableView(
                    name=one.stats.name,
                    total_bytes=one.stats.total_bytes,
                    index_bytes=one.stats.index_bytes,
                    live_rows=one.stats.live_rows,
                    dead_rows=one.stats.dead_rows,
                    table_scans=one.stats.table_scans,
                    index_scans=one.stats.index_scans,
                    vacuumed_at=one.stats.vacuumed_at,
                    analyzed_at=one.stats.analyzed_at,
                    oldest_at=one.oldest_at,
                    hint=one.hint,
                )
                for one in found.tables
            ],
        )

    @routes.post("/api/maintenance/cleanup", status_code=202, summary="Forget now what is older than it is kept")
    async def cleanup(visit: Annotated[PlatformVisit, writing], order: CleanupOrder | None = None) -> Ordered:
        async with visit.transaction() as tx:
            return await cleaning.order_cleanup(tx, ages, by=visit.actor, dry_run=order is not None and order.dry_run)


def _need(visit: PlatformVisit, scope: Scope) -> None:
    if scope not in visit.principal.scopes_for(None):
        raise Refused("auth.scope_missing", f"This needs the scope {scope}.", status=403)
