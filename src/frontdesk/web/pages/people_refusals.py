"""The page of people not to be texted: who they are and why, adding one or a list, taking one off with a reason."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import consent, contacts, tenants
from frontdesk.features.consent import ListOrder, Refusal, RefusalScope
from frontdesk.features.consent.model import ListImport, RefusalSource
from frontdesk.features.consent.service import refusals
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.paging import read_cursor, write_cursor
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.web.pages.rows import Chip, Tone
from frontdesk.web.pages.views import read_place
from frontdesk.wiring import Frontdesk

PAGE = 50
IMPORTS = 5
LONGEST = 500
SCOPES: Mapping[str, str] = {"all": "no text at all", "marketing": "no advertising"}
SOURCES: Mapping[str, Chip] = {
    RefusalSource.PERSON.value: Chip("said STOP", Tone.BAD),
    RefusalSource.CARRIER.value: Chip("told by the carrier", Tone.BAD),
    RefusalSource.UNSURE.value: Chip("may have meant it", Tone.WARN),
    RefusalSource.BUSINESS.value: Chip("listed by you", Tone.CALM),
}
MAY_BE_TAKEN_OFF = frozenset({RefusalSource.UNSURE.value, RefusalSource.BUSINESS.value})
Words = Annotated[str, Query(max_length=40, pattern=r"^[^\x00]*$")]


def _checked(text: str) -> str:
    if text:
        read_cursor(text, str)
    return text


Place = Annotated[str, Query(max_length=60), AfterValidator(_checked)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalLine:
    """Somebody not to be texted, as a row of the page."""

    one: Refusal
    scope: str
    source: Chip
    may_be_taken_off: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who is looked for, and what is asked about."""

    number: str = ""
    scope: str = ""
    before: str = ""
    ask: str = ""

    @property
    def query(self) -> str:
        """The same as part of an address."""
        said = {"number": self.number, "scope": self.scope}
        return urlencode({name: value for name, value in said.items() if value})


def _asked(
    number: Words = "",
    scope: Annotated[str, Query(pattern=r"^(all|marketing|)$")] = "",
    before: Place = "",
    ask: Annotated[str, Query(max_length=20, pattern=r"^[a-z0-9+]*$")] = "",
) -> Asked:
    return Asked(number=number.strip(), scope=scope, before=before, ask=ask)


def refusal_pages(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of the page."""
    routes = Routes(prefix="/businesses/{tenant_id}/people/do-not-contact", include_in_schema=False)
    frames = Frames(parts, door, section="people", tab="refusals")
    may_write = door.to_business(Scope.CONSENT_WRITE)

    @routes.get("")
    async def listed(
        request: Request,
        visit: Annotated[Visit, Depends(door.to_business(Scope.CONSENT_READ))],
        asked: Annotated[Asked, Depends(_asked)],
    ) -> Response:
        return await _show(frames, request, visit, asked)

    @routes.post("")
    async def put_on(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with request.form() as form:
            try:
                await _put_on(parts, visit, form)
            except Refused as refusal:
                return await _show(frames, request, visit, Asked(ask="add"), refusal=refusal, typed=_typed(form))
        return go_to(_home(visit))

    @routes.post("/remove")
    async def take_off(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with request.form() as form:
            phone = _said(form, "phone_e164")
            try:
                reason = _reason(form)
                async with visit.transaction() as tx:
                    await consent.take_off_list(
                        tx, phone_e164=phone, reason=reason, by=visit.actor, journal=parts.journal
                    )
            except Refused as refusal:
                return await _show(frames, request, visit, Asked(ask=phone), refusal=refusal)
        return go_to(_home(visit))

    @routes.post("/imports")
    async def import_list(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with request.form() as form:
            try:
                await _import(parts, visit, form)
            except Refused as refusal:
                return await _show(frames, request, visit, Asked(ask="import"), refusal=refusal, typed=_typed(form))
        return go_to(_home(visit))

    return routes


async def _show(
    frames: Frames,
    request: Request,
    visit: Visit,
    asked: Asked,
    *,
    refusal: Refused | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    async with visit.transaction() as tx:
        place = await read_place(tx)
        country = (await tenants.get_tenant(tx)).country
        number = _number(asked.number, country)
        found: Sequence[Refusal] = (
            []
            if asked.number and not number
            else await refusals.list_refusals(
                tx,
                before=read_cursor(asked.before, str) if asked.before else None,
                scope=RefusalScope(asked.scope) if asked.scope else None,
                phone_e164=number or None,
                limit=PAGE,
            )
        )
        asked_about = await refusals.find_refusal(tx, phone_e164=asked.ask) if asked.ask.startswith("+") else None
        imports: Sequence[ListImport] = await refusals.list_imports(tx, limit=IMPORTS)
    values = {
        "lines": [_line(one) for one in found],
        "asked": asked,
        "about": None if asked_about is None else _line(asked_about),
        "imports": imports,
        "next": write_cursor(found[-1].since, found[-1].phone_e164) if len(found) == PAGE else "",
        "scopes": SCOPES,
        "typed": typed or {"phone": asked.number, "reason": "", "scope": "all", "name": ""},
        "wrong": "" if refusal is None else refusal.message[:1].upper() + refusal.message[1:],
        "may_write": visit.may(Scope.CONSENT_WRITE),
        "place": place,
    }
    status = 200 if refusal is None else refusal.status
    return await frames.page(request, visit, Shown(template="people_refusals.html", values=values, status=status))


async def _put_on(parts: Frontdesk, visit: Visit, form: FormData) -> None:
    reason = _reason(form)
    async with visit.transaction() as tx:
        country = (await tenants.get_tenant(tx)).country
        number = contacts.parse_phone(_said(form, "phone"), country)
        await consent.put_on_list(
            tx, phone_e164=number.e164, scope=_scope(form), reason=reason, by=visit.actor, journal=parts.journal
        )


async def _import(parts: Frontdesk, visit: Visit, form: FormData) -> None:
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Refused("contacts.import_no_file", "Choose a file, .csv, with the numbers in one column.", status=422)
    reason = _reason(form)
    try:
        text = (await file.read()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("consent.list_unreadable", "The file is no text in UTF-8: save it as .csv.", status=422) from None
    async with visit.transaction() as tx:
        country = (await tenants.get_tenant(tx)).country
    order = ListOrder(name=file.filename[:120], scope=_scope(form), reason=reason, country=country, by=visit.actor)
    lines = await asyncio.to_thread(text.splitlines, keepends=True)
    await consent.import_list(visit.transaction, consent.read_listed_phones(lines), order, journal=parts.journal)


def _line(one: Refusal) -> RefusalLine:
    return RefusalLine(
        one=one,
        scope=SCOPES[one.scope],
        source=SOURCES[one.source],
        may_be_taken_off=one.source in MAY_BE_TAKEN_OFF,
    )


def _number(written: str, country: str) -> str:
    try:
        return contacts.parse_phone(written, country).e164 if written else ""
    except Refused:
        return ""


def _reason(form: FormData) -> str:
    reason = _said(form, "reason")
    if not reason:
        raise Refused("consent.reason_needed", "Say why: it stands in the record for good.", status=422)
    return reason


def _scope(form: FormData) -> RefusalScope:
    return RefusalScope.MARKETING if _said(form, "scope") == RefusalScope.MARKETING else RefusalScope.ALL


def _typed(form: FormData) -> dict[str, str]:
    return {name: _said(form, name) for name in ("phone", "reason", "scope", "name")}


def _said(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip().replace("\x00", "")[:LONGEST] if isinstance(value, str) else ""


def _home(visit: Visit) -> str:
    return f"/businesses/{visit.tenant_id}/people/do-not-contact"
