"""The JSON API of delivery: send jobs with their reasons, and the kill switches with their proof of stop."""

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from frontdesk.features import tenants
from frontdesk.features.delivery.model import JobStatus, StopProof
from frontdesk.features.delivery.queries.budgets import Budget
from frontdesk.features.delivery.queries.reports import Attempt, SendJob, StoredDecision
from frontdesk.features.delivery.service import budgeting, deciding, reports, switching
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, PlatformVisit, Visit
from frontdesk.kernel.db import Database
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of
from frontdesk.routing import Routes

CHANNELS = frozenset({"sms"})
# Who may visit was judged by it; it stands in a signature for the OpenAPI document alone.
TenantInPath = Annotated[UUID, Path(alias="tenant_id")]


class GateView(BaseModel):
    """One gate's word and the source of its rule."""

    gate: str
    verdict: str
    code: str
    citation: str
    until: datetime | None = None


class DecisionView(BaseModel):
    """What all gates said at a moment; `replays`: today's rules say the same of the facts they were given."""

    decided_at: datetime
    verdict: str
    code: str
    gates: list[GateView]
    rules_version: str
    replays: bool


class JobReportView(BaseModel):
    """A send job with every decision on it and every POST of it."""

    job: SendJob
    decisions: list[DecisionView]
    attempts: list[Attempt]


class StopProofView(BaseModel):
    """How sending stands: since when it is paused, what is still in flight, and the last POST that started."""

    paused: bool
    paused_at: datetime | None
    paused_by: str
    reason: str
    in_flight: int
    queued: int
    last_started_at: datetime | None


class BudgetView(BaseModel):
    """A business's limits and what it has reserved, in cents with fractions, in its own zone."""

    tenant_id: UUID
    day: date
    daily_spent_cents: Decimal
    daily_budget_cents: Decimal
    monthly_spent_cents: Decimal
    monthly_budget_cents: Decimal
    left_cents: Decimal

    @classmethod
    def of(cls, budget: Budget) -> Self:
        """Show a budget."""
        return cls(
            tenant_id=budget.tenant_id,
            day=budget.day,
            daily_spent_cents=budget.daily_spent_cents,
            daily_budget_cents=budget.daily_budget_cents,
            monthly_spent_cents=budget.monthly_spent_cents,
            monthly_budget_cents=budget.monthly_budget_cents,
            left_cents=max(Decimal(0), budget.left_cents),
        )


class SpentOrder(BaseModel, extra="forbid"):
    """What counts as spent today, in cents."""

    daily_spent_cents: Decimal = Field(ge=0, le=10**9, decimal_places=4)


class PauseOrder(BaseModel, extra="forbid"):
    """Why sending is paused."""

    reason: str = Field("", max_length=500)


class EmergencyStop(BaseModel):
    """Whether all sending is stopped."""

    emergency_stop: bool


def router(access: Access, *, switches: Database, wake: Callable[[], None]) -> APIRouter:
    """Make the routes of delivery; `switches` has a connection to spare, `wake` tells sleepers that a switch moved."""
    routes = Routes(tags=["delivery"])
    _add_reports(routes, access)
    _add_budgets(routes, access)
    _add_tenant_switches(routes, access, switches, wake)
    _add_platform_switches(routes, access, wake)
    return routes


def _add_budgets(routes: APIRouter, access: Access) -> None:
    @routes.get("/api/budgets", summary="Read what texts may cost and what they have cost, today and this month")
    async def get_budget(visit: Annotated[Visit, Depends(access.to_business(Scope.DELIVERY_READ))]) -> BudgetView:
        async with visit.transaction() as tx:
            return BudgetView.of(await budgeting.get_budget(tx))

    @routes.patch("/api/budgets", summary="Correct what counts as spent today; the limits are settings of the business")
    async def correct_spent(
        order: SpentOrder, visit: Annotated[Visit, Depends(access.to_business(Scope.TENANTS_WRITE))]
    ) -> BudgetView:
        async with visit.transaction() as tx:
            return BudgetView.of(
                await budgeting.correct_spent(tx, daily_spent_cents=order.daily_spent_cents, by=visit.actor)
            )


def _add_reports(routes: APIRouter, access: Access) -> None:
    @routes.get("/api/send-jobs", summary="List send jobs, newest first")
    async def list_jobs(
        visit: Annotated[Visit, Depends(access.to_business(Scope.DELIVERY_READ))],
        status: Annotated[list[JobStatus] | None, Query()] = None,
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[SendJob]:
        async with visit.transaction() as tx:
            found = await reports.list_jobs(tx, statuses=status or (), before=before, limit=limit)
        return page_of(found, found[-1].id if found else None, limit=limit)

    @routes.get("/api/send-jobs/{job_id}", summary="Read a send job: its decisions with sources, and its POSTs")
    async def report_job(
        job_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.DELIVERY_READ))]
    ) -> JobReportView:
        async with visit.transaction() as tx:
            report = await reports.report_job(tx, job_id=job_id)
        return JobReportView(
            job=report.job,
            decisions=[describe_decision(decision) for decision in report.decisions],
            attempts=report.attempts,
        )


def _add_tenant_switches(routes: APIRouter, access: Access, switches: Database, wake: Callable[[], None]) -> None:
    may_pause = access.to_business(Scope.DELIVERY_PAUSE, reserved=True)
    may_resume = access.to_business(Scope.DELIVERY_RESUME, reserved=True, proven=True)
    may_read = access.to_business(Scope.DELIVERY_READ)

    @routes.post("/api/tenants/{tenant_id}/pause", summary="Pause a business's sending and prove that it stopped")
    @routes.post("/tenants/{tenant_id}/pause", include_in_schema=False)
    async def pause(
        _tenant_id: TenantInPath, visit: Annotated[Visit, Depends(may_pause)], order: PauseOrder | None = None
    ) -> StopProofView:
        return await pause_business(visit, switches, reason=order.reason if order else "", wake=wake)

    @routes.post("/api/tenants/{tenant_id}/resume", summary="Let a business's sending go on")
    @routes.post("/tenants/{tenant_id}/resume", include_in_schema=False)
    async def resume(_tenant_id: TenantInPath, visit: Annotated[Visit, Depends(may_resume)]) -> StopProofView:
        return await resume_business(visit, switches, wake=wake)

    @routes.get("/api/tenants/{tenant_id}/pause", summary="Tell how a business's sending stands")
    async def proof(_tenant_id: TenantInPath, visit: Annotated[Visit, Depends(may_read)]) -> StopProofView:
        async with visit.transaction() as tx:
            return describe_proof(
                await switching.prove_stop(tx, scope=switching.Scope.TENANT, key=str(visit.tenant_id))
            )


def _add_platform_switches(routes: APIRouter, access: Access, wake: Callable[[], None]) -> None:
    may_read = access.to_platform(Scope.DELIVERY_READ)
    may_pause = access.to_platform(Scope.DELIVERY_PAUSE, reserved=True)
    may_resume = access.to_platform(Scope.DELIVERY_RESUME, reserved=True, proven=True)

    @routes.get("/api/config/emergency_stop", summary="Tell whether all sending is stopped")
    async def read_emergency_stop(visit: Annotated[PlatformVisit, Depends(may_read)]) -> EmergencyStop:
        async with visit.transaction() as tx:
            proof = await switching.prove_stop(tx, scope=switching.Scope.GLOBAL, key="all")
        return EmergencyStop(emergency_stop=proof.paused_at is not None)

    @routes.post("/api/channels/{channel}/pause", summary="Pause a channel everywhere and prove that it stopped")
    async def pause_channel(
        channel: str, visit: Annotated[PlatformVisit, Depends(may_pause)], order: PauseOrder | None = None
    ) -> StopProofView:
        reason = order.reason if order else ""
        return await _switch(visit, switching.Scope.CHANNEL, _known(channel), paused=True, reason=reason, wake=wake)

    @routes.post("/api/channels/{channel}/resume", summary="Let a channel's sending go on")
    async def resume_channel(channel: str, visit: Annotated[PlatformVisit, Depends(may_resume)]) -> StopProofView:
        return await _switch(visit, switching.Scope.CHANNEL, _known(channel), paused=False, reason="", wake=wake)


async def pause_business(visit: Visit, switches: Database, *, reason: str, wake: Callable[[], None]) -> StopProofView:
    """Pause the visited business's sending over the connection kept back for it, and prove the stop."""
    key = str(visit.tenant_id)
    async with switches.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
        await tenants.get_tenant(tx)
        await switching.pause_sending(tx, scope=switching.Scope.TENANT, key=key, by=visit.actor, reason=reason.strip())
        tx.on_commit(wake)
    async with switches.transaction(visit.tenant_id) as tx:
        return describe_proof(await switching.prove_stop(tx, scope=switching.Scope.TENANT, key=key))


async def resume_business(visit: Visit, switches: Database, *, wake: Callable[[], None]) -> StopProofView:
    """Let the visited business's sending go on, and tell how it stands."""
    key = str(visit.tenant_id)
    async with switches.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
        await tenants.get_tenant(tx)
        await switching.resume_sending(tx, scope=switching.Scope.TENANT, key=key, by=visit.actor)
        tx.on_commit(wake)
        return describe_proof(await switching.prove_stop(tx, scope=switching.Scope.TENANT, key=key))


async def _switch(
    visit: PlatformVisit, scope: switching.Scope, key: str, *, paused: bool, reason: str, wake: Callable[[], None]
) -> StopProofView:
    async with visit.transaction() as tx:
        if paused:
            await switching.pause_sending(tx, scope=scope, key=key, by=visit.actor, reason=reason)
        else:
            await switching.resume_sending(tx, scope=scope, key=key, by=visit.actor)
        tx.on_commit(wake)
    async with visit.transaction() as tx:
        return describe_proof(await switching.prove_stop(tx, scope=scope, key=key))


def describe_proof(proof: StopProof) -> StopProofView:
    """Show a proof of stop as the API does."""
    return StopProofView(
        paused=proof.paused_at is not None,
        paused_at=proof.paused_at,
        paused_by=proof.paused_by if proof.paused_at else "",
        reason=proof.reason if proof.paused_at else "",
        in_flight=proof.in_flight,
        queued=proof.queued,
        last_started_at=proof.last_started_at,
    )


def describe_decision(decision: StoredDecision) -> DecisionView:
    """Show a stored decision as the API does."""
    return DecisionView(
        decided_at=decision.decided_at,
        verdict=decision.verdict,
        code=decision.code,
        gates=[GateView(**gate) for gate in json.loads(decision.gates_json)],
        rules_version=decision.rules_version,
        replays=deciding.replays(decision.facts_json, verdict=decision.verdict, code=decision.code),
    )


def _known(channel: str) -> str:
    if channel not in CHANNELS:
        raise Refused("delivery.channel_unknown", f"There is no channel {channel[:40]}; there is sms.", status=404)
    return channel
