"""The JSON API of payments, plans and subscriptions."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, Header, Query
from pydantic import BaseModel, Field

from frontdesk.features.billing.model import (
    BY_HAND,
    Interval,
    Payment,
    PaymentStatus,
    Plan,
    Refund,
    RefundStatus,
    Subscription,
)
from frontdesk.features.billing.service import planning, requesting
from frontdesk.kernel import idempotency
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, PlatformVisit, Visit
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of
from frontdesk.ports import ProviderError
from frontdesk.ports.payments import PaymentProvider
from frontdesk.routing import Routes

REFUND_NAMES = UUID("5d7c1f0a-6b1e-4b53-9d0a-9a3c7c1f2e11")
Cents = Annotated[int, Field(gt=0, le=requesting.MAX_CENTS)]
Currency = Annotated[str, Field(pattern=r"^[A-Za-z]{3}$")]
Key = Annotated[idempotency.Key | None, Header()]


class RefundView(BaseModel):
    """Money on its way back."""

    id: UUID
    amount_cents: int
    status: RefundStatus
    reason: str
    requested_by: str
    requested_at: datetime

    @classmethod
    def of(cls, refund: Refund) -> "RefundView":
        """Show a refund."""
        return cls(
            id=refund.id,
            amount_cents=refund.amount_cents,
            status=refund.status,
            reason=refund.reason,
            requested_by=refund.requested_by,
            requested_at=refund.requested_at,
        )


class PaymentView(BaseModel):
    """A payment and where it can be paid; `refunded_cents` is what the payment company has given back so far."""

    id: UUID
    purpose: str
    reference: UUID
    contact_id: UUID | None
    amount_cents: int
    currency: str
    description: str
    status: PaymentStatus
    url: str
    paid_cents: int
    refunded_cents: int
    failure: str
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None


class OnePayment(PaymentView):
    """A payment with its refunds, oldest first."""

    refunds: list[RefundView]


class NewPayment(BaseModel, extra="forbid"):
    """What somebody is to pay, and until when; the link that comes back is sent to them by whoever asks for it."""

    amount_cents: Cents
    currency: Currency
    description: str = Field(min_length=1, max_length=requesting.MAX_DESCRIPTION)
    contact_id: UUID | None = None
    expires_in_minutes: int = Field(1380, ge=30, le=1380)


class RefundOrder(BaseModel, extra="forbid"):
    """How much to give back (all that is left if nothing is said) and why."""

    amount_cents: Cents | None = None
    reason: str = Field(min_length=1, max_length=requesting.MAX_DESCRIPTION)


class PlanView(BaseModel):
    """What a business may subscribe to."""

    key: str
    name: str
    amount_cents: int
    currency: str
    interval: Interval
    active: bool

    @classmethod
    def of(cls, plan: Plan) -> "PlanView":
        """Show a plan."""
        return cls(
            key=plan.key,
            name=plan.name,
            amount_cents=plan.amount_cents,
            currency=plan.currency,
            interval=plan.interval,
            active=plan.active,
        )


class PlanOrder(BaseModel, extra="forbid"):
    """A plan's name and price; `price_id` names a price at the payment company instead of telling it inline."""

    name: str = Field(min_length=1, max_length=120)
    amount_cents: Cents
    currency: Currency
    interval: Interval = Interval.MONTH
    price_id: str = Field("", max_length=100, pattern=r"^[A-Za-z0-9_]*$")
    active: bool = True


class SubscriptionView(BaseModel):
    """A business's plan; `is_good` while its services are due, `url` leads to its pay page while that is open."""

    plan: PlanView
    status: str
    is_good: bool
    url: str
    current_period_ends_at: datetime | None
    cancel_at_period_end: bool
    grace_until: datetime | None


class SubscribeOrder(BaseModel, extra="forbid"):
    """Which plan to subscribe to."""

    plan: str = Field(min_length=1, max_length=60)


class PortalLink(BaseModel):
    """Where cards and plans are seen to; good for a few minutes."""

    url: str


def router(access: Access, *, payments: PaymentProvider | None, base_url: str) -> APIRouter:
    """Make the routes; without a payment company nothing can be asked for, and what was is still shown."""
    routes = Routes(prefix="/api", tags=["billing"])
    _add_reading(routes, access, base_url)
    _add_asking(routes, access, base_url, is_set_up=payments is not None)
    _add_ending(routes, access, base_url)
    _add_plans(routes, access)
    _add_subscription(routes, access, payments, base_url)
    return routes


def _view(payment: Payment, base_url: str) -> PaymentView:
    return PaymentView(
        id=payment.id,
        purpose=payment.purpose,
        reference=payment.reference,
        contact_id=payment.contact_id,
        amount_cents=payment.amount_cents,
        currency=payment.currency,
        description=payment.description,
        status=payment.status,
        url="" if payment.status.is_over else base_url + requesting.LINK + payment.pay_token,
        paid_cents=payment.paid_cents,
        refunded_cents=payment.refunded_cents,
        failure=payment.failure,
        created_at=payment.created_at,
        expires_at=payment.expires_at,
        paid_at=payment.paid_at,
    )


def _add_reading(routes: APIRouter, access: Access, base_url: str) -> None:
    @routes.get("/payments", summary="List payments, newest first")
    async def list_payments(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BILLING_READ))],
        before: UUID | None = None,
        status: PaymentStatus | None = None,
        reference: UUID | None = None,
        limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    ) -> Page[PaymentView]:
        async with visit.transaction() as tx:
            found = await requesting.list_payments(
                tx, tenant_id=visit.tenant_id, before=before, status=status, reference=reference, limit=limit
            )
        items = [_view(payment, base_url) for payment in found]
        return page_of(items, items[-1].id if items else None, limit=limit)

    @routes.get("/payments/{payment_id}", summary="Show a payment and its refunds")
    async def show_payment(
        payment_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.BILLING_READ))]
    ) -> OnePayment:
        async with visit.transaction() as tx:
            payment = await requesting.get_payment(tx, tenant_id=visit.tenant_id, payment_id=payment_id)
            refunds = await requesting.list_refunds(tx, tenant_id=visit.tenant_id, payment_id=payment_id)
        shown = [RefundView.of(refund) for refund in refunds]
        return OnePayment(**_view(payment, base_url).model_dump(), refunds=shown)


def _add_asking(routes: APIRouter, access: Access, base_url: str, *, is_set_up: bool) -> None:
    @routes.post(
        "/payments",
        status_code=201,
        summary="Make a link by which somebody can pay",
        responses={409: {"description": "No payment company is set up"}},
    )
    async def request_payment(
        new: NewPayment,
        visit: Annotated[Visit, Depends(access.to_business(Scope.BILLING_WRITE))],
        idempotency_key: Key = None,
    ) -> PaymentView:
        requesting.refuse_unpayable(is_set_up=is_set_up)
        async with visit.transaction() as tx:

            async def make() -> UUID:
                asked = await requesting.request_payment(
                    tx,
                    tenant_id=visit.tenant_id,
                    purpose=BY_HAND,
                    reference=new_id(),
                    contact_id=new.contact_id,
                    amount_cents=new.amount_cents,
                    currency=new.currency,
                    description=new.description,
                    expires_at=tx.now + timedelta(minutes=new.expires_in_minutes),
                    now=tx.now,
                )
                return asked.id

            payment_id, _ = await idempotency.once(
                tx, operation="billing.pay", key=idempotency_key, request=new.model_dump(mode="json"), make=make
            )
            return _view(await requesting.get_payment(tx, tenant_id=visit.tenant_id, payment_id=payment_id), base_url)


def _add_ending(routes: APIRouter, access: Access, base_url: str) -> None:
    @routes.post("/payments/{payment_id}/cancel", status_code=202, summary="See that nobody pays any more")
    async def cancel_payment(
        payment_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.BILLING_WRITE))]
    ) -> PaymentView:
        async with visit.transaction() as tx:
            await requesting.cancel_payment(tx, tenant_id=visit.tenant_id, payment_id=payment_id)
            return _view(await requesting.get_payment(tx, tenant_id=visit.tenant_id, payment_id=payment_id), base_url)

    @routes.post(
        "/payments/{payment_id}/refund",
        status_code=202,
        summary="Give money back; with an Idempotency-Key, once",
        responses={409: {"description": "Nothing was paid"}},
    )
    async def refund_payment(
        payment_id: UUID,
        order: RefundOrder,
        visit: Annotated[Visit, Depends(access.to_business(Scope.BILLING_WRITE))],
        idempotency_key: Key = None,
    ) -> RefundView:
        named = None if idempotency_key is None else uuid5(REFUND_NAMES, f"{visit.tenant_id} {idempotency_key}")
        async with visit.transaction() as tx:
            refund = await requesting.refund_payment(
                tx,
                tenant_id=visit.tenant_id,
                payment_id=payment_id,
                amount_cents=order.amount_cents,
                reason=order.reason,
                by=visit.actor,
                now=tx.now,
                refund_id=named,
            )
        return RefundView.of(refund)


def _add_plans(routes: APIRouter, access: Access) -> None:
    @routes.get("/plans", summary="List what a business may subscribe to")
    async def list_plans(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BILLING_READ))],
    ) -> list[PlanView]:
        async with visit.transaction() as tx:
            return [PlanView.of(plan) for plan in await planning.list_plans(tx)]

    @routes.put("/plans/{key}", summary="Add a plan, or change it for those who come later")
    async def put_plan(
        key: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")],
        order: PlanOrder,
        visit: Annotated[PlatformVisit, Depends(access.to_platform(Scope.OPERATIONS_WRITE))],
    ) -> PlanView:
        async with visit.transaction() as tx:
            plan = await planning.put_plan(
                tx,
                key=key,
                name=order.name,
                amount_cents=order.amount_cents,
                currency=order.currency,
                interval=order.interval,
                price_id=order.price_id,
                active=order.active,
                by=visit.actor,
            )
        return PlanView.of(plan)


def _add_subscription(routes: APIRouter, access: Access, payments: PaymentProvider | None, base_url: str) -> None:
    async def show(visit: Visit) -> SubscriptionView:
        async with visit.transaction() as tx:
            one = _required(await planning.find_subscription(tx, tenant_id=visit.tenant_id))
            plan = await planning.get_plan(tx, plan_id=one.plan_id)
            is_good = one.is_good(at=tx.now)
        return SubscriptionView(
            plan=PlanView.of(plan),
            status=one.status.value,
            is_good=is_good,
            url=base_url + requesting.LINK + one.link_token if one.status.value == "requested" else "",
            current_period_ends_at=one.current_period_ends_at,
            cancel_at_period_end=one.cancel_at_period_end,
            grace_until=one.grace_until,
        )

    @routes.get("/subscription", summary="Show the business's plan")
    async def show_subscription(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BILLING_READ))],
    ) -> SubscriptionView:
        return await show(visit)

    @routes.post(
        "/subscription",
        status_code=201,
        summary="Begin a plan; its link leads to the pay page",
        responses={409: {"description": "There is a plan already"}},
    )
    async def subscribe(
        order: SubscribeOrder, visit: Annotated[Visit, Depends(access.to_business(Scope.BILLING_WRITE))]
    ) -> SubscriptionView:
        requesting.refuse_unpayable(is_set_up=payments is not None)
        async with visit.transaction() as tx:
            await planning.subscribe(tx, tenant_id=visit.tenant_id, plan_key=order.plan, by=visit.actor, now=tx.now)
        return await show(visit)

    @routes.post(
        "/subscription/portal",
        summary="Make a link to where cards and plans are seen to",
        responses={409: {"description": "Nothing was paid yet that could be seen to"}},
    )
    async def open_portal(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BILLING_WRITE))],
    ) -> PortalLink:
        async with visit.transaction() as tx:
            one = _required(await planning.find_subscription(tx, tenant_id=visit.tenant_id))
        if payments is None or not one.customer_id:
            raise Refused("billing.no_portal", "Nothing was paid yet that could be seen to", status=409)
        try:
            return PortalLink(url=await payments.open_portal(one.customer_id, return_url=base_url + "/"))
        except ProviderError as error:
            raise Refused(
                "billing.not_reached", "The payment company does not answer: try again", status=503
            ) from error


def _required(one: Subscription | None) -> Subscription:
    if one is None:
        raise Refused("billing.no_subscription", "This business has no plan", status=404)
    return one
