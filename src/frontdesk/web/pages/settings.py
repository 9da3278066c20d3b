"""The page of a business's settings: each section is a form of its own, saved as the JSON API would."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from frontdesk.features import tenants, textback
from frontdesk.features.contacts.zones import country_names
from frontdesk.features.tenants.routes import TenantChange, apply
from frontdesk.features.textback import DialogueSettings
from frontdesk.kernel import audit
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.entry import EntryDesk
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.web.pages.hours_form import (
    HoursForm,
    judge_hours,
    read_hours,
    said,
    same_all_week,
    show_hours,
    zone_choices,
)
from frontdesk.web.pages.settings_form import READERS, Typed, read_change, told
from frontdesk.web.pages.settings_team import add_team
from frontdesk.web.pages.views import read_pause
from frontdesk.web.pages.wording_form import TAG_WORDS, Words, read_words
from frontdesk.web.rendering import render
from frontdesk.wiring import Frontdesk

UNPROCESSABLE = 422
SAVED = {"about", "hours", "calls", "texts", "limits", "replies"}
MOST_MINUTES = 1440


def settings_pages(entry: EntryDesk, door: FrontDoor) -> APIRouter:
    """Make the routes of the settings of a business, and of its team."""
    routes = Routes(prefix="/businesses/{tenant_id}/settings", include_in_schema=False)
    desk = SettingsDesk(entry.parts, Frames(entry.parts, door, section="settings", tab="business"))
    _add_looking(routes, door, desk)
    _add_hours(routes, door, desk)
    _add_replies(routes, door, desk)
    add_team(routes, entry, door)
    _add_sections(routes, door, desk)
    return routes


class SettingsDesk:
    """Shows the settings, and what came of changing some."""

    def __init__(self, parts: Frontdesk, frames: Frames) -> None:
        self._parts = parts
        self._frames = frames

    async def show(
        self,
        request: Request,
        visit: Visit,
        *,
        typed: Typed | None = None,
        hours: HoursForm | None = None,
        words: Words | None = None,
        saved: str = "",
        status: int = 200,
    ) -> Response:
        """Answer with the page; what was typed stands in place of what is kept."""
        async with visit.transaction() as tx:
            tenant = await tenants.get_tenant(tx)
            replies = await textback.get_settings(tx)
            pause = await read_pause(tx, visit, by_setting=self._parts.courier.paused_by_setting)
            setup = await tenants.find_setup(tx)
        values: Mapping[str, object] = {
            "tenant": tenant,
            "typed": typed or Typed("", {}),
            "hours": hours or show_hours(tenant),
            "zones": zone_choices(tenant.country),
            "words": words or await read_words(visit),
            "tags": TAG_WORDS,
            "replies": replies,
            "pause": pause,
            "unfinished": "" if setup is None or setup.finished_at is not None else setup.step.value,
            "countries": country_names(),
            "calls": self._parts.settings.calls,
            "may_write": visit.may(Scope.TENANTS_WRITE),
            "saved": saved if saved in SAVED else "",
        }
        return await self._frames.page(request, visit, Shown(template="settings.html", values=values, status=status))


def _add_looking(routes: APIRouter, door: FrontDoor, desk: SettingsDesk) -> None:
    @routes.get("")
    async def settings(
        request: Request,
        visit: Annotated[Visit, Depends(door.to_business(Scope.TENANTS_READ))],
        saved: Annotated[str, Query(max_length=20)] = "",
    ) -> Response:
        return await desk.show(request, visit, saved=saved)

    @routes.post("/words/preview")
    async def preview(
        request: Request, visit: Annotated[Visit, Depends(door.to_business(Scope.TENANTS_WRITE))], which: str = "open"
    ) -> Response:
        async with request.form() as form:
            words = await read_words(visit, form)
        read = words.closed if which == "closed" else words.open
        return HTMLResponse(render("_wording.html", read=read, which="closed" if which == "closed" else "open"))


def _add_sections(routes: APIRouter, door: FrontDoor, desk: SettingsDesk) -> None:
    for section in READERS:
        _add_section(routes, door, desk, section)


def _add_section(routes: APIRouter, door: FrontDoor, desk: SettingsDesk, section: str) -> None:
    @routes.post(f"/{section}")
    async def change(
        request: Request, visit: Annotated[Visit, Depends(door.to_business(Scope.TENANTS_WRITE))]
    ) -> Response:
        async with request.form() as form:
            return await _change(request, visit, desk, section, form)


async def _change(request: Request, visit: Visit, desk: SettingsDesk, section: str, form: FormData) -> Response:
    words = await read_words(visit, form) if section == "texts" else None
    async with visit.transaction() as tx:
        tenant = await tenants.get_tenant(tx)
    change, typed = read_change(section, form, tenant)
    if change is None or (words is not None and (words.is_wrong or said(form, "do") == "preview")):
        status = 200 if said(form, "do") == "preview" else UNPROCESSABLE
        return await desk.show(request, visit, typed=typed, words=words, status=status)
    try:
        await save(visit, change)
    except Refused as refusal:
        return await desk.show(request, visit, typed=told(typed, refusal), words=words, status=refusal.status)
    return _saved(visit, section)


def _add_hours(routes: APIRouter, door: FrontDoor, desk: SettingsDesk) -> None:
    @routes.post("/hours")
    async def change_hours(
        request: Request, visit: Annotated[Visit, Depends(door.to_business(Scope.TENANTS_WRITE))]
    ) -> Response:
        async with request.form() as form:
            typed, wanted = read_hours(form), said(form, "do")
        if wanted == "same":
            return await desk.show(request, visit, hours=same_all_week(typed))
        judged, document = judge_hours(typed)
        if document is None:
            return await desk.show(request, visit, hours=judged, status=UNPROCESSABLE)
        await save(visit, TenantChange(timezone=judged.zone, hours=document))
        return _saved(visit, "hours")


def _add_replies(routes: APIRouter, door: FrontDoor, desk: SettingsDesk) -> None:
    @routes.post("/replies")
    async def change_replies(
        request: Request, visit: Annotated[Visit, Depends(door.to_business(Scope.TENANTS_WRITE))]
    ) -> Response:
        async with request.form() as form:
            minutes = said(form, "person_within_minutes")
            active, model = bool(said(form, "active")), bool(said(form, "model_allowed"))
        if not minutes.isdecimal() or not 1 <= int(minutes[:6]) <= MOST_MINUTES:
            wrong = {"person_within_minutes": f"Write 1 to {MOST_MINUTES:,} minutes."}
            typed = Typed("replies", {"person_within_minutes": minutes}, wrong)
            return await desk.show(request, visit, typed=typed, status=UNPROCESSABLE)
        after = DialogueSettings(active=active, model_allowed=model, person_within_minutes=int(minutes[:6]))
        async with visit.transaction() as tx:
            if await textback.get_settings(tx) != after:
                await textback.change_settings(tx, after)
                await audit.write_entry(
                    tx, actor=visit.actor, action="textback.dialogue_changed", subject=f"tenant:{visit.tenant_id}"
                )
        return _saved(visit, "replies")


async def save(visit: Visit, change: TenantChange) -> None:
    """Write settings as the API does, with who changed what on the audit log."""
    async with visit.transaction() as tx:
        before = await tenants.get_tenant(tx)
        after = apply(before, change)
        was, now = asdict(before), asdict(after)
        changed = [name for name in sorted(change.model_fields_set) if now[name] != was[name]]
        if changed:
            await tenants.update_tenant(tx, after, by=visit.actor, changed=changed)


def _saved(visit: Visit, section: str) -> Response:
    return go_to(f"/businesses/{visit.tenant_id}/settings?saved={section}#{section}")
