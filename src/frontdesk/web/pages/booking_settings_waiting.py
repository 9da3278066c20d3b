"""The page of the waiting list: who waits for what, and a free time offered by hand."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import contacts, scheduling, tenants
from frontdesk.features.scheduling import WaiterStatus
from frontdesk.features.scheduling.model import MAX_SEARCH
from frontdesk.features.scheduling.service import offering, waiting
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.agenda_panels import as_id, show_slot, taken
from frontdesk.web.pages.booking_views import read_moment
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.web.pages.rows import Chip, Tone
from frontdesk.wiring import Frontdesk
from frontdesk.wiring.booking import booking_voice

NOT_FOUND, CONFLICT = 404, 409
PAGE, OFFERS = 50, 24
OFFER_STEP = 60  # minutes: a few times over several days say more than every quarter of one morning
NOTICES = {
    "offered": "Offered: the time is kept for an hour, and a text with the link is on its way.",
    "left": "Taken off the list.",
}
CHIPS = {
    WaiterStatus.WAITING: Chip("Waits", Tone.BUSY),
    WaiterStatus.OFFERED: Chip("Was offered a time", Tone.WARN),
    WaiterStatus.BOOKED: Chip("Booked", Tone.GOOD),
    WaiterStatus.LEFT: Chip("Left the list", Tone.CALM),
}
Word = Annotated[str, Query(max_length=60, pattern=r"^[^\x00]*$")]


def add_waiting(routes: APIRouter, parts: Frontdesk, door: FrontDoor, frames: Frames) -> None:
    """Add the page of the waiting list."""
    may_write = door.to_business(Scope.BOOKING_WRITE)

    @routes.get("/waiting")
    async def waiting_list(
        request: Request,
        visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_READ))],
        offer: Word = "",
        done: Word = "",
    ) -> Response:
        return await _show(request, visit, frames, offer=offer, notice=done)

    @routes.post("/waiting/{waiter_id}/offer")
    async def offer_time(
        request: Request,
        waiter_id: UUID,
        visit: Annotated[Visit, Depends(may_write)],
        at: Annotated[str, Form(max_length=120)] = "",
    ) -> Response:
        told = booking_voice(parts.links, lane=parts.courier)
        start, _, resource = at.partition("|")
        try:
            async with visit.transaction(inline=True) as tx:
                done = await offering.offer_time(
                    tx,
                    told,
                    waiter_id=waiter_id,
                    starts_at=read_moment(start) or tx.now,
                    resource_id=as_id(resource),
                    by=visit.actor,
                )
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                raise
            return await _show(request, visit, frames, offer=str(waiter_id), wrong=refusal.message)
        if isinstance(done, scheduling.SlotTaken):
            wrong = f"{taken(done).wrong} Choose another."
            return await _show(request, visit, frames, offer=str(waiter_id), wrong=wrong)
        return go_to(f"/businesses/{visit.tenant_id}/settings/booking/waiting?done=offered")

    @routes.post("/waiting/{waiter_id}/leave")
    async def leave(waiter_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with visit.transaction() as tx:
            await waiting.leave_waiting_list(tx, waiter_id=waiter_id)
        return go_to(f"/businesses/{visit.tenant_id}/settings/booking/waiting?done=left")


async def _show(
    request: Request, visit: Visit, frames: Frames, *, offer: str, notice: str = "", wrong: str = ""
) -> Response:
    async with visit.transaction() as tx:
        business = await tenants.get_tenant(tx)
        waiters = await scheduling.list_waiters(tx, limit=PAGE)
        chosen = next((one for one in waiters if str(one.id) == offer), None)
        slots = [] if chosen is None else await _suiting(tx, chosen)
        values: dict[str, object] = {
            "waiters": waiters,
            "people": await contacts.facts_for(tx, sorted({one.contact_id for one in waiters})),
            "services": {one.id: one.name for one in await scheduling.list_services(tx, active_only=False)},
            "resources": {one.id: one.name for one in await scheduling.list_resources(tx, active_only=False)},
            "chips": CHIPS,
            "chosen": chosen,
            "slots": [show_slot(one, zone=business.timezone, whole=True) for one in slots],
            "words": {one.id: _between(one, zone=business.timezone) for one in waiters},
            "may_change": visit.may(Scope.BOOKING_WRITE),
            "notice": NOTICES.get(notice, ""),
            "wrong": wrong,
        }
    status = CONFLICT if wrong else 200
    shown = Shown(template="booking_settings_waiting.html", values=values, status=status)
    return await frames.page(request, visit, shown)


async def _suiting(tx: Transaction, waiter: scheduling.Waiter) -> list[scheduling.Slot]:
    """List free times that somebody on the list could take; none of a service that is no longer offered."""
    start = max(waiter.wanted_from_at, tx.now)
    end = min(waiter.wanted_until, start + MAX_SEARCH)
    if waiter.status is not WaiterStatus.WAITING or end <= start:
        return []
    try:
        return await scheduling.list_free_slots(
            tx,
            service_id=waiter.service_id,
            resource_id=waiter.resource_id,
            between=(start, end),
            limit=OFFERS,
            granularity_minutes=OFFER_STEP,
        )
    except Refused:
        return []


def _between(waiter: scheduling.Waiter, *, zone: str) -> str:
    first, last = (scheduling.say_time(one, zone=zone) for one in (waiter.wanted_from_at, waiter.wanted_until))
    return f"{first} and {last}"
