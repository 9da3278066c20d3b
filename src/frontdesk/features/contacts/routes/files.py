"""Files of people: uploaded, tried, started, followed, stopped, and the report of what was not taken."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import tenants
from frontdesk.features.contacts.model import MAX_TAGS, Import, LeftPerson
from frontdesk.features.contacts.routes.import_views import ImportView, view_of
from frontdesk.features.contacts.routes.people import as_download
from frontdesk.features.contacts.service import exporting, importing, undoing
from frontdesk.features.contacts.service.reading import Job
from frontdesk.features.contacts.service.staging import Staged
from frontdesk.features.contacts.sheets import MEDIA_TYPES, FileKind
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.idempotency import Key, once
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of
from frontdesk.routing import Routes

LOOKS_AT_ONCE = 2
MAX_FORM_FIELDS = 20
MAX_FORM_FIELD_BYTES = 65_536
REPORT_PAGE = 1_000
Short = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class Options(BaseModel, extra="forbid"):
    """How a file is to be taken in; what is left out is found out or stays as it was said at the upload."""

    country: Short = ""
    mapping: Annotated[dict[Short, Short], Field(max_length=200)] = {}
    tags: Annotated[list[Short], Field(max_length=MAX_TAGS)] = []
    keep_others: bool = False
    known_wins: bool = False
    encoding: Short | None = None
    delimiter: Short | None = None
    sheet: Short | None = None
    has_header: bool | None = None


class Starting(BaseModel, extra="forbid"):
    """How to start; `options`, if given, replace those of the upload."""

    dry_run: bool = False
    options: Options | None = None


_options = TypeAdapter(Options)
_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": ".csv or .xlsx, up to 50 MB"},
                        "options": {"type": "string", "description": "JSON: country, mapping, tags and so on"},
                        "start": {"type": "string", "enum": ["", "dry_run", "import"]},
                    },
                }
            }
        },
    }
}


def imports_router(access: Access, *, folder: Path) -> APIRouter:
    """Make the routes of imports; the worker finds uploads in `folder`."""
    routes = Routes(prefix="/api/imports", tags=["imports"])
    looking = asyncio.Semaphore(LOOKS_AT_ONCE)

    @routes.post(
        "",
        summary="Upload a file of people",
        status_code=201,
        openapi_extra=_UPLOAD,
        responses={409: {"description": "Too many files wait already"}},
    )
    async def upload(
        request: Request,
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_WRITE))],
        idempotency_key: Annotated[Key | None, Header()] = None,
    ) -> ImportView:
        async with request.form(max_files=1, max_fields=MAX_FORM_FIELDS, max_part_size=MAX_FORM_FIELD_BYTES) as form:
            return await _take_upload(visit, form, idempotency_key, folder=folder, looking=looking)

    @routes.get("", summary="List imports, newest first")
    async def list_imports(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))],
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[ImportView]:
        async with visit.transaction() as tx:
            found = await importing.list_imports(tx, before=before, limit=limit)
        return page_of([view_of(one) for one in found], found[-1].id if found else None, limit=limit)

    @routes.get("/{import_id}", summary="Read how far an import has come")
    async def get_import(
        import_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))]
    ) -> ImportView:
        async with visit.transaction() as tx:
            return view_of(await importing.get_import(tx, import_id))

    _add_report(routes, access)
    _add_moves(routes, access)
    _add_undo(routes, access)
    return routes


def _add_report(routes: APIRouter, access: Access) -> None:
    @routes.get(
        "/{import_id}/errors.csv",
        summary="Download the rows that were not taken as they stand, and what to do about each",
        response_class=Response,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    async def report(
        import_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))]
    ) -> Response:
        return await report_faults(visit, import_id)


async def report_faults(visit: Visit, import_id: UUID) -> Response:
    """Answer with the rows of an import that were not taken as they stand, as a download.

    Refuses those of one whose rows were forgotten for their age (`contacts.import_rows_gone`).
    """
    async with visit.transaction() as tx:
        one = await importing.get_import(tx, import_id)
        exporting.check_report(one)
    header = exporting.header_of(one)

    async def rows() -> AsyncIterator[str]:
        yield "\ufeff" + exporting.report_header(header)
        after = 0
        while True:
            async with visit.transaction() as tx:
                faults = await importing.list_faults(tx, import_id, after=after, limit=REPORT_PAGE)
            yield exporting.report_rows(faults, width=len(header))
            if len(faults) < REPORT_PAGE:
                return
            after = faults[-1].row_number

    return as_download(rows(), exporting.report_name(one), media_type=MEDIA_TYPES[FileKind.CSV])


def _add_moves(routes: APIRouter, access: Access) -> None:
    @routes.post(
        "/{import_id}/start",
        summary="Start an import, or a dry run that only looks",
        responses={409: {"description": "The import has been started already"}},
    )
    async def start(
        import_id: UUID,
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_WRITE))],
        starting: Starting,
    ) -> ImportView:
        async with visit.transaction() as tx:
            country = (await tenants.get_tenant(tx)).country
            settings = None if starting.options is None else settings_of(starting.options, country)
            one = await importing.start_import(
                tx, import_id, dry_run=starting.dry_run, settings=settings, by=visit.actor
            )
        return view_of(one)

    @routes.post(
        "/{import_id}/cancel",
        summary="Stop an import after the batch that is under way",
        responses={409: {"description": "The import is over"}},
    )
    async def cancel(
        import_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_WRITE))]
    ) -> ImportView:
        async with visit.transaction() as tx:
            return view_of(await importing.cancel_import(tx, import_id, by=visit.actor))

    @routes.post(
        "/{import_id}/resume",
        summary="Go on with an import that failed or was canceled",
        responses={409: {"description": "The import was not stopped"}},
    )
    async def resume(
        import_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_WRITE))]
    ) -> ImportView:
        async with visit.transaction() as tx:
            return view_of(await importing.resume_import(tx, import_id, by=visit.actor))


def _add_undo(routes: APIRouter, access: Access) -> None:
    @routes.post(
        "/{import_id}/undo",
        summary="Undo an import: whom it added goes, whom it changed is put back",
        responses={409: {"description": "There is nothing to undo"}},
    )
    async def undo(
        import_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_WRITE))]
    ) -> ImportView:
        async with visit.transaction() as tx:
            return view_of(await undoing.undo_import(tx, import_id, by=visit.actor))

    @routes.get("/{import_id}/undo/left", summary="List people whom the undoing of an import left, and why")
    async def left(
        import_id: UUID,
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))],
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[LeftPerson]:
        async with visit.transaction() as tx:
            found = await undoing.list_left(tx, import_id, before=before, limit=limit)
        return page_of(found, found[-1].contact_id if found else None, limit=limit)


async def _take_upload(
    visit: Visit, form: FormData, key: str | None, *, folder: Path, looking: asyncio.Semaphore
) -> ImportView:
    file, start = form.get("file"), form.get("start") or ""
    if not isinstance(file, UploadFile):
        raise Refused("contacts.import_no_file", "Send the file as multipart/form-data in the field file.", status=422)
    if not isinstance(start, str) or start not in {"", "dry_run", "import"}:
        raise Refused("contacts.import_options", "start is empty, dry_run or import.", status=422)
    taken = await take_upload(
        visit, file, options=_read_options(form), start=start, key=key, folder=folder, looking=looking
    )
    return view_of(taken)


async def take_upload(
    visit: Visit,
    file: UploadFile,
    *,
    options: Options,
    start: str,
    key: str | None,
    folder: Path,
    looking: asyncio.Semaphore,
) -> Import:
    """Keep an upload, look at its first rows, and add it; a file that is refused leaves nothing behind.

    `start` is empty, 'dry_run' or 'import'; no more files than `looking` lets are looked at together.
    """
    async with visit.transaction() as tx:
        country = (await tenants.get_tenant(tx)).country
    settings = settings_of(options, country)
    import_id = new_id()
    staged = Staged(folder, tenant_id=visit.tenant_id, import_id=import_id)
    try:
        size, sha256 = await asyncio.to_thread(staged.keep, file.file)
        async with looking:
            read = await staged.look(settings.job)
        async with visit.transaction() as tx:

            async def add() -> UUID:
                await importing.add_import(
                    tx,
                    import_id=import_id,
                    filename=file.filename or "",
                    size=size,
                    sha256=sha256,
                    settings=settings,
                    read=read,
                    by=visit.actor,
                )
                if start:
                    await importing.start_import(tx, import_id, dry_run=start == "dry_run", by=visit.actor)
                return import_id

            wish = {"sha256": sha256, "options": options.model_dump(mode="json"), "start": start}
            added, is_new = await once(tx, operation="imports.add", key=key, request=wish, make=add)
            one = await importing.get_import(tx, added)
    except BaseException:
        await asyncio.to_thread(staged.forget)
        raise
    if not is_new:
        await asyncio.to_thread(staged.forget)
    return one


def _read_options(form: FormData) -> Options:
    text = form.get("options")
    try:
        return _options.validate_json(text if isinstance(text, str) and text else "{}")
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        shown = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults[:5])
        raise Refused("contacts.import_options", f"The options cannot be read: {shown}", status=422) from error


def settings_of(options: Options, country: str) -> importing.Settings:
    """Check how a file is to be taken in; `country` is used where the options name none."""
    job = Job(
        country=options.country or country,
        mapping=options.mapping,
        keep_others=options.keep_others,
        encoding=options.encoding,
        delimiter=options.delimiter,
        sheet=options.sheet,
        has_header=options.has_header,
    )
    return importing.make_settings(job, tags=options.tags, known_wins=options.known_wins)
