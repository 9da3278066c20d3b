"""The pages of segments: which there are, and a builder whose filter is counted before it is saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from frontdesk.features import contacts
from frontdesk.features.contacts import Filter, Segment
from frontdesk.features.contacts.service import cards, matching, segments
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.web.pages.views import read_place
from frontdesk.web.words import count_words
from frontdesk.wiring import Frontdesk

NOT_FOUND = 404
MOST = 200
ROWS = 6
SAMPLE = 5
LONGEST = 400
KINDS: Mapping[str, str] = {
    "tag": "has the tag",
    "country": "is in the country",
    "region": "is in the state or region",
    "timezone": "is in the time zone",
    "phone": "has a number that begins with",
    "name": "has a name with",
    "field": "has in a field of yours",
    "known": "has given us",
    "since": "was added on or after",
    "until": "was added before",
}
HINTS: Mapping[str, str] = {
    "tag": "vip, autumn",
    "country": "US, CA",
    "region": "US-WA",
    "timezone": "America/Denver",
    "phone": "+1206",
    "name": "smith",
    "field": "town: Seattle, Tacoma",
    "known": "name, email, zone, region or tag",
    "since": "2026-01-31",
    "until": "2026-01-31",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """A condition in the builder."""

    kind: str
    negated: bool
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What the builder's form holds; `is_plain` tells of a filter that it cannot show, which stays as it is."""

    name: str
    any_of: bool
    rows: Sequence[RowView]
    is_plain: bool = True


def segment_pages(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of the pages of segments."""
    routes = Routes(prefix="/businesses/{tenant_id}/people/segments", include_in_schema=False)
    desk = SegmentDesk(Frames(parts, door, section="people", tab="segments"))
    _add_reading(routes, door, desk)
    _add_saving(routes, door, desk)
    return routes


class SegmentDesk:
    """Shows segments, and the builder with what is in it."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames

    async def builder(
        self,
        request: Request,
        visit: Visit,
        built: Built,
        *,
        segment: Segment | None = None,
        ask: str = "",
        refusal: Refused | None = None,
    ) -> Response:
        """Answer with the builder; who fits what is in it so far is counted beside it."""
        told = ""
        async with visit.transaction() as tx:
            place = await read_place(tx)
            tags = await cards.list_tag_names(tx)
            found = None
            if refusal is None:
                try:
                    filter_ = (
                        segment.filter if segment is not None and not built.is_plain else _filter(built, place.zone)
                    )
                    found = await _count(tx, filter_)
                except Refused as wrong:
                    told = wrong.message
        values = {
            "built": built,
            "rows": [*built.rows, *[RowView(kind="tag", negated=False, value="")] * max(1, ROWS - len(built.rows))],
            "segment": segment,
            "kinds": KINDS,
            "hints": HINTS,
            "tags": tags,
            "found": found,
            "wrong": told if refusal is None else refusal.message,
            "ask": ask,
            "may_write": visit.may(Scope.CONTACTS_WRITE),
        }
        status = 200 if refusal is None else refusal.status
        return await self.frames.page(
            request, visit, Shown(template="people_segment.html", values=values, status=status)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How many people fit, exactly or about, and some of them."""

    people: str
    names: Sequence[str]


def _add_reading(routes: APIRouter, door: FrontDoor, desk: SegmentDesk) -> None:
    may_read = door.to_business(Scope.CONTACTS_READ)

    @routes.get("")
    async def list_all(request: Request, visit: Annotated[Visit, Depends(may_read)]) -> Response:
        async with visit.transaction() as tx:
            values = {
                "segments": [
                    (one, _said_of(one.filter)) for one in await segments.list_segments(tx, before=None, limit=MOST)
                ],
                "place": await read_place(tx),
                "may_write": visit.may(Scope.CONTACTS_WRITE),
            }
        return await desk.frames.page(request, visit, Shown(template="people_segments.html", values=values))

    @routes.get("/new")
    async def new(request: Request, visit: Annotated[Visit, Depends(may_read)]) -> Response:
        return await desk.builder(request, visit, _read(request.query_params))

    @routes.get("/count")
    async def count(request: Request, visit: Annotated[Visit, Depends(may_read)]) -> Response:
        async with visit.transaction() as tx:
            try:
                found = await _count(tx, _filter(_read(request.query_params), (await read_place(tx)).zone))
            except Refused as refusal:
                return desk.frames.part(
                    request, Shown(template="_segment_count.html", values={"found": None, "wrong": refusal.message})
                )
        return desk.frames.part(request, Shown(template="_segment_count.html", values={"found": found, "wrong": ""}))

    @routes.get("/{segment_id}/count")
    async def count_one(segment_id: UUID, visit: Annotated[Visit, Depends(may_read)]) -> Response:
        async with visit.transaction() as tx:
            people, exact = await matching.estimate_matching(tx, (await segments.get_segment(tx, segment_id)).filter)
        return HTMLResponse(_figure(people, exact=exact))

    @routes.get("/{segment_id}")
    async def one(
        request: Request,
        segment_id: UUID,
        visit: Annotated[Visit, Depends(may_read)],
        ask: Annotated[str, Query(pattern=r"^(delete|)$")] = "",
    ) -> Response:
        async with visit.transaction() as tx:
            segment = await segments.get_segment(tx, segment_id)
        built = _read(request.query_params) if "kind" in request.query_params else _built_of(segment)
        return await desk.builder(request, visit, built, segment=segment, ask=ask)


def _add_saving(routes: APIRouter, door: FrontDoor, desk: SegmentDesk) -> None:
    may_write = door.to_business(Scope.CONTACTS_WRITE)

    @routes.post("")
    async def save(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with request.form() as form:
            built = _read(form)
        try:
            async with visit.transaction() as tx:
                filter_ = _filter(built, (await read_place(tx)).zone)
                await segments.save_segment(tx, name=built.name, filter_=filter_, by=visit.actor)
        except Refused as refusal:
            return await desk.builder(request, visit, built, refusal=refusal)
        return go_to(_home(visit))

    @routes.post("/{segment_id}")
    async def change(request: Request, segment_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with request.form() as form:
            built = _read(form)
        async with visit.transaction() as tx:
            segment = await segments.get_segment(tx, segment_id)
        try:
            async with visit.transaction() as tx:
                filter_ = _filter(built, (await read_place(tx)).zone) if built.rows else None
                await segments.change_segment(tx, segment_id, name=built.name or None, filter_=filter_, by=visit.actor)
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                raise
            return await desk.builder(request, visit, built, segment=segment, refusal=refusal)
        return go_to(_home(visit))

    @routes.post("/{segment_id}/delete")
    async def delete(segment_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with visit.transaction() as tx:
            await segments.delete_segment(tx, segment_id, by=visit.actor)
        return go_to(_home(visit))


async def _count(tx: Transaction, filter_: Filter) -> Found:
    people, exact = await matching.estimate_matching(tx, filter_)
    some = await contacts.list_matching(tx, filter_, after=None, limit=SAMPLE) if people <= matching.EXACT_UP_TO else []
    return Found(people=_figure(people, exact=exact), names=[one.name or one.phone_e164 for one in some])


def _figure(people: int, *, exact: bool) -> str:
    noun = "person" if people == 1 else "people"
    return f"{count_words(people)} {noun}" if exact else f"about {count_words(round(people, -2))} {noun}"


def _read(form: FormData | QueryParams) -> Built:
    """Read what the builder's form holds, from a form or from an address; empty rows are left out."""
    kinds, negated, values = (form.getlist(name) for name in ("kind", "negated", "value"))
    rows = [
        RowView(kind=kind, negated=no == "1", value=value.strip().replace("\x00", "")[:LONGEST])
        for kind, no, value in zip(kinds, negated, values, strict=False)
        if isinstance(kind, str) and isinstance(value, str) and kind in KINDS and value.strip()
    ]
    name = form.get("name")
    return Built(
        name=name.strip()[:MOST] if isinstance(name, str) else "", any_of=form.get("any_of") == "1", rows=rows[:20]
    )


def _filter(built: Built, zone: str) -> Filter:
    """Make the filter of what the form holds; refuses what cannot be read (`contacts.filter_invalid`)."""
    parts: list[dict[str, object]] = []
    for row in built.rows:
        condition = _condition(row.kind, row.value, zone)
        parts.append({"where": "not", "of": condition} if row.negated else condition)
    return contacts.read_filter({"where": "any" if built.any_of and parts else "all", "of": parts})


def _condition(kind: str, value: str, zone: str) -> dict[str, object]:
    several = [part.strip() for part in value.split(",") if part.strip()]
    match kind:
        case "tag" | "country" | "region" | "timezone" | "phone":
            return {"where": kind, "any_of": several}
        case "name":
            return {"where": "name", "contains": value}
        case "known":
            return {"where": "known", "what": value.lower()}
        case "field":
            key, _, rest = value.partition(":")
            wanted = [part.strip() for part in rest.split(",") if part.strip()]
            return {"where": "field", "key": key.strip().lower().replace(" ", "_"), "any_of": wanted or None}
        case _:
            return {"where": "created", kind: _moment(value, zone)}


def _moment(value: str, zone: str) -> str:
    try:
        return datetime.combine(date.fromisoformat(value), time(), tzinfo=ZoneInfo(zone)).isoformat()
    except (ValueError, OverflowError):
        raise Refused(
            "contacts.filter_invalid", f"“{value[:20]}” is no day: write one like 2026-01-31.", status=422
        ) from None


def _built_of(segment: Segment) -> Built:
    """Bring a saved filter into the form, where it is one that the form can show."""
    tree = msgspec.json.decode(contacts.write_filter(segment.filter))
    parts = tree.get("of") if tree.get("where") in {"all", "any"} else [tree]
    rows = [_row(part) for part in parts] if isinstance(parts, list) else [None]
    plain = [row for row in rows if row is not None]
    is_plain = len(plain) == len(rows)
    return Built(
        name=segment.name,
        any_of=tree.get("where") == "any",
        rows=plain if is_plain else [],
        is_plain=is_plain,
    )


def _row(part: Mapping[str, object]) -> RowView | None:
    """Bring one condition into a row of the form; None where no row says it."""
    negated = part.get("where") == "not"
    inner = part.get("of") if negated else part
    said = _said(inner) if isinstance(inner, dict) else None
    return None if said is None else RowView(kind=said[0], negated=negated, value=said[1])


def _said(condition: Mapping[str, object]) -> tuple[str, str] | None:
    found: tuple[str, str] | None
    match condition:
        case {"where": "tag" | "country" | "region" | "timezone" | "phone" as kind, "any_of": list(words)}:
            found = str(kind), ", ".join(map(str, words))
        case {"where": "name", "contains": str(words)}:
            found = "name", words
        case {"where": "known", "what": str(what)}:
            found = "known", what
        case {"where": "field", "key": str(key), "any_of": list(words)}:
            found = "field", f"{key}: {', '.join(map(str, words))}"
        case {"where": "field", "key": str(key)}:
            found = "field", key
        case {"where": "created", "since": str(), "until": str()}:
            found = None
        case {"where": "created", "since": str(since)}:
            found = "since", since[:10]
        case {"where": "created", "until": str(until)}:
            found = "until", until[:10]
        case _:
            found = None
    return found


def _said_of(filter_: Filter) -> str:
    """Say a filter in a line, as far as the builder has words for it."""
    tree = msgspec.json.decode(contacts.write_filter(filter_))
    parts = tree.get("of") if tree.get("where") in {"all", "any"} else [tree]
    rows = [_row(part) for part in parts] if isinstance(parts, list) else []
    if any(row is None for row in rows):
        return "put together by a program"
    joint = " or " if tree.get("where") == "any" else ", and "
    said = [f"{'not: ' if row.negated else ''}{KINDS[row.kind]} {row.value}" for row in rows if row is not None]
    return joint.join(said) or "everybody"


def _home(visit: Visit) -> str:
    return f"/businesses/{visit.tenant_id}/people/segments"
