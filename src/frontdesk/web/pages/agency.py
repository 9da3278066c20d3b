"""The page of many businesses: one line for each, sorted as one likes, with a brake in reach."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from frontdesk.features.delivery.routes import pause_business, resume_business
from frontdesk.features.insights.queries.agency import BusinessDay
from frontdesk.kernel.auth import Scope, Session
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.settings.entry import SignUp
from frontdesk.routing import Routes
from frontdesk.web.access import Caller, FrontDoor, list_businesses
from frontdesk.web.agency import MOST, read_days
from frontdesk.web.pages.frame import go_to
from frontdesk.web.pages.rows import Chip, Tone
from frontdesk.web.rendering import render
from frontdesk.wiring import Frontdesk

FULL = 100
NEARLY = 80


class Order(StrEnum):
    """What the lines are sorted by."""

    NAME = "name"
    CALLS = "calls"
    MISSED = "missed"
    TEXTED = "texted"
    REPLIES = "replies"
    BOOKINGS = "bookings"
    SPENT = "spent"
    STATE = "state"


COLUMNS: Sequence[tuple[Order, str]] = (
    (Order.NAME, "Business"),
    (Order.STATE, "State"),
    (Order.CALLS, "Calls"),
    (Order.MISSED, "Missed"),
    (Order.TEXTED, "Texted back"),
    (Order.REPLIES, "Replies"),
    (Order.BOOKINGS, "Bookings"),
    (Order.SPENT, "Spent today"),
)
SortKey: TypeAlias = Callable[["Line"], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A business's line: its day, how it is in a word, and what of its budget is spent, in percent."""

    day: BusinessDay
    chips: tuple[Chip, ...]
    share: int
    tone: Tone
    may_pause: bool
    may_resume: bool

    @property
    def trouble(self) -> int:
        """How much it needs somebody, to sort by."""
        return sum({Tone.BAD: 100, Tone.WARN: 10}.get(chip.tone, 0) for chip in self.chips)


def agency_pages(parts: Frontdesk, door: FrontDoor, *, wake: Callable[[], None]) -> APIRouter:
    """Make the routes of the page."""
    routes = Routes(prefix="/agency", include_in_schema=False)

    @routes.get("")
    async def agency(
        request: Request,
        caller: Annotated[Caller, Depends(door.anybody_known)],
        by: Order = Order.NAME,
        after: UUID | None = None,
    ) -> Response:
        days = await read_days(parts, caller, after=after)
        page = render(
            "agency.html",
            caller=caller,
            businesses=await list_businesses(parts.system, caller),
            business=None,
            section="agency",
            lines=sort_lines([make_line(day, caller) for day in days], by),
            columns=COLUMNS,
            by=by,
            next=days[-1].tenant_id if len(days) == MOST else None,
            first=after is not None,
            may_add=_may_add(parts, caller),
            csrf=door.entrance.csrf_for(request),
        )
        return HTMLResponse(page)

    @routes.post("/{tenant_id}/pause")
    async def pause(
        _tenant_id: Annotated[UUID, Path(alias="tenant_id")],
        visit: Annotated[Visit, Depends(door.to_business(Scope.DELIVERY_PAUSE, reserved=True))],
    ) -> Response:
        await pause_business(visit, parts.switches, reason="", wake=wake)
        return go_to("/agency")

    @routes.post("/{tenant_id}/resume")
    async def resume(
        _tenant_id: Annotated[UUID, Path(alias="tenant_id")],
        visit: Annotated[Visit, Depends(door.to_business(Scope.DELIVERY_RESUME, reserved=True, proven=True))],
    ) -> Response:
        await resume_business(visit, parts.switches, wake=wake)
        return go_to("/agency")

    return routes


def make_line(day: BusinessDay, caller: Caller) -> Line:
    """Make a business's line for who looks."""
    held = caller.principal.scopes_for(day.tenant_id)
    budget = day.daily_budget_cents
    share = int(day.spent_cents * 100 / budget) if budget > Decimal(0) else (FULL if day.spent_cents else 0)
    return Line(
        day=day,
        chips=tuple(_chips(day, share)),
        share=min(share, FULL),
        tone=Tone.BAD if share >= FULL else Tone.WARN if share >= NEARLY else Tone.GOOD,
        may_pause=Scope.DELIVERY_PAUSE in held,
        may_resume=Scope.DELIVERY_RESUME in held,
    )


def sort_lines(lines: Sequence[Line], by: Order) -> list[Line]:
    """Sort lines: names from A, everything else from what is most."""
    keys: dict[Order, SortKey] = {
        Order.NAME: lambda _one: 0,
        Order.CALLS: lambda one: -one.day.calls,
        Order.MISSED: lambda one: -one.day.missed,
        Order.TEXTED: lambda one: -one.day.texted,
        Order.REPLIES: lambda one: -one.day.replies,
        Order.BOOKINGS: lambda one: -one.day.bookings,
        Order.SPENT: lambda one: -float(one.day.spent_cents),
        Order.STATE: lambda one: -one.trouble,
    }
    return sorted(sorted(lines, key=lambda one: one.day.name.casefold()), key=keys[by])


def _chips(day: BusinessDay, share: int) -> list[Chip]:
    found = []
    if day.paused_at is not None:
        found.append(Chip("paused", Tone.BAD, f"by {day.paused_by}"))
    if not day.numbers:
        found.append(Chip("no number yet", Tone.WARN))
    if day.in_care:
        words = "1 number needs care" if day.in_care == 1 else f"{day.in_care} numbers need care"
        found.append(Chip(words, Tone.WARN))
    if day.in_doubt:
        found.append(Chip(f"{day.in_doubt} being checked", Tone.WARN, "Texts whose fate is asked for at the carrier"))
    if share >= FULL:
        found.append(Chip("budget used up", Tone.BAD))
    return found or [Chip("all well", Tone.GOOD)]


def _may_add(parts: Frontdesk, caller: Caller) -> bool:
    session = caller.principal if isinstance(caller.principal, Session) else None
    return session is not None and (session.platform_admin or parts.settings.entry.sign_up is not SignUp.CLOSED)
