"""Routes of deposits: a time is kept until it is paid for, by a link in the answer or by text."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends

from frontdesk.features import contacts
from frontdesk.features.scheduling.routes.views import DepositView, NewDeposit
from frontdesk.features.scheduling.service import deposits, holding, telling
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused

ANSWERS: dict[int | str, dict[str, Any]] = {
    404: {"description": "The hold is over"},
    409: {"description": "The service takes no deposit, or no payments are set up"},
}


def add_routes(routes: APIRouter, access: Access, *, told: telling.Told, base_url: str | None) -> None:
    """Add the route; without `base_url` nothing takes payments here, and it says so."""

    @routes.post("/holds/{hold_id}/deposit", summary="Ask for the deposit that books a held time", responses=ANSWERS)
    async def ask_deposit(
        hold_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))], new: NewDeposit
    ) -> DepositView:
        async with visit.transaction(inline=True) as tx:
            if base_url is None and await holding.find_hold(tx, hold_id=hold_id) is not None:
                raise Refused("scheduling.no_payments", "no payments are set up: see docs/payments.md", status=409)
            contact_id = await _person(tx, new)
            due = await deposits.ask_deposit(tx, hold_id=hold_id, contact_id=contact_id, base_url=base_url or "")
            texted = new.by_text and await telling.tell_deposit(tx, told, due, contact_id=contact_id)
            promise = await deposits.find_promise(tx, hold_id=hold_id)
        return DepositView(**asdict(due), refund_hours=promise, texted=texted)


async def _person(tx: Transaction, new: NewDeposit) -> UUID:
    if new.phone_e164 is not None:
        return (await contacts.ensure_contact(tx, phone_e164=new.phone_e164, name=new.name)).id
    if new.contact_id is None:
        raise LookupError("a deposit without a person passed its checks")
    return (await contacts.get_contact(tx, contact_id=new.contact_id)).id
