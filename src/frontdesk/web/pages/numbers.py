"""The pages of numbers: which there are, how each stands, adding one, changing it, warming it up, retiring it."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import contacts, tenants
from frontdesk.features.delivery.queries.numbers import list_uses
from frontdesk.features.senders import NumberChange, NumberType, RegistrationStatus, SendingNumber, WarmUp
from frontdesk.features.senders.model import check_warmup
from frontdesk.features.senders.service import numbers
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.web.pages.numbers_views import CAREFUL_START, CARRIERS, REGISTRATIONS, TYPES, show_number
from frontdesk.web.pages.views import read_place
from frontdesk.wiring import Frontdesk

NOT_FOUND = 404
LONGEST = 2_000
SHORT_CODE_DIGITS = range(3, 9)
Reader: TypeAlias = Callable[[FormData, SendingNumber], NumberChange]
Word = Annotated[str, Query(max_length=20, pattern=r"^[a-z]*$")]
# Which field of the form a refusal is about, so that it is told beside it.
FIELD_OF: Mapping[str, str] = {
    "senders.number_taken": "phone",
    "senders.number_type_invalid": "number_type",
    "senders.provider_invalid": "provider",
    "senders.country_invalid": "country",
    "senders.rate_invalid": "rate",
    "senders.burst_invalid": "burst",
    "senders.daily_limit_invalid": "daily_limit",
    "senders.warmup_invalid": "daily",
    "senders.campaign_class_invalid": "campaign_class",
    "senders.brand_invalid": "brand_id",
}


def number_pages(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of the pages of numbers."""
    routes = Routes(prefix="/businesses/{tenant_id}/settings/numbers", include_in_schema=False)
    desk = NumbersDesk(Frames(parts, door, section="settings", tab="numbers"))
    _add_looking(routes, door, desk)
    _add_changing(routes, door, desk)
    return routes


class NumbersDesk:
    """Shows the numbers of a business, and what came of doing something with one."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames

    async def show_all(
        self,
        request: Request,
        visit: Visit,
        *,
        ask: str = "",
        typed: Mapping[str, str] | None = None,
        refusal: Refused | None = None,
    ) -> Response:
        """Answer with the list; what was typed and refused is told in the form it was typed in."""
        async with visit.transaction() as tx:
            place = await read_place(tx)
            uses = {one.number_id: one for one in await list_uses(tx)}
            found = await numbers.list_numbers(tx)
        views = [show_number(one, uses.get(one.id), zone=place.zone, now=place.now) for one in found]
        values = {
            "numbers": [one for one in views if one.number.retired_at is None],
            "retired": [one for one in views if one.number.retired_at is not None],
            "place": place,
            "ask": "add" if refusal is not None else ask,
            "typed": typed or {},
            "carriers": CARRIERS,
            **self._told(visit, refusal),
        }
        status = 200 if refusal is None else refusal.status
        return await self._frames.page(request, visit, Shown(template="numbers.html", values=values, status=status))

    async def show(
        self,
        request: Request,
        visit: Visit,
        number_id: UUID,
        *,
        ask: str = "",
        typed: Mapping[str, str] | None = None,
        refusal: Refused | None = None,
    ) -> Response:
        """Answer with a number's page."""
        async with visit.transaction() as tx:
            place = await read_place(tx)
            number = await numbers.get_number(tx, number_id=number_id)
            uses = {one.number_id: one for one in await list_uses(tx)}
        values = {
            "one": show_number(number, uses.get(number_id), zone=place.zone, now=place.now),
            "typed": typed or _typed_of(number, today=str(place.now.date())),
            "place": place,
            "ask": ask,
            "carriers": CARRIERS,
            "types": {kind.value: words for kind, words in TYPES.items()},
            "registrations": {status.value: chip.words for status, chip in REGISTRATIONS.items()},
            **self._told(visit, refusal),
        }
        status = 200 if refusal is None else refusal.status
        return await self._frames.page(request, visit, Shown(template="number.html", values=values, status=status))

    def _told(self, visit: Visit, refusal: Refused | None) -> dict[str, object]:
        field = "" if refusal is None else FIELD_OF.get(refusal.code, "phone" if "phone" in refusal.code else "")
        return {
            "may_write": visit.may(Scope.NUMBERS_WRITE),
            "wrong": {} if refusal is None else {field or "all": _sentence(refusal.message)},
        }


def _add_looking(routes: APIRouter, door: FrontDoor, desk: NumbersDesk) -> None:
    may_read = door.to_business(Scope.NUMBERS_READ)

    @routes.get("")
    async def list_numbers(request: Request, visit: Annotated[Visit, Depends(may_read)], ask: Word = "") -> Response:
        return await desk.show_all(request, visit, ask=ask)

    @routes.get("/{number_id}")
    async def one_number(
        request: Request, number_id: UUID, visit: Annotated[Visit, Depends(may_read)], ask: Word = ""
    ) -> Response:
        return await desk.show(request, visit, number_id, ask=ask)


def _add_changing(routes: APIRouter, door: FrontDoor, desk: NumbersDesk) -> None:
    may_write = door.to_business(Scope.NUMBERS_WRITE, proven=True)

    @routes.post("")
    async def add(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with request.form() as form:
            typed = {name: _said(form, name) for name in ("phone", "provider")}
        try:
            async with visit.transaction() as tx:
                country = (await tenants.get_tenant(tx)).country
                added = await numbers.add_number(
                    tx, phone_e164=_number(typed["phone"], country), provider=typed["provider"], by=visit.actor
                )
        except Refused as refusal:
            return await desk.show_all(request, visit, typed=typed, refusal=refusal)
        return go_to(_home(visit, added.id))

    @routes.post("/{number_id}")
    async def change(request: Request, number_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with request.form() as form:
            return await _turn(request, visit, number_id, form, desk, _change_of)

    @routes.post("/{number_id}/warm-up")
    async def warm_up(request: Request, number_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with request.form() as form:
            return await _turn(request, visit, number_id, form, desk, _plan_of)

    @routes.post("/{number_id}/retire")
    async def retire(number_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with visit.transaction() as tx:
            await numbers.retire_number(tx, number_id=number_id, by=visit.actor)
        return go_to(_home(visit, number_id))

    @routes.post("/{number_id}/take-back")
    async def take_back(number_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with visit.transaction() as tx:
            await numbers.take_back_number(tx, number_id=number_id, by=visit.actor)
        return go_to(_home(visit, number_id))


async def _turn(
    request: Request,
    visit: Visit,
    number_id: UUID,
    form: FormData,
    desk: NumbersDesk,
    read: Reader,
) -> Response:
    """Change a number as a form says, and show its page with what came of it."""
    async with visit.transaction() as tx:
        number = await numbers.get_number(tx, number_id=number_id)
    try:
        async with visit.transaction() as tx:
            await _apply(tx, visit, number, read(form, number))
    except Refused as refusal:
        if refusal.status == NOT_FOUND:
            raise
        kept = _typed_of(number, today="")
        typed = kept | {name: _said(form, name) for name in kept if name in form}
        return await desk.show(request, visit, number_id, typed=typed, refusal=refusal)
    return go_to(_home(visit, number_id))


async def _apply(tx: Transaction, visit: Visit, number: SendingNumber, change: NumberChange) -> None:
    if change:
        await numbers.change_number(tx, number_id=number.id, change=change, by=visit.actor)


def _change_of(form: FormData, number: SendingNumber) -> NumberChange:
    """Read what a number is and may from its form; what the form does not name stays."""
    if not form:
        return {}
    return NumberChange(
        provider=_said(form, "provider") or number.provider,
        number_type=NumberType(_among(form, "number_type", TYPES, number.number_type)),
        registration_status=RegistrationStatus(
            _among(form, "registration_status", REGISTRATIONS, number.registration_status)
        ),
        registration_id=_said(form, "registration_id")[:100],
        campaign_class=_said(form, "campaign_class").upper(),
        brand_id=_said(form, "brand_id"),
        segments_per_second=_rate_of(_said(form, "rate")),
        burst=_whole(_said(form, "burst") or "1", code="senders.burst_invalid"),
        daily_limit=_limit_of(_said(form, "daily_limit")),
        country=_said(form, "country").upper(),
        texting_allowed=bool(_said(form, "texting_allowed")),
    )


def _plan_of(form: FormData, _number: SendingNumber) -> NumberChange:
    """Read a warm-up plan: a first day and texts a day, one after the other; nothing of both ends the plan."""
    if not form:
        return {}
    daily = _said(form, "daily")
    if not daily or _said(form, "end"):
        return {"warmup": None}
    counts = [_whole(part, code="senders.warmup_invalid") for part in daily.replace(",", " ").split()]
    plan: WarmUp = check_warmup(_said(form, "started_on"), list(counts))
    return {"warmup": plan}


def _typed_of(number: SendingNumber, *, today: str) -> dict[str, str]:
    """Say what a number's forms hold before anybody has typed."""
    plan = number.warmup
    return {
        "provider": number.provider,
        "number_type": number.number_type.value,
        "registration_status": number.registration_status.value,
        "registration_id": number.registration_id,
        "campaign_class": number.campaign_class,
        "brand_id": number.brand_id,
        "rate": "" if number.segments_per_second is None else f"{number.segments_per_second.normalize():f}",
        "burst": str(number.burst),
        "daily_limit": "" if number.daily_limit is None else str(number.daily_limit),
        "country": number.country,
        "texting_allowed": "1" if number.texting_allowed else "",
        "started_on": today if plan is None else plan.started_on.isoformat(),
        "daily": " ".join(map(str, CAREFUL_START if plan is None else plan.daily)),
    }


def _number(written: str, country: str) -> str:
    """Read a number as people write it; short codes stay as they are."""
    digits = "".join(filter(str.isdigit, written))
    if written and written.replace(" ", "") == digits and len(digits) in SHORT_CODE_DIGITS:
        return digits
    return contacts.parse_phone(written, country).e164


def _among(
    form: FormData, name: str, known: Mapping[NumberType, object] | Mapping[RegistrationStatus, object], otherwise: str
) -> str:
    said = _said(form, name)
    return said if said in set(map(str, known)) else otherwise


def _rate_of(written: str) -> Decimal | None:
    try:
        return Decimal(written) if written else None
    except InvalidOperation:
        raise Refused("senders.rate_invalid", "write a number like 1 or 0.5", status=422) from None


def _limit_of(written: str) -> int | None:
    return _whole(written, code="senders.daily_limit_invalid") if written else None


def _whole(written: str, *, code: str) -> int:
    plain = written.strip().replace(",", "")
    if not plain.isascii() or not plain.isdigit() or len(plain) > len("1000000"):
        raise Refused(code, f"“{written[:20]}” is no whole number", status=422)
    return int(plain)


def _sentence(words: str) -> str:
    said = words[:1].upper() + words[1:]
    return said if said.endswith(".") else f"{said}."


def _said(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip().replace("\x00", "")[:LONGEST] if isinstance(value, str) else ""


def _home(visit: Visit, number_id: UUID) -> str:
    return f"/businesses/{visit.tenant_id}/settings/numbers/{number_id}"
