"""The set-up of a new business, a screen for each thing: hours, number, words, and a call to try it with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from frontdesk.features import insights, senders, tenants
from frontdesk.features.contacts.zones import country_names
from frontdesk.features.tenants import SetupStep
from frontdesk.features.tenants.routes import TenantChange, apply
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import go_to
from frontdesk.web.pages.hours_form import (
    HoursForm,
    judge_hours,
    read_hours,
    said,
    same_all_week,
    show_hours,
    zone_choices,
)
from frontdesk.web.pages.views import read_place
from frontdesk.web.pages.wording_form import TAG_WORDS, Words, read_words
from frontdesk.web.rendering import render
from frontdesk.web.simulate import MissedCallOrder, Simulator
from frontdesk.web.welcome_number import NumberDesk
from frontdesk.wiring import Frontdesk

UNPROCESSABLE = 422
STEPS = (
    ("business", "Business"),
    (SetupStep.HOURS.value, "Hours"),
    (SetupStep.NUMBER.value, "Number"),
    (SetupStep.WORDS.value, "Words"),
    (SetupStep.TEST.value, "Test call"),
)


@dataclass(frozen=True, slots=True)
class Screens:
    """Shows the screens of one business, each with how far it has come."""

    parts: Frontdesk
    door: FrontDoor

    async def show(
        self, request: Request, visit: Visit, key: str, values: Mapping[str, object], *, status: int = 200
    ) -> Response:
        """Answer with a screen."""
        async with visit.transaction() as tx:
            tenant = await tenants.get_tenant(tx)
            setup = await tenants.find_setup(tx)
        reached = [SetupStep.TEST, *SetupStep][0 if setup is None else list(SetupStep).index(setup.step) + 1]
        keys = [one for one, _ in STEPS]
        page = render(
            f"welcome_{key}.html",
            **values,
            tenant=tenant,
            steps=STEPS,
            here=keys.index(key),
            reached=keys.index(reached.value),
            base=f"/businesses/{tenant.id}/welcome",
            csrf=self.door.entrance.csrf_for(request),
        )
        return HTMLResponse(page, status_code=status)


def setup_router(parts: Frontdesk, door: FrontDoor, *, simulator: Simulator) -> APIRouter:
    """Make the routes of the set-up."""
    routes = Routes(prefix="/businesses/{tenant_id}/welcome", include_in_schema=False)
    screens = Screens(parts, door)
    _add_business(routes, door, screens)
    _add_hours(routes, door, screens)
    _add_number(routes, door, screens, NumberDesk(parts))
    _add_words(routes, door, screens)
    _add_test(routes, door, screens, simulator)
    return routes


def _add_business(routes: APIRouter, door: FrontDoor, screens: Screens) -> None:
    may_write = door.to_business(Scope.TENANTS_WRITE)

    @routes.get("")
    async def business_screen(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with visit.transaction() as tx:
            tenant = await tenants.get_tenant(tx)
        values = {"name": tenant.name, "country": tenant.country, "countries": country_names(), "wrong": ""}
        return await screens.show(request, visit, "business", values)

    @routes.post("")
    async def change_business(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with request.form() as form:
            name, country = said(form, "business"), said(form, "country")
        try:
            change = TenantChange(name=name, country=country)
        except ValidationError:
            wrong = "Write the name that your customers know, and choose a country."
            values = {"name": name, "country": country, "countries": country_names(), "wrong": wrong}
            return await screens.show(request, visit, "business", values, status=UNPROCESSABLE)
        await _save(visit, change)
        return go_to(f"/businesses/{visit.tenant_id}/welcome/hours")


def _add_hours(routes: APIRouter, door: FrontDoor, screens: Screens) -> None:
    may_write = door.to_business(Scope.TENANTS_WRITE)

    async def show(request: Request, visit: Visit, hours: HoursForm, *, status: int = 200) -> Response:
        async with visit.transaction() as tx:
            country = (await tenants.get_tenant(tx)).country
        values = {"hours": hours, "zones": zone_choices(country), "with_special": False}
        return await screens.show(request, visit, "hours", values, status=status)

    @routes.get("/hours")
    async def hours_screen(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with visit.transaction() as tx:
            hours = show_hours(await tenants.get_tenant(tx))
        return await show(request, visit, hours)

    @routes.post("/hours")
    async def change_hours(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with request.form() as form:
            typed, wanted = read_hours(form), said(form, "do")
        if wanted == "same":
            return await show(request, visit, same_all_week(typed))
        judged, document = judge_hours(typed)
        if document is None:
            return await show(request, visit, judged, status=UNPROCESSABLE)
        await _save(visit, TenantChange(timezone=judged.zone, hours=document), reached=SetupStep.NUMBER)
        return go_to(f"/businesses/{visit.tenant_id}/welcome/number")


def _add_number(routes: APIRouter, door: FrontDoor, screens: Screens, desk: NumberDesk) -> None:
    may_write = door.to_business(Scope.TENANTS_WRITE)
    may_add = door.to_business(Scope.TENANTS_WRITE, proven=True)

    @routes.get("/number")
    async def number_screen(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        return await screens.show(request, visit, "number", {"number": await desk.look(visit)})

    @routes.post("/number")
    async def take_number(request: Request, visit: Annotated[Visit, Depends(may_add)]) -> Response:
        async with request.form() as form:
            wanted = {name: said(form, name) for name in ("how", "offered", "own", "provider", "forwarding")}
        view = await desk.take(visit, wanted)
        if view is not None:
            return await screens.show(request, visit, "number", {"number": view}, status=UNPROCESSABLE)
        async with visit.transaction() as tx:
            await tenants.reach_step(tx, step=SetupStep.WORDS)
        return go_to(f"/businesses/{visit.tenant_id}/welcome/words")


def _add_words(routes: APIRouter, door: FrontDoor, screens: Screens) -> None:
    may_write = door.to_business(Scope.TENANTS_WRITE)

    @routes.get("/words")
    async def words_screen(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        return await screens.show(request, visit, "words", _values(await read_words(visit)))

    @routes.post("/words")
    async def change_words(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with request.form() as form:
            wanted, words = said(form, "do"), await read_words(visit, form)
        if wanted == "preview" or words.is_wrong:
            status = 200 if wanted == "preview" else UNPROCESSABLE
            return await screens.show(request, visit, "words", _values(words), status=status)
        change = TenantChange(
            textback_open_template=words.open.template, textback_closed_template=words.closed.template
        )
        await _save(visit, change, reached=SetupStep.TEST)
        return go_to(f"/businesses/{visit.tenant_id}/welcome/test")

    @routes.post("/words/preview")
    async def preview(request: Request, visit: Annotated[Visit, Depends(may_write)], which: str = "open") -> Response:
        async with request.form() as form:
            words = await read_words(visit, form)
        read = words.closed if which == "closed" else words.open
        return HTMLResponse(render("_wording.html", read=read, which="closed" if which == "closed" else "open"))


def _values(words: Words) -> dict[str, object]:
    return {"words": words, "tags": TAG_WORDS}


def _add_test(routes: APIRouter, door: FrontDoor, screens: Screens, simulator: Simulator) -> None:
    may_write = door.to_business(Scope.TENANTS_WRITE)

    @routes.get("/test")
    async def test_screen(
        request: Request, visit: Annotated[Visit, Depends(may_write)], after: UUID | None = None, part: str = ""
    ) -> Response:
        trail = await read_trail(visit, after=after, may_simulate=bool(simulator) and visit.may(Scope.SIMULATE))
        if part:
            base = f"/businesses/{visit.tenant_id}/welcome"
            page = render("_welcome_trail.html", trail=trail, base=base, csrf=door.entrance.csrf_for(request))
            return HTMLResponse(page)
        return await screens.show(request, visit, "test", {"trail": trail})

    @routes.post("/test")
    async def call(visit: Annotated[Visit, Depends(may_write)]) -> Response:
        if not visit.may(Scope.SIMULATE):
            raise Refused("auth.scope_missing", f"This needs the scope {Scope.SIMULATE.value}.", status=403)
        last = await _last_call(visit)
        await simulator.miss_call(visit, MissedCallOrder())
        mark = UUID(int=0) if last is None else last.id
        return go_to(f"/businesses/{visit.tenant_id}/welcome/test?after={mark}#trail")

    @routes.post("/done")
    async def finish(visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with visit.transaction() as tx:
            await tenants.finish_setup(tx)
        return go_to(f"/?business={visit.tenant_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """What became of the call that is tried: nothing yet, or each stage it has come through."""

    number: str
    zone: str
    may_simulate: bool
    after: UUID | None
    call: insights.CallEntry | None
    why: str

    @property
    def is_waiting(self) -> bool:
        """Whether something is still to come."""
        if self.call is None:
            return self.after is not None or not self.may_simulate
        return not self.why and (self.call.text is None or self.call.text.status != "delivered")


async def read_trail(visit: Visit, *, after: UUID | None, may_simulate: bool) -> Trail:
    """Read the newest call, if it came `after` the one that was the newest when the try began."""
    call = await _last_call(visit)
    if call is not None and after is not None and call.id <= after:
        call = None
    async with visit.transaction() as tx:
        numbers = await senders.list_numbers(tx)
        place = await read_place(tx)
    why = ""
    if call is not None and call.missed_at is not None:
        if call.text is not None and call.text.code:
            why = insights.why_no_text(call.text.code, who="you", citation=call.text.citation)
        elif call.text is None and call.reason:
            why = insights.why_no_text(call.reason, who="you")
    return Trail(
        number=numbers[0].phone_e164 if numbers else "",
        zone=place.zone,
        may_simulate=may_simulate,
        after=after,
        call=call,
        why=why,
    )


async def _last_call(visit: Visit) -> insights.CallEntry | None:
    async with visit.transaction() as tx:
        entries = await insights.list_timeline(tx, limit=10)
    return next((one for one in entries if isinstance(one, insights.CallEntry)), None)


async def _save(visit: Visit, change: TenantChange, *, reached: SetupStep | None = None) -> None:
    """Write settings as the API does, and note how far the set-up has come."""
    async with visit.transaction() as tx:
        before = await tenants.get_tenant(tx)
        after = apply(before, change)
        if after != before:
            await tenants.update_tenant(tx, after, by=visit.actor, changed=sorted(change.model_fields_set))
        if reached is not None:
            await tenants.reach_step(tx, step=reached)
