"""Writing a campaign on a page: its form, a live count of its people, and what is wrong with its words."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import campaigns, contacts, delivery, senders, tenants
from frontdesk.features.campaigns import Variant
from frontdesk.features.contacts.service import cards, segments
from frontdesk.kernel import idempotency
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.campaign_form import (
    MAX_WORDINGS,
    CampaignForm,
    Wording,
    draft_of,
    form_of,
    letter,
    new_form,
    read_form,
)
from frontdesk.web.pages.campaign_preview import Looked, PhoneView, look_at_audience, show_phone
from frontdesk.web.pages.campaign_reading import WordsView, read_words
from frontdesk.web.pages.campaign_views import NumberLine, show_numbers
from frontdesk.web.pages.frame import FRAGMENT, Frames, Shown, go_to
from frontdesk.web.pages.views import Place, read_place

NOT_FOUND = 404
MAX_SEGMENTS = 200
MAX_SAMPLE = 10
MAX_HIDDEN = 400
MOST_DIGITS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a look at a form told: who fits, what is wrong with the words, and how one of the people reads them."""

    looked: Looked
    words: Sequence[WordsView]
    phone: PhoneView


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorView:
    """The form and what can be chosen in it; `campaign_id` is None for a new one."""

    place: Place
    business: str
    campaign_id: UUID | None
    form: CampaignForm
    key: str
    tags: Sequence[str]
    segments: Sequence[contacts.Segment]
    numbers: Sequence[NumberLine]
    budget: delivery.Budget
    quiet: str
    checked: Checked
    may_add: bool
    wrong: str


def add_editor(routes: APIRouter, door: FrontDoor, frames: Frames) -> None:
    """Add the routes of the form."""
    may_write = door.to_business(Scope.CAMPAIGNS_WRITE)
    editor = Editor(frames)

    @routes.get("/new")
    async def new_campaign(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        return await editor.show(request, visit, campaign_id=None)

    @routes.post("")
    async def create(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with request.form() as form:
            return await editor.save(request, visit, form, campaign_id=None)

    @routes.post("/check")
    async def check(request: Request, visit: Annotated[Visit, Depends(may_write)], part: str = "") -> Response:
        async with request.form() as form:
            return await editor.check(request, visit, form, part=part)

    @routes.get("/{campaign_id}/edit")
    async def edit(request: Request, campaign_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        return await editor.show(request, visit, campaign_id=campaign_id)

    @routes.post("/{campaign_id}/edit")
    async def change(request: Request, campaign_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with request.form() as form:
            return await editor.save(request, visit, form, campaign_id=campaign_id)


class Editor:
    """Shows the form, looks at it, and saves what it says."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames

    async def show(
        self,
        request: Request,
        visit: Visit,
        *,
        campaign_id: UUID | None,
        form: CampaignForm | None = None,
        checked: Checked | None = None,
        key: str = "",
        refusal: Refused | None = None,
    ) -> Response:
        """Answer with the form as it was typed, as the campaign is, or as it begins."""
        async with visit.transaction() as tx:
            tenant, numbers = await tenants.get_tenant(tx), await senders.list_numbers(tx)
            lines = show_numbers(numbers)
            if form is None and campaign_id is not None:
                known = await campaigns.get_campaign(tx, campaign_id=campaign_id)
                form = form_of(known, zone=tenant.timezone)
            able = [one.phone_e164 for one in lines if not one.why_not] or [one.phone_e164 for one in lines[:1]]
            form = form or new_form(zone=tenant.timezone, now=tx.now, senders=able)
            checked = checked or await _check(tx, form, Looked(), business=tenant.name)
            view = EditorView(
                place=await read_place(tx),
                business=tenant.name,
                campaign_id=campaign_id,
                form=form,
                key=key or str(new_id()),
                tags=await cards.list_tag_names(tx),
                segments=await segments.list_segments(tx, before=None, limit=MAX_SEGMENTS),
                numbers=lines,
                budget=await delivery.get_budget(tx),
                quiet=f"{tenant.quiet_from:%H:%M} to {tenant.quiet_until:%H:%M}",
                checked=checked,
                may_add=len(form.wordings) < MAX_WORDINGS,
                wrong="" if refusal is None else refusal.message,
            )
        status = 200 if refusal is None else refusal.status
        shown = Shown(template="campaign_form.html", values={"editor": view}, status=status)
        return await self._frames.page(request, visit, shown)

    async def check(self, request: Request, visit: Visit, form: FormData, *, part: str) -> Response:
        """Look at a form without saving it; a browser without scripts gets the whole page again."""
        typed = read_form(form)
        if "more" in form and len(typed.wordings) < MAX_WORDINGS:
            name = letter(len(typed.wordings))
            typed = replace(typed, wordings=(*typed.wordings, Wording(name=name, body="")))
        async with visit.transaction() as tx:
            business = (await tenants.get_tenant(tx)).name
            looked = await look_at_audience(tx, typed, _looked_before(form))
            checked = await _check(tx, typed, looked, business=business, at=_place_of(form))
        if FRAGMENT in request.headers and part in ("audience", "words"):
            base = f"/businesses/{visit.tenant_id}/campaigns"
            values = {"checked": checked, "base": base, "out_of_band": True}
            return self._frames.part(request, Shown(template="_campaign_phone.html", values=values))
        known = _id_of(form)
        if known is not None:
            async with visit.transaction() as tx:
                await campaigns.get_campaign(tx, campaign_id=known)
        return await self.show(request, visit, campaign_id=known, form=typed, checked=checked, key=_key_of(form))

    async def save(self, request: Request, visit: Visit, form: FormData, *, campaign_id: UUID | None) -> Response:
        """Save a form and show its campaign; a refusal is told on the form."""
        typed = read_form(form)
        try:
            async with visit.transaction() as tx:
                saved = await self._save(tx, visit, typed, campaign_id=campaign_id, key=_key_of(form))
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                raise
            return await self.show(
                request, visit, campaign_id=campaign_id, form=typed, key=_key_of(form), refusal=refusal
            )
        return go_to(f"/businesses/{visit.tenant_id}/campaigns/{saved}")

    async def _save(
        self, tx: Transaction, visit: Visit, typed: CampaignForm, *, campaign_id: UUID | None, key: str
    ) -> UUID:
        zone = (await tenants.get_tenant(tx)).timezone
        if campaign_id is not None:
            await campaigns.get_campaign(tx, campaign_id=campaign_id)
            draft = draft_of(typed, zone=zone)
            return (await campaigns.change_campaign(tx, campaign_id=campaign_id, draft=draft, by=visit.actor)).id
        draft = draft_of(typed, zone=zone)

        async def make() -> UUID:
            return (await campaigns.create_campaign(tx, draft, by=visit.actor)).id

        # Pressed twice it makes one campaign; gone back to and changed it makes another.
        content = msgspec.json.encode(draft, order="deterministic").decode()
        digest = hashlib.sha256(content.encode()).hexdigest()
        saved, _ = await idempotency.once(
            tx, operation="campaigns.page", key=f"{key}:{digest}" if key else None, request=content, make=make
        )
        return saved


def _words(form: CampaignForm, business: str) -> list[WordsView]:
    return [
        read_words(Variant(name=one.name, body=one.body, weight=1), business=business)
        for one in form.wordings
        if one.body
    ]


async def _check(tx: Transaction, form: CampaignForm, looked: Looked, *, business: str, at: int = 0) -> Checked:
    return Checked(
        looked=looked,
        words=_words(form, business),
        phone=await show_phone(tx, form, looked, business=business, at=at),
    )


def _looked_before(form: FormData) -> Looked:
    """Read what an earlier look at the same form had found: figures that are shown to whoever sends them."""
    people = _text_of(form, "counted")
    found = [_as_id(one) for one in _text_of(form, "sample").split(",")[:MAX_SAMPLE]]
    return Looked(
        mark=_text_of(form, "counted_for"),
        people=int(people) if people.isdecimal() and len(people) <= MOST_DIGITS else None,
        exact=not _text_of(form, "counted_about"),
        sample=tuple(one for one in found if one is not None),
    )


def _place_of(form: FormData) -> int:
    place = _text_of(form, "look") or _text_of(form, "seen")
    return int(place) if place.isdecimal() and len(place) <= MOST_DIGITS else 0


def _id_of(form: FormData) -> UUID | None:
    return _as_id(_text_of(form, "campaign"))


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _text_of(form: FormData, name: str) -> str:
    value = form.get(name)
    return value[:MAX_HIDDEN] if isinstance(value, str) else ""


def _key_of(form: FormData) -> str:
    return _text_of(form, "key")[:60]
