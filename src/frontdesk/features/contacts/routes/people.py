"""People: lists, changes by hand, tags, and the export of all."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from frontdesk.features import tenants
from frontdesk.features.contacts.filters import Filter
from frontdesk.features.contacts.model import MAX_FIELDS, MAX_TAGS, Card
from frontdesk.features.contacts.queries.cards import TagCount
from frontdesk.features.contacts.service import cards, exporting, segments
from frontdesk.features.contacts.sheets import MEDIA_TYPES, FileKind
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.idempotency import Key, once
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of
from frontdesk.routing import Routes

Word = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
Words = Annotated[list[Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")]], Field(max_length=MAX_TAGS)]
EXPORTED = [name.partition(";")[0] for name in MEDIA_TYPES.values()]
Fields = Annotated[dict[str, Word | None], Field(max_length=MAX_FIELDS)]


class Told(BaseModel, extra="forbid"):
    """What is told of a person; what is left out stays, null or an empty word is forgotten."""

    name: Word | None = None
    given_name: Word | None = None
    family_name: Word | None = None
    email: Word | None = None
    timezone: Word | None = None
    country: Word | None = None
    region: Word | None = None
    postal_code: Word | None = None
    city: Word | None = None
    fields: Fields | None = None


class NewPerson(Told):
    """A person to add; a number without a country code is read as one of the business's country."""

    phone: Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")]
    tags: Words = []


class Retagging(BaseModel, extra="forbid"):
    """Tags to add and to take off."""

    add: Words = []
    remove: Words = []


class ExportWish(BaseModel, extra="forbid"):
    """Whom to export, the people of a segment or everybody, and as what."""

    segment: UUID | None = None
    format: FileKind = FileKind.CSV


def people_router(access: Access) -> APIRouter:
    """Make the routes of people."""
    routes = Routes(prefix="/api/contacts", tags=["contacts"])

    @routes.get("", summary="List people, newest first")
    async def list_contacts(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))],
        q: Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$", description="In name, e-mail or number")] = "",
        tag: Annotated[str, Query(max_length=60, pattern=r"^[^\x00]*$")] = "",
        segment: UUID | None = None,
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[Card]:
        async with visit.transaction() as tx:
            filter_ = await _filter_of(tx, segment)
            found = await cards.find_people(tx, words=q, tag=tag, filter_=filter_, before=before, limit=limit)
        return page_of(found, found[-1].id if found else None, limit=limit)

    @routes.post(
        "", summary="Add a person", status_code=201, responses={409: {"description": "The number is somebody you know"}}
    )
    async def add_person(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_WRITE))],
        person: NewPerson,
        idempotency_key: Annotated[Key | None, Header()] = None,
    ) -> Card:
        told = person.model_dump(exclude_unset=True, exclude={"phone", "tags"})
        async with visit.transaction() as tx:
            country = (await tenants.get_tenant(tx)).country

            async def add() -> UUID:
                added = await cards.add_person(
                    tx,
                    phone=person.phone,
                    default_country=country,
                    told=told,
                    tags=person.tags,
                    source="api",
                    by=visit.actor,
                )
                return added.id

            request = person.model_dump(mode="json")
            contact_id, _ = await once(tx, operation="contacts.add", key=idempotency_key, request=request, make=add)
            return await cards.get_card(tx, contact_id)

    @routes.get("/tags", summary="List the tags in use")
    async def list_tags(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))],
    ) -> list[TagCount]:
        async with visit.transaction() as tx:
            return await cards.list_tags(tx)

    _add_export(routes, access)
    _add_one_person(routes, access)
    return routes


def _add_export(routes: APIRouter, access: Access) -> None:
    @routes.post(
        "/export",
        summary="Export people as CSV or XLSX, which can be imported again",
        response_class=Response,
        responses={200: {"content": {kind: {"schema": {"type": "string"}} for kind in EXPORTED}}},
    )
    async def export(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_EXPORT))], wish: ExportWish | None = None
    ) -> Response:
        wish = wish or ExportWish()
        async with visit.transaction() as tx:
            filter_ = await _filter_of(tx, wish.segment)
            about = {} if wish.segment is None else {"segment": str(wish.segment)}
            begun = await exporting.begin_export(tx, kind=wish.format, filter_=filter_, about=about, by=visit.actor)
        return send_export(visit, begun)


def send_export(visit: Visit, export: exporting.Export) -> Response:
    """Answer with an export as a download, page by page as it is read."""

    async def parts() -> AsyncIterator[bytes]:
        async for part in exporting.write_people(export, visit.transaction):
            yield part.data

    return as_download(parts(), export.filename, media_type=export.media_type)


def _add_one_person(routes: APIRouter, access: Access) -> None:
    @routes.get("/{contact_id}", summary="Read a person")
    async def get_contact(
        contact_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))]
    ) -> Card:
        async with visit.transaction() as tx:
            return await cards.get_card(tx, contact_id)

    @routes.patch("/{contact_id}", summary="Change a person's details")
    async def change_person(
        contact_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_WRITE))], told: Told
    ) -> Card:
        async with visit.transaction() as tx:
            return await cards.change_person(tx, contact_id, told=told.model_dump(exclude_unset=True), by=visit.actor)

    @routes.delete("/{contact_id}", summary="Delete a person; evidence of consent stays", status_code=204)
    async def delete_person(
        contact_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_WRITE))]
    ) -> Response:
        async with visit.transaction() as tx:
            await cards.delete_person(tx, contact_id, by=visit.actor)
        return Response(status_code=204)

    @routes.post("/{contact_id}/tags", summary="Add tags to a person and take others off")
    async def tag_person(
        contact_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_WRITE))], tags: Retagging
    ) -> Card:
        async with visit.transaction() as tx:
            return await cards.tag_person(tx, contact_id, add=tags.add, remove=tags.remove, by=visit.actor)


async def _filter_of(tx: Transaction, segment: UUID | None) -> Filter | None:
    return None if segment is None else (await segments.get_segment(tx, segment)).filter


def as_download(parts: AsyncIterator[str] | AsyncIterator[bytes], name: str, *, media_type: str) -> Response:
    """Answer with a file as a download."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(parts, media_type=media_type, headers=headers)
