"""Do-not-contact lists over HTTP: look, put people on, take them off, import, ask why about one number."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import tenants
from frontdesk.features.consent import service
from frontdesk.features.consent.model import (
    GlobalRefusal,
    ListImport,
    OptOutJournal,
    Refusal,
    RefusalScope,
    RefusalSource,
    Standing,
)
from frontdesk.features.consent.routes.fields import E164, Words
from frontdesk.features.consent.sheets import read_listed_phones
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, PlatformVisit, Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.paging import (
    DEFAULT_LIMIT,
    Limit,
    Page,
    PhoneCursor,
    next_link,
    page_of,
    read_cursor,
    write_cursor,
)

CSV_BODY = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}
Name = Annotated[str, Query(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]*$")]
Reason = Annotated[str, Query(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f]*$")]
Country = Annotated[str | None, Query(pattern=r"^[A-Z]{2}$")]


class NewListing(BaseModel, extra="forbid"):
    """Whom not to text any more, and why; `marketing` leaves what a person asked for themselves."""

    phone_e164: E164
    scope: RefusalScope = RefusalScope.ALL
    reason: Words


class Listed(BaseModel):
    """How a person stands after they were listed; `added` is false if they were listed as far already."""

    added: bool
    standing: Standing


class ListingRemoval(BaseModel, extra="forbid"):
    """Whom to text again, and why; a person's own refusal needs their new written consent (`opt_in_id`)."""

    phone_e164: E164
    reason: Words
    opt_in_id: UUID | None = None


class GlobalRemoval(BaseModel, extra="forbid"):
    """Whom businesses may text again, and why."""

    phone_e164: E164
    reason: Words


class Check(BaseModel, extra="forbid"):
    """Whom to look up; in the body, because addresses end up in logs."""

    phone_e164: E164


def add_lists(routes: APIRouter, access: Access, journal: OptOutJournal) -> None:
    """Add the routes of a business's list."""
    _add_looking(routes, access)
    _add_listing(routes, access, journal)
    _add_imports(routes, access, journal)


def _add_looking(routes: APIRouter, access: Access) -> None:
    may_read = access.to_business(Scope.CONSENT_READ)

    @routes.get("/api/dnc", summary="List who must not be texted, latest first")
    async def list_refusals(
        request: Request,
        response: Response,
        visit: Annotated[Visit, Depends(may_read)],
        scope: RefusalScope | None = None,
        source: RefusalSource | None = None,
        phone_e164: E164 | None = None,
        before: PhoneCursor | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> list[Refusal]:
        place = None if before is None else read_cursor(before, str)
        async with visit.transaction() as tx:
            found = await service.list_refusals(
                tx, before=place, scope=scope, source=source, phone_e164=phone_e164, limit=limit
            )
        if len(found) == limit:
            last = write_cursor(found[-1].since, found[-1].phone_e164)
            response.headers["link"] = next_link(request.url.path, request.url.query, before=last)
        return found

    @routes.post("/api/dnc/check", summary="Tell whether a person may be texted, and why not")
    async def check_person(visit: Annotated[Visit, Depends(may_read)], order: Check) -> Standing:
        async with visit.transaction() as tx:
            return await service.check_person(tx, phone_e164=order.phone_e164)


def _add_listing(routes: APIRouter, access: Access, journal: OptOutJournal) -> None:
    may_write = access.to_business(Scope.CONSENT_WRITE)

    @routes.post("/api/dnc", summary="Never text a person again")
    async def put_on_list(visit: Annotated[Visit, Depends(may_write)], order: NewListing) -> Listed:
        async with visit.transaction() as tx:
            added = await service.put_on_list(
                tx, phone_e164=order.phone_e164, scope=order.scope, reason=order.reason, by=visit.actor, journal=journal
            )
            return Listed(added=added, standing=await service.check_person(tx, phone_e164=order.phone_e164))

    @routes.post(
        "/api/dnc/remove",
        summary="Let a person be texted again, if nobody but the business refused",
        responses={409: {"description": "The person refused themselves, and no proof outweighs it"}},
    )
    async def take_off_list(visit: Annotated[Visit, Depends(may_write)], order: ListingRemoval) -> Standing:
        async with visit.transaction() as tx:
            await service.take_off_list(
                tx,
                phone_e164=order.phone_e164,
                reason=order.reason,
                by=visit.actor,
                journal=journal,
                opt_in_id=order.opt_in_id,
            )
            return await service.check_person(tx, phone_e164=order.phone_e164)


def _add_imports(routes: APIRouter, access: Access, journal: OptOutJournal) -> None:
    may_read = access.to_business(Scope.CONSENT_READ)
    may_write = access.to_business(Scope.CONSENT_WRITE)

    @routes.post("/api/dnc/imports", summary="Import a list of people not to be texted (CSV)", openapi_extra=CSV_BODY)
    async def import_list(
        request: Request,
        visit: Annotated[Visit, Depends(may_write)],
        name: Name,
        reason: Reason,
        scope: RefusalScope = RefusalScope.ALL,
        country: Country = None,
    ) -> ListImport:
        if country is None:
            async with visit.transaction() as tx:
                country = (await tenants.get_tenant(tx)).country
        order = service.ListOrder(name=name, scope=scope, reason=reason, country=country, by=visit.actor)
        return await _import(request, visit.transaction, order, journal)

    @routes.get("/api/dnc/imports", summary="List imports, latest first, with the rows that name no number")
    async def list_imports(
        visit: Annotated[Visit, Depends(may_read)], before: UUID | None = None, limit: Limit = DEFAULT_LIMIT
    ) -> Page[ListImport]:
        async with visit.transaction() as tx:
            found = await service.list_imports(tx, before=before, limit=limit)
        return page_of(found, found[-1].id if found else None, limit=limit)


def add_platform_lists(routes: APIRouter, access: Access, journal: OptOutJournal) -> None:
    """Add the routes of the list that binds every business."""
    may_read = access.to_platform(Scope.CONSENT_READ)
    may_write = access.to_platform(Scope.CONSENT_WRITE)

    @routes.get("/api/dnc/global", summary="List whom no business may text, latest first")
    async def list_global(
        request: Request,
        response: Response,
        visit: Annotated[PlatformVisit, Depends(may_read)],
        before: PhoneCursor | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> list[GlobalRefusal]:
        place = None if before is None else read_cursor(before, str)
        async with visit.transaction() as tx:
            found = await service.list_global(tx, before=place, limit=limit)
        if len(found) == limit:
            last = write_cursor(found[-1].since, found[-1].phone_e164)
            response.headers["link"] = next_link(request.url.path, request.url.query, before=last)
        return found

    @routes.post("/api/dnc/global", summary="Let no business text a person", status_code=204)
    async def put_on_global_list(visit: Annotated[PlatformVisit, Depends(may_write)], order: NewListing) -> Response:
        async with visit.transaction() as tx:
            await service.put_on_global_list(
                tx, phone_e164=order.phone_e164, scope=order.scope, reason=order.reason, by=visit.actor, journal=journal
            )
        return Response(status_code=204)

    @routes.post(
        "/api/dnc/global/remove",
        summary="Take a person off the list for all businesses",
        status_code=204,
        responses={404: {"description": "The person is not on the list"}},
    )
    async def take_off_global_list(
        visit: Annotated[PlatformVisit, Depends(may_write)], order: GlobalRemoval
    ) -> Response:
        async with visit.transaction() as tx:
            await service.take_off_global_list(
                tx, phone_e164=order.phone_e164, reason=order.reason, by=visit.actor, journal=journal
            )
        return Response(status_code=204)

    @routes.post("/api/dnc/global/imports", summary="Import a list that binds all businesses (CSV)",
                 openapi_extra=CSV_BODY)  # fmt: skip
    async def import_global_list(
        request: Request,
        visit: Annotated[PlatformVisit, Depends(may_write)],
        name: Name,
        reason: Reason,
        scope: RefusalScope = RefusalScope.ALL,
        country: Country = None,
    ) -> ListImport:
        order = service.ListOrder(name=name, scope=scope, reason=reason, country=country or "US", by=visit.actor)
        return await _import(request, visit.transaction, order, journal)


async def _import(
    request: Request,
    open_transaction: Callable[[], AbstractAsyncContextManager[Transaction]],
    order: service.ListOrder,
    journal: OptOutJournal,
) -> ListImport:
    lines = _lines(await request.body())
    return await service.import_list(open_transaction, read_listed_phones(lines), order, journal=journal)


def _lines(body: bytes) -> Iterator[str]:
    """Read a body as lines of text; refuses one that is not UTF-8 (`consent.list_unreadable`)."""
    try:
        return iter(body.decode("utf-8-sig").splitlines(keepends=True))
    except UnicodeDecodeError as error:
        raise Refused("consent.list_unreadable", f"the list is not UTF-8 at byte {error.start}", status=422) from None
