"""The pages of payments: what was asked for and paid, a link for somebody who is to pay, money given back."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import billing
from frontdesk.features.billing.service.requesting import MAX_CENTS, MAX_DESCRIPTION
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.money import has_cents, without_cents
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.amounts import read_cents, write_cents
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.web.pages.payment_views import PAGE, read_payment, show_line
from frontdesk.web.pages.views import read_place
from frontdesk.wiring import Frontdesk

UNPROCESSABLE = 422
LASTS = timedelta(hours=23)  # the payment company ends its page after a day
NOTICES = {
    "asked": "The link is made. Send it to whoever is to pay.",
    "cancelled": "The payment company is told: nobody pays this any more. Who has paid by now is shown as paid.",
    "returned": "The money is on its way back to where it came from.",
}
Line = Annotated[str, Form(max_length=MAX_DESCRIPTION)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A form as it was typed, and what is wrong with it; `key` makes what it asks for happen once."""

    key: UUID
    amount: str = ""
    currency: str = "USD"
    words: str = ""
    wrong_amount: str = ""
    wrong_currency: str = ""
    wrong_words: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether something in it must be written anew."""
        return bool(self.wrong_amount or self.wrong_currency or self.wrong_words)


def payment_pages(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of a business's payments."""
    routes = Routes(prefix="/businesses/{tenant_id}/payments", include_in_schema=False)
    desk = _PaymentDesk(parts, Frames(parts, door, section="settings", tab="payments"))
    _add_list(routes, door, desk)
    _add_one(routes, door, desk)
    return routes


class _PaymentDesk:
    """Shows the list and one payment, with a form as it was typed."""

    def __init__(self, parts: Frontdesk, frames: Frames) -> None:
        self._parts = parts
        self._frames = frames

    @property
    def is_set_up(self) -> bool:
        """Whether a payment company is."""
        return self._parts.payments is not None

    async def show_list(
        self, request: Request, visit: Visit, *, before: UUID | None = None, draft: Draft | None = None
    ) -> Response:
        """Show what was asked for, newest first."""
        async with visit.transaction() as tx:
            found = await billing.list_payments(tx, tenant_id=visit.tenant_id, before=before, limit=PAGE)
            one = await billing.find_subscription(tx, tenant_id=visit.tenant_id)
            plan = None if one is None else await billing.get_plan(tx, plan_id=one.plan_id)
            place = await read_place(tx)
        currency = found[0].currency.upper() if found else "USD"
        values = {
            "lines": [show_line(payment) for payment in found],
            "subscription": one,
            "plan": plan,
            "place": place,
            "is_set_up": self.is_set_up,
            "form": draft or Draft(key=uuid4(), currency=currency),
            "may_ask": self.is_set_up and visit.may(Scope.BILLING_WRITE),
            "next": found[-1].id if len(found) == PAGE else None,
            "is_first": before is None,
        }
        status = UNPROCESSABLE if draft else 200
        return await self._frames.page(request, visit, Shown(template="payments.html", values=values, status=status))

    async def show_one(
        self, request: Request, visit: Visit, payment_id: UUID, *, notice: str = "", draft: Draft | None = None
    ) -> Response:
        """Show one payment."""
        async with visit.transaction() as tx:
            view = await read_payment(tx, visit, payment_id=payment_id, base_url=self._parts.public_base_url)
            place = await read_place(tx)
        values = {
            "view": view,
            "place": place,
            "notice": NOTICES.get(notice, ""),
            "form": draft or Draft(key=uuid4(), amount=write_cents(view.left_cents)),
        }
        status = UNPROCESSABLE if draft else 200
        return await self._frames.page(request, visit, Shown(template="payment.html", values=values, status=status))


def _add_list(routes: APIRouter, door: FrontDoor, desk: _PaymentDesk) -> None:
    @routes.get("")
    async def payments(
        request: Request,
        visit: Annotated[Visit, Depends(door.to_business(Scope.BILLING_READ))],
        before: UUID | None = None,
    ) -> Response:
        return await desk.show_list(request, visit, before=before)

    @routes.post("")
    async def ask(
        request: Request,
        visit: Annotated[Visit, Depends(door.to_business(Scope.BILLING_WRITE))],
        key: Annotated[UUID, Form(default_factory=uuid4)],
        amount: Line = "",
        currency: Line = "",
        words: Line = "",
    ) -> Response:
        billing.refuse_unpayable(is_set_up=desk.is_set_up)
        cents, named, said = read_cents(amount, most=MAX_CENTS), currency.strip().upper(), " ".join(words.split())
        draft = Draft(
            key=key,
            amount=amount,
            currency=currency,
            words=words,
            wrong_amount="" if cents else "Write an amount like 25 or 49.50.",
            wrong_currency=_wrong_currency(named),
            wrong_words="" if said else "Say what it is for: whoever pays reads it.",
        )
        if draft.is_wrong or not cents:
            return await desk.show_list(request, visit, draft=draft)
        async with visit.transaction() as tx:
            asked = await billing.request_payment(
                tx,
                tenant_id=visit.tenant_id,
                purpose=billing.BY_HAND,
                reference=key,
                contact_id=None,
                amount_cents=cents,
                currency=named,
                description=said,
                expires_at=tx.now + LASTS,
                now=tx.now,
            )
        return go_to(f"{home_of(visit)}/{asked.id}?notice=asked")


def _add_one(routes: APIRouter, door: FrontDoor, desk: _PaymentDesk) -> None:
    may_write = door.to_business(Scope.BILLING_WRITE)

    @routes.get("/{payment_id}")
    async def payment(
        request: Request,
        visit: Annotated[Visit, Depends(door.to_business(Scope.BILLING_READ))],
        payment_id: UUID,
        notice: str = "",
    ) -> Response:
        return await desk.show_one(request, visit, payment_id, notice=notice)

    @routes.post("/{payment_id}/cancel")
    async def cancel(visit: Annotated[Visit, Depends(may_write)], payment_id: UUID) -> Response:
        async with visit.transaction() as tx:
            await billing.cancel_payment(tx, tenant_id=visit.tenant_id, payment_id=payment_id)
        return go_to(f"{home_of(visit)}/{payment_id}?notice=cancelled")

    @routes.post("/{payment_id}/refund")
    async def refund(
        request: Request,
        visit: Annotated[Visit, Depends(may_write)],
        payment_id: UUID,
        key: Annotated[UUID, Form(default_factory=uuid4)],
        amount: Line = "",
        words: Line = "",
    ) -> Response:
        cents, said = read_cents(amount, most=MAX_CENTS), " ".join(words.split())
        draft = Draft(
            key=key,
            amount=amount,
            words=words,
            wrong_amount="" if cents else "Write an amount like 25 or 49.50.",
            wrong_words="" if said else "Say why: it is kept with the payment.",
        )
        if draft.is_wrong or not cents:
            return await desk.show_one(request, visit, payment_id, draft=draft)
        try:
            async with visit.transaction() as tx:
                await billing.refund_payment(
                    tx,
                    tenant_id=visit.tenant_id,
                    payment_id=payment_id,
                    amount_cents=cents,
                    reason=said,
                    by=visit.actor,
                    now=tx.now,
                    refund_id=key,
                )
        except Refused as refusal:
            if refusal.status != UNPROCESSABLE:
                raise
            wrong = replace(draft, wrong_amount="That is more than is left to give back.")
            return await desk.show_one(request, visit, payment_id, draft=wrong)
        return go_to(f"{home_of(visit)}/{payment_id}?notice=returned")


def _wrong_currency(named: str) -> str:
    if len(named) != 3 or not (named.isascii() and named.isalpha()):  # noqa: PLR2004 - ISO 4217
        return "Write it like USD."
    return "" if has_cents(named) else f"{without_cents(named)}."


def home_of(visit: Visit) -> str:
    """Tell where a business's payments are."""
    return f"/businesses/{visit.tenant_id}/payments"
