"""Files of people: uploaded, tried, started, followed, stopped, and the report of what was not taken."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import tenants
from frontdesk.features.contacts.model import MAX_TAGS, Import, ImportStatus
from frontdesk.features.contacts.routes.people import as_csv
from frontdesk.features.contacts.service import exporting, importing
from frontdesk.features.contacts.service.reading import Job
from frontdesk.features.contacts.service.staging import Staged
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.idempotency import Key, once
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of

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


class ImportView(BaseModel):
    """A file of people and how far it has come; rows are counted without the header, `rows_ok` = added + merged."""

    id: UUID
    filename: str
    file_kind: str
    file_bytes: int
    file_sha256: str
    status: ImportStatus
    dry_run: bool
    settings: dict[str, object]
    layout: dict[str, object]
    rows_total: int | None
    rows_read: int
    rows_done: int
    rows_ok: int
    rows_added: int
    rows_merged: int
    rows_rejected: int
    rows_noted: int
    failure_code: str
    failure: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


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
    routes = APIRouter(prefix="/api/imports", tags=["imports"])
    looking = asyncio.Semaphore(LOOKS_AT_ONCE)

    @routes.post("", summary="Upload a file of people", status_code=201, openapi_extra=_UPLOAD)
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
        return page_of([_view(one) for one in found], found[-1].id if found else None, limit=limit)

    @routes.get("/{import_id}", summary="Read how far an import has come")
    async def get_import(
        import_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))]
    ) -> ImportView:
        async with visit.transaction() as tx:
            return _view(await importing.get_import(tx, import_id))

    _add_report(routes, access)
    _add_moves(routes, access)
    return routes


def _add_report(routes: APIRouter, access: Access) -> None:
    @routes.get(
        "/{import_id}/errors.csv",
        summary="Download the rows that were not taken as they stand, and what to do about each",
        response_class=Response,
    )
    async def report(
        import_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))]
    ) -> Response:
        return await report_faults(visit, import_id)


async def report_faults(visit: Visit, import_id: UUID) -> Response:
    """Answer with the rows of an import that were not taken as they stand, as a download."""
    async with visit.transaction() as tx:
        one = await importing.get_import(tx, import_id)
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

    return as_csv(rows(), exporting.report_name(one))


def _add_moves(routes: APIRouter, access: Access) -> None:
    @routes.post("/{import_id}/start", summary="Start an import, or a dry run that only looks")
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
        return _view(one)

    @routes.post("/{import_id}/cancel", summary="Stop an import after the batch that is under way")
    async def cancel(
        import_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_WRITE))]
    ) -> ImportView:
        async with visit.transaction() as tx:
            return _view(await importing.cancel_import(tx, import_id, by=visit.actor))

    @routes.post("/{import_id}/resume", summary="Go on with an import that failed or was canceled")
    async def resume(
        import_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_WRITE))]
    ) -> ImportView:
        async with visit.transaction() as tx:
            return _view(await importing.resume_import(tx, import_id, by=visit.actor))


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
    return _view(taken)


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


def _view(one: Import) -> ImportView:
    settings, layout = _document(one.settings), _document(one.layout)
    return ImportView(
        id=one.id,
        filename=one.filename,
        file_kind=one.file_kind,
        file_bytes=one.file_bytes,
        file_sha256=one.file_sha256,
        status=one.status,
        dry_run=one.dry_run,
        settings=settings,
        layout=layout,
        rows_total=one.rows_total,
        rows_read=one.rows_read,
        rows_done=one.rows_done,
        rows_ok=one.rows_added + one.rows_merged,
        rows_added=one.rows_added,
        rows_merged=one.rows_merged,
        rows_rejected=one.rows_rejected,
        rows_noted=one.rows_noted,
        failure_code=one.failure_code,
        failure=one.failure,
        created_by=one.created_by,
        created_at=one.created_at,
        updated_at=one.updated_at,
        started_at=one.started_at,
        finished_at=one.finished_at,
    )


def _document(text: str) -> dict[str, object]:
    found = json.loads(text)
    return dict(found) if isinstance(found, Mapping) else {}
