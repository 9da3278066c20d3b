"""Segments: filters saved under a name, counted and looked into before anybody is texted."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, Field
from starlette.responses import Response

from frontdesk.features.contacts.filters import Filter, Segment, read_filter
from frontdesk.features.contacts.model import Person
from frontdesk.features.contacts.service import matching, segments
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.idempotency import Key, once
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of
from frontdesk.routing import Routes

PREVIEW = 10
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Tree = Annotated[
    dict[str, object],
    Field(
        description="Conditions like {'where': 'tag', 'any_of': ['vip']}, put together by 'all', 'any' and 'not'",
        examples=[
            {
                "where": "all",
                "of": [
                    {"where": "tag", "any_of": ["vip"]},
                    {"where": "not", "of": {"where": "region", "any_of": ["US-FL"]}},
                ],
            }
        ],
    ),
]


class NewSegment(BaseModel, extra="forbid"):
    """A filter to save."""

    name: Name
    filter: Tree


class SegmentChange(BaseModel, extra="forbid"):
    """What to change; what is left out stays."""

    name: Name | None = None
    filter: Tree | None = None


class Question(BaseModel, extra="forbid"):
    """A filter to try."""

    filter: Tree


class SegmentView(BaseModel):
    """A segment."""

    id: UUID
    name: str
    filter: dict[str, object]
    created_by: str
    created_at: datetime
    updated_at: datetime


class Audience(BaseModel):
    """How many people fit now, and some of them."""

    people: int
    preview: list[Person]


def segments_router(access: Access) -> APIRouter:
    """Make the routes of segments."""
    routes = Routes(prefix="/api/segments", tags=["contacts"])

    @routes.get("", summary="List segments, newest first")
    async def list_segments(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))],
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[SegmentView]:
        async with visit.transaction() as tx:
            found = await segments.list_segments(tx, before=before, limit=limit)
        return page_of([_view(one) for one in found], found[-1].id if found else None, limit=limit)

    @routes.post("", summary="Save a segment", status_code=201, responses={409: {"description": "The name is taken"}})
    async def save_segment(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_WRITE))],
        segment: NewSegment,
        idempotency_key: Annotated[Key | None, Header()] = None,
    ) -> SegmentView:
        filter_ = read_filter(segment.filter)
        async with visit.transaction() as tx:

            async def save() -> UUID:
                return (await segments.save_segment(tx, name=segment.name, filter_=filter_, by=visit.actor)).id

            request = segment.model_dump(mode="json")
            segment_id, _ = await once(tx, operation="segments.save", key=idempotency_key, request=request, make=save)
            return _view(await segments.get_segment(tx, segment_id))

    @routes.post("/preview", summary="Count who fits a filter, without saving it")
    async def preview(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))], question: Question
    ) -> Audience:
        return await _audience(visit, read_filter(question.filter))

    _add_one_segment(routes, access)
    return routes


def _add_one_segment(routes: APIRouter, access: Access) -> None:
    @routes.get("/{segment_id}", summary="Read a segment")
    async def get_segment(
        segment_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))]
    ) -> SegmentView:
        async with visit.transaction() as tx:
            return _view(await segments.get_segment(tx, segment_id))

    @routes.get("/{segment_id}/people", summary="Count who fits a segment now, and show some of them")
    async def count_people(
        segment_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))]
    ) -> Audience:
        async with visit.transaction() as tx:
            segment = await segments.get_segment(tx, segment_id)
        return await _audience(visit, segment.filter)

    @routes.patch(
        "/{segment_id}",
        summary="Rename a segment or change its filter",
        responses={409: {"description": "The name is taken"}},
    )
    async def change_segment(
        segment_id: UUID,
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_WRITE))],
        change: SegmentChange,
    ) -> SegmentView:
        filter_ = None if change.filter is None else read_filter(change.filter)
        async with visit.transaction() as tx:
            changed = await segments.change_segment(tx, segment_id, name=change.name, filter_=filter_, by=visit.actor)
            return _view(changed)

    @routes.delete("/{segment_id}", summary="Delete a segment", status_code=204)
    async def delete_segment(
        segment_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_WRITE))]
    ) -> Response:
        async with visit.transaction() as tx:
            await segments.delete_segment(tx, segment_id, by=visit.actor)
        return Response(status_code=204)


async def _audience(visit: Visit, filter_: Filter) -> Audience:
    async with visit.transaction() as tx:
        people = await matching.count_matching(tx, filter_)
        return Audience(people=people, preview=await matching.list_matching(tx, filter_, after=None, limit=PREVIEW))


def _view(segment: Segment) -> SegmentView:
    return SegmentView(
        id=segment.id,
        name=segment.name,
        filter=msgspec.to_builtins(segment.filter),
        created_by=segment.created_by,
        created_at=segment.created_at,
        updated_at=segment.updated_at,
    )
