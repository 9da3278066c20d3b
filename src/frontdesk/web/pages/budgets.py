"""The tab of budgets: what texts may cost, have cost and will cost, and a change of it that is asked about first."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import tenants
from frontdesk.kernel import audit
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.amounts import read_cents
from frontdesk.web.pages.budgets_views import CHANGED, BudgetsView, Draft, read_budgets
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.web.words import money_words
from frontdesk.wiring import Frontdesk

UNPROCESSABLE = 422
MOST_CENTS = 100_000_000
Dollars = Annotated[str, Form(max_length=20)]


@dataclass(frozen=True, slots=True)
class Limits:
    """What texts may cost on a day and in a month, in cents."""

    daily: Decimal
    monthly: Decimal


def budget_pages(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of the tab of budgets."""
    routes = Routes(prefix="/businesses/{tenant_id}/settings/budgets", include_in_schema=False)
    frames = Frames(parts, door, section="settings", tab="budgets")
    may_read = door.to_business(Scope.DELIVERY_READ)
    may_change = door.to_business(Scope.TENANTS_WRITE)

    @routes.get("")
    async def show(request: Request, visit: Annotated[Visit, Depends(may_read)], notice: str = "") -> Response:
        async with visit.transaction() as tx:
            view = await read_budgets(tx, visit)
        return await _page(frames, request, visit, view, notice="The budgets are changed." if notice else "")

    @routes.post("")
    async def change(
        request: Request,
        visit: Annotated[Visit, Depends(may_change)],
        daily: Dollars = "",
        monthly: Dollars = "",
        sure: Dollars = "",
    ) -> Response:
        form = _read(daily, monthly)
        if form.limits is not None and sure == "yes":
            async with visit.transaction() as tx:
                await _change(tx, visit, form.limits)
            return go_to(f"/businesses/{visit.tenant_id}/settings/budgets?notice=changed")
        async with visit.transaction() as tx:
            view = await read_budgets(tx, visit)
        shown = Draft(daily=daily, monthly=monthly, wrong_daily=form.wrong_daily, wrong_monthly=form.wrong_monthly)
        if form.limits is not None:
            shown = replace(shown, asks=_consequences(view, form.limits))
        status = 200 if form.limits is not None else UNPROCESSABLE
        return await _page(frames, request, visit, replace(view, form=shown), status=status)

    return routes


async def _page(
    frames: Frames, request: Request, visit: Visit, view: BudgetsView, *, notice: str = "", status: int = 200
) -> Response:
    values = {"budgets": view, "notice": notice}
    return await frames.page(request, visit, Shown(template="budgets.html", values=values, status=status))


@dataclass(frozen=True, slots=True)
class _Read:
    limits: Limits | None
    wrong_daily: str
    wrong_monthly: str


def _read(daily: str, monthly: str) -> _Read:
    day, wrong_daily = _cents(daily)
    month, wrong_monthly = _cents(monthly)
    if day is not None and month is not None and month < day:
        wrong_monthly = "A month cannot have less than one of its days: write at least the amount of a day."
    if day is None or month is None or wrong_monthly:
        return _Read(None, wrong_daily, wrong_monthly)
    return _Read(Limits(day, month), "", "")


def _cents(text: str) -> tuple[Decimal | None, str]:
    cents = read_cents(text, most=MOST_CENTS)
    if cents is None:
        return None, f"Write an amount from 0 to {MOST_CENTS // 100:,} dollars in whole cents, like 50 or 49.90."
    return Decimal(cents), ""


def _consequences(view: BudgetsView, limits: Limits) -> tuple[str, ...]:
    """Say what a change does, before it is done."""
    words = [
        f"A day: {money_words(view.budget.daily_budget_cents)} now, {money_words(limits.daily)} then.",
        f"A month: {money_words(view.budget.monthly_budget_cents)} now, {money_words(limits.monthly)} then.",
    ]
    spent = view.budget
    if limits.daily <= spent.daily_spent_cents or limits.monthly <= spent.monthly_spent_cents:
        words.append("More than that is spent already: no text leaves until the next day or month begins.")
    elif limits.monthly < view.foreseen_cents:
        words.append("At the present pace the month's money is used up before its end; texts wait from then on.")
    return tuple(words)


async def _change(tx: Transaction, visit: Visit, limits: Limits) -> None:
    tenant = await tenants.get_tenant(tx)
    changed = replace(tenant, daily_budget_cents=limits.daily, monthly_budget_cents=limits.monthly, updated_at=tx.now)
    fields = ["daily_budget_cents", "monthly_budget_cents"]
    await tenants.update_tenant(tx, changed, by=visit.actor, changed=fields)
    await audit.write_entry(
        tx,
        actor=visit.actor,
        action=CHANGED,
        subject=f"tenant:{visit.tenant_id}",
        details={
            "daily_before_cents": str(tenant.daily_budget_cents),
            "daily_after_cents": str(limits.daily),
            "monthly_before_cents": str(tenant.monthly_budget_cents),
            "monthly_after_cents": str(limits.monthly),
        },
    )
