"""The pages of people: found by words, tag and segment, and brought in from files; all works without scripts."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from frontdesk.features import contacts
from frontdesk.features.contacts.model import Import
from frontdesk.features.contacts.routes.files import Options, report_faults, take_upload
from frontdesk.features.contacts.routes.people import send_export
from frontdesk.features.contacts.service import cards, exporting, importing, segments, tagging, undoing
from frontdesk.features.contacts.service.reading import Found
from frontdesk.features.contacts.sheets import FileKind
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import FRAGMENT, Frames, Shown, go_to
from frontdesk.web.pages.people_views import PAGE, PeopleView, Wanted, show_import, show_imports
from frontdesk.web.pages.views import read_place
from frontdesk.web.words import count_words
from frontdesk.wiring import Frontdesk

NOT_FOUND = 404
LOOKS_AT_ONCE = 2
FAULTS = 20
IMPORTS = 6
MAX_SEGMENTS = 200
MAX_COLUMNS = 200
MAX_WORDS = 120
Words = Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$")]
Act: TypeAlias = Callable[[Transaction, Import, FormData, Actor], Awaitable[None]]
Asked = Annotated[str, Query(max_length=36, pattern=r"^[0-9a-f-]*$")]


def people_pages(parts: Frontdesk, door: FrontDoor, *, folder: Path) -> APIRouter:
    """Make the routes of the pages of people; uploads wait in `folder`."""
    routes = Routes(prefix="/businesses/{tenant_id}/people", include_in_schema=False)
    frames = Frames(parts, door, section="people")
    _add_list(routes, parts, door, frames)
    _add_tagging(routes, door)
    _add_export(routes, door)
    _add_upload(routes, parts, door, frames, folder)
    _add_import(routes, door, frames)
    return routes


def _add_list(routes: APIRouter, parts: Frontdesk, door: FrontDoor, frames: Frames) -> None:
    may_read = door.to_business(Scope.CONTACTS_READ)

    @routes.get("")
    async def people(
        request: Request,
        visit: Annotated[Visit, Depends(may_read)],
        q: Words = "",
        tag: Words = "",
        segment: Asked = "",
        before: UUID | None = None,
        ask: Words = "",
        count: Words = "",
    ) -> Response:
        wanted = Wanted(words=q.strip(), tag=tag.strip(), segment=_as_id(segment))
        view = await _read_people(parts, visit, wanted, before=before, ask=ask, count=bool(count))
        return await frames.page(request, visit, Shown(template="people.html", values={"people": view}))

    @routes.get("/count")
    async def count_people(
        visit: Annotated[Visit, Depends(may_read)], tag: Words = "", segment: Asked = ""
    ) -> Response:
        async with visit.transaction() as tx:
            found = await _count(tx, Wanted(words="", tag=tag.strip(), segment=_as_id(segment)))
        return HTMLResponse(f"{count_words(found)}")


def _add_tagging(routes: APIRouter, door: FrontDoor) -> None:
    @routes.post("/tags")
    async def tag_many(
        request: Request, visit: Annotated[Visit, Depends(door.to_business(Scope.CONTACTS_WRITE))]
    ) -> Response:
        async with request.form() as form:
            tag, remove = _said(form, "add_tag"), _said(form, "do") == "remove"
            picked = [one for value in form.getlist("contact") if isinstance(value, str) and (one := _as_id(value))]
            wanted = Wanted(
                words=_said(form, "q")[:MAX_WORDS],
                tag=_said(form, "tag")[:MAX_WORDS],
                segment=_as_id(_said(form, "segment")),
            )
            everybody = bool(_said(form, "everybody")) and not wanted.words
        if not everybody:
            async with visit.transaction() as tx:
                await tagging.tag_picked(tx, picked[:PAGE], tag=tag, remove=remove, by=visit.actor)
        else:
            async with visit.transaction() as tx:
                filter_ = await _filter_of(tx, wanted)
            await tagging.tag_matching(visit.transaction, filter_, tag=tag, remove=remove, by=visit.actor)
        return go_to(f"/businesses/{visit.tenant_id}/people" + (f"?{wanted.query}" if wanted.query else ""))


def _add_export(routes: APIRouter, door: FrontDoor) -> None:
    @routes.post("/export")
    async def export(
        request: Request, visit: Annotated[Visit, Depends(door.to_business(Scope.CONTACTS_EXPORT))]
    ) -> Response:
        async with request.form() as form:
            wanted = Wanted(tag=_said(form, "tag")[:MAX_WORDS], segment=_as_id(_said(form, "segment")))
            kind = FileKind.XLSX if _said(form, "format") == FileKind.XLSX else FileKind.CSV
        about = {"tag": wanted.tag, "segment": "" if wanted.segment is None else str(wanted.segment)}
        about = {name: value for name, value in about.items() if value}
        async with visit.transaction() as tx:
            filter_ = await _filter_of(tx, wanted) if about else None
            begun = await exporting.begin_export(tx, kind=kind, filter_=filter_, about=about, by=visit.actor)
        return send_export(visit, begun)


def _add_upload(routes: APIRouter, parts: Frontdesk, door: FrontDoor, frames: Frames, folder: Path) -> None:
    looking = asyncio.Semaphore(LOOKS_AT_ONCE)

    @routes.post("/imports")
    async def upload(
        request: Request, visit: Annotated[Visit, Depends(door.to_business(Scope.CONTACTS_WRITE))]
    ) -> Response:
        async with request.form() as form:
            try:
                taken = await _take(visit, form, folder=folder, looking=looking)
            except Refused as refusal:
                view = await _read_people(parts, visit, Wanted(), ask="import", wrong=refusal.message)
                shown = Shown(template="people.html", values={"people": view}, status=refusal.status)
                return await frames.page(request, visit, shown)
        return go_to(f"/businesses/{visit.tenant_id}/people/imports/{taken.id}")


def _add_import(routes: APIRouter, door: FrontDoor, frames: Frames) -> None:
    may_read = door.to_business(Scope.CONTACTS_READ)
    may_write = door.to_business(Scope.CONTACTS_WRITE)
    desk = ImportDesk(frames)

    @routes.get("/imports/{import_id}")
    async def one_import(request: Request, import_id: UUID, visit: Annotated[Visit, Depends(may_read)]) -> Response:
        return await desk.show(request, visit, import_id)

    @routes.get("/imports/{import_id}/errors.csv")
    async def report(import_id: UUID, visit: Annotated[Visit, Depends(may_read)]) -> Response:
        return await report_faults(visit, import_id)

    @routes.post("/imports/{import_id}/check")
    async def check(request: Request, import_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        return await desk.turn(request, visit, import_id, _check_again)

    @routes.post("/imports/{import_id}/start")
    async def start(request: Request, import_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        return await desk.turn(request, visit, import_id, _start)

    @routes.post("/imports/{import_id}/cancel")
    async def cancel(request: Request, import_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        return await desk.turn(request, visit, import_id, _cancel)

    @routes.post("/imports/{import_id}/undo")
    async def undo(request: Request, import_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        return await desk.turn(request, visit, import_id, _undo)

    @routes.post("/imports/{import_id}/resume")
    async def resume(request: Request, import_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        return await desk.turn(request, visit, import_id, _resume)


class ImportDesk:
    """Shows a file of people, and what came of doing something with it."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames

    async def show(self, request: Request, visit: Visit, import_id: UUID, refusal: Refused | None = None) -> Response:
        """Answer with a file's page, or the part of it that changes; a refusal is told on it."""
        async with visit.transaction() as tx:
            one = await importing.get_import(tx, import_id)
            faults = await importing.list_faults(tx, import_id, after=0, limit=FAULTS)
            left = await undoing.list_left(tx, import_id, before=None, limit=FAULTS) if one.undone_left else []
            place = await read_place(tx)
        wrong, status = ("", 200) if refusal is None else (refusal.message, refusal.status)
        may_write = visit.may(Scope.CONTACTS_WRITE)
        view = show_import(one, faults, left, place=place, may_write=may_write, wrong=wrong)
        if FRAGMENT in request.headers:
            return self._frames.part(request, Shown(template="_import.html", values={"file": view}))
        return await self._frames.page(
            request, visit, Shown(template="import.html", values={"file": view}, status=status)
        )

    async def turn(self, request: Request, visit: Visit, import_id: UUID, act: Act) -> Response:
        """Do something with a file, and show its page with what came of it."""
        async with request.form() as form:
            try:
                async with visit.transaction() as tx:
                    await act(tx, await importing.get_import(tx, import_id), form, visit.actor)
            except Refused as refusal:
                if refusal.status == NOT_FOUND:
                    raise
                return await self.show(request, visit, import_id, refusal)
        return go_to(f"/businesses/{visit.tenant_id}/people/imports/{import_id}")


async def _check_again(tx: Transaction, one: Import, form: FormData, by: Actor) -> None:
    await importing.start_import(tx, one.id, dry_run=True, settings=_settings_of(form, one), by=by)


async def _start(tx: Transaction, one: Import, _form: FormData, by: Actor) -> None:
    await importing.start_import(tx, one.id, dry_run=False, by=by)


async def _cancel(tx: Transaction, one: Import, _form: FormData, by: Actor) -> None:
    await importing.cancel_import(tx, one.id, by=by)


async def _resume(tx: Transaction, one: Import, _form: FormData, by: Actor) -> None:
    await importing.resume_import(tx, one.id, by=by)


async def _undo(tx: Transaction, one: Import, _form: FormData, by: Actor) -> None:
    await undoing.undo_import(tx, one.id, by=by)


async def _read_people(
    parts: Frontdesk,
    visit: Visit,
    wanted: Wanted,
    *,
    before: UUID | None = None,
    ask: str = "",
    count: bool = False,
    wrong: str = "",
) -> PeopleView:
    named = None
    if wanted.words and not wanted.tag and wanted.segment is None:
        async with parts.system.transaction(visit.tenant_id) as system:
            named = await cards.find_named(system, words=wanted.words, before=before, limit=PAGE)
    async with visit.transaction() as tx:
        filter_ = None if wanted.segment is None else (await segments.get_segment(tx, wanted.segment)).filter
        found = (
            await cards.find_people(tx, words=wanted.words, tag=wanted.tag, filter_=filter_, before=before, limit=PAGE)
            if named is None
            else await cards.list_people(tx, named)
        )
        total: int | None = None
        if before is None and len(found) < PAGE:
            total = len(found)
        elif count and not wanted.words:
            total = await _count(tx, wanted)
        return PeopleView(
            place=await read_place(tx),
            wanted=wanted,
            found=found,
            total=total,
            next=found[-1].id if len(found) == PAGE else None,
            is_first=before is None,
            tags=await cards.list_tag_names(tx),
            segments=await segments.list_segments(tx, before=None, limit=MAX_SEGMENTS),
            imports=show_imports(await importing.list_imports(tx, before=None, limit=IMPORTS)),
            ask=ask,
            wrong=wrong,
            may_write=visit.may(Scope.CONTACTS_WRITE),
            may_export=visit.may(Scope.CONTACTS_EXPORT),
        )


async def _count(tx: Transaction, wanted: Wanted) -> int:
    """Count who fits a tag and a segment; a million take some seconds."""
    return await contacts.count_matching(tx, await _filter_of(tx, wanted))


async def _filter_of(tx: Transaction, wanted: Wanted) -> contacts.Filter:
    """Make one filter of a tag and a segment, each if it is asked for."""
    parts: list[object] = [] if not wanted.tag else [{"where": "tag", "any_of": [wanted.tag]}]
    if wanted.segment is not None:
        segment = await segments.get_segment(tx, wanted.segment)
        parts.append(msgspec.json.decode(contacts.write_filter(segment.filter)))
    return contacts.read_filter({"where": "all", "of": parts})


async def _take(visit: Visit, form: FormData, *, folder: Path, looking: asyncio.Semaphore) -> Import:
    """Take a file in and begin to look at all of it; what it would do is shown before anything is written."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Refused("contacts.import_no_file", "Choose a file, .csv or .xlsx.", status=422)
    phone = _said(form, "phone_column")
    options = Options(
        country=_said(form, "country"),
        mapping={"phone": phone} if phone else {},
        tags=_tags_of(form),
        keep_others=bool(_said(form, "keep_others")),
        known_wins=bool(_said(form, "known_wins")),
    )
    return await take_upload(visit, file, options=options, start="dry_run", key=None, folder=folder, looking=looking)


def _settings_of(form: FormData, one: Import) -> importing.Settings:
    """Read how the columns of a file are to be taken, as they were put right on its page."""
    known = msgspec.json.decode(one.settings, type=importing.Settings)
    found = msgspec.json.decode(one.layout, type=Found)
    header, mapping = found.header, dict.fromkeys(found.columns, "skip")
    chosen = {at: _said(form, f"column_{at}") for at in range(min(len(header), MAX_COLUMNS))}
    for at, target in chosen.items():
        if not target or target == "skip":
            continue
        if mapping.get(target, "skip") != "skip":
            raise Refused(
                "contacts.import_mapping", f"Two columns are said to hold the {target}; keep one.", status=422
            )
        plain = header[at] and header.count(header[at]) == 1 and header[at] != "skip"
        mapping[target] = header[at] if plain else str(at + 1)
    job = msgspec.structs.replace(known.job, mapping=mapping, country=_said(form, "country") or known.job.country)
    return importing.make_settings(job, tags=_tags_of(form), known_wins=bool(_said(form, "known_wins")))


def _tags_of(form: FormData) -> list[str]:
    return [tag.strip() for tag in _said(form, "tags").split(",") if tag.strip()]


def _said(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip().replace("\x00", "")[:2_000] if isinstance(value, str) else ""


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Refused("contacts.segment_not_found", "There is no such segment.", status=404) from None
