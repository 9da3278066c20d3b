"""The waiting list on the public booking page: whoever finds no time says between which days one would do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import scheduling
from frontdesk.kernel.db import Transaction
from frontdesk.web.pages.booking import BookingDesk, Place, go_to, public_service
from frontdesk.web.pages.booking_views import Visitor, read_visitor, waiting_agreement

USUAL_DAYS = 14
UNPROCESSABLE = 422
LOOKED_AT = 200
Words = Annotated[str, Form(max_length=600)]
Day = Annotated[str, Form(max_length=10)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """From the first to the last day on which a time would do, as they were typed, and the bounds of both."""

    first: str
    last: str
    today: str
    furthest: str


def add_waiting(routes: APIRouter, desk: BookingDesk) -> None:
    """Add the routes by which strangers put themselves on the waiting list."""

    @routes.get("/s/{service_id}/wait")
    async def form(
        request: Request, business_slug: str, service_id: UUID, done: Annotated[str, Query(max_length=4)] = ""
    ) -> Response:
        place = await desk.find(request, business_slug)
        return await _show(desk, place, service_id, Visitor(), done=bool(done))

    @routes.post("/s/{service_id}/wait")
    async def join(
        request: Request,
        business_slug: str,
        service_id: UUID,
        name: Words = "",
        phone: Words = "",
        first: Day = "",
        last: Day = "",
        website: Words = "",
    ) -> Response:
        place = await desk.find(request, business_slug)
        visitor, phone_e164 = read_visitor(name, phone, "", country=place.business.country)
        async with desk.parts.app.transaction(place.business.id) as tx:
            service = await public_service(tx, place, service_id)
            wanted = _wanted(first, last, service, zone=place.business.timezone, now=tx.now)
        if wanted is None:
            fault = ("last", "Choose a first day from today on, and a last day that is not before it.")
            visitor = replace(visitor, faults=(*visitor.faults, fault))
        if wanted is None or not phone_e164:
            return await _show(desk, place, service_id, visitor, first=first, last=last, status=UNPROCESSABLE)
        await desk.count_booking(request, place, phone_e164)
        if not website:  # a field that people do not see: whoever fills it in is a program
            async with desk.parts.app.transaction(place.business.id) as tx:
                text = waiting_agreement(place.business)
                contact_id = await desk.agree(tx, request, place, visitor, phone_e164, text=text)
                if not await _waits_already(tx, service_id=service_id, contact_id=contact_id):
                    await scheduling.join_waiting_list(
                        tx, service_id=service_id, resource_id=None, contact_id=contact_id, wanted=wanted
                    )
        return go_to(f"/book/{place.business.slug}/s/{service_id}/wait?done=yes")


async def _show(
    desk: BookingDesk,
    place: Place,
    service_id: UUID,
    visitor: Visitor,
    *,
    first: str = "",
    last: str = "",
    done: bool = False,
    status: int = 200,
) -> Response:
    async with desk.parts.app.transaction(place.business.id) as tx:
        service = await public_service(tx, place, service_id)
        today = tx.now.astimezone(ZoneInfo(place.business.timezone)).date()
    usual = today + timedelta(days=min(USUAL_DAYS, service.horizon_days))
    wish = Wish(
        first=first or today.isoformat(),
        last=last or usual.isoformat(),
        today=today.isoformat(),
        furthest=(today + timedelta(days=service.horizon_days)).isoformat(),
    )
    return desk.show(
        place,
        "booking_waiting.html",
        status=status,
        service=service,
        visitor=visitor,
        wish=wish,
        done=done,
        agreement=waiting_agreement(place.business),
    )


async def _waits_already(tx: Transaction, *, service_id: UUID, contact_id: UUID) -> bool:
    """Tell whether somebody waits for a service among the latest who do: pressed twice it is one wish."""
    latest = await scheduling.list_waiters(tx, status=scheduling.WaiterStatus.WAITING, limit=LOOKED_AT)
    return any(one.service_id == service_id and one.contact_id == contact_id for one in latest)


def _wanted(
    first: str, last: str, service: scheduling.Service, *, zone: str, now: datetime
) -> tuple[datetime, datetime] | None:
    """Read the days as a stretch on the business's clock, no further than the service can be booked; None for none."""
    where = ZoneInfo(zone)
    today = now.astimezone(where).date()
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return None
    end = min(end, today + timedelta(days=service.horizon_days))
    if begin < today or end < begin:
        return None
    starts_at = datetime.combine(begin, time(), tzinfo=where).astimezone(UTC)
    ends_at = datetime.combine(end + timedelta(days=1), time(), tzinfo=where).astimezone(UTC)
    return max(starts_at, now), ends_at
