"""Plans that businesses subscribe to, and how each subscription stands."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.features.billing.events import SubscriptionChanged
from frontdesk.features.billing.model import GRACE, Interval, OrderKind, Plan, Subscription, SubscriptionStatus
from frontdesk.features.billing.queries import orders, payments, plans
from frontdesk.features.billing.service.requesting import MAX_CENTS, TOKEN_BYTES
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.money import has_cents, without_cents
from frontdesk.ports.payments import CheckoutNews, CheckoutStatus, InvoiceNews, SubscriptionNews

OPEN_FOR = timedelta(minutes=70)  # the pay page of a plan is open for an hour


async def list_plans(tx: Transaction, *, also_retired: bool = False) -> list[Plan]:
    """List plans, the cheapest first."""
    return await plans.list_plans(tx, also_retired=also_retired)


async def put_plan(
    tx: Transaction,
    *,
    key: str,
    name: str,
    amount_cents: int,
    currency: str,
    interval: Interval,
    by: Actor,
    price_id: str = "",
    active: bool = True,
) -> Plan:
    """Add a plan, or change the one of this key for those who come later.

    Refuses `billing.plan` and `billing.currency`.
    """
    if not key.strip() or not name.strip() or not 0 < amount_cents <= MAX_CENTS or len(currency) != 3:  # noqa: PLR2004 - ISO 4217
        raise Refused("billing.plan", "A plan has a key, a name, and a price in cents of a currency", status=422)
    if not has_cents(currency):
        raise Refused("billing.currency", without_cents(currency), status=422)
    known = await plans.find_plan(tx, key=key)
    plan = Plan(
        id=new_id() if known is None else known.id,
        key=key.strip()[:60],
        name=name.strip()[:120],
        amount_cents=amount_cents,
        currency=currency.lower(),
        interval=interval,
        price_id=price_id,
        active=active,
    )
    await plans.put_plan(tx, plan)
    details = {"key": plan.key, "cents": amount_cents, "active": active}
    await write_entry(tx, actor=by, action="billing.plan_set", subject=f"plan:{plan.id}", details=details)
    return plan


async def find_subscription(tx: Transaction, *, tenant_id: UUID) -> Subscription | None:
    """Find a business's subscription."""
    return await plans.find(tx, tenant_id=tenant_id)


async def get_plan(tx: Transaction, *, plan_id: UUID) -> Plan:
    """Get the plan of a subscription."""
    return await plans.get_plan(tx, plan_id=plan_id)


async def subscribe(tx: Transaction, *, tenant_id: UUID, plan_key: str, by: Actor, now: datetime) -> Subscription:
    """Begin a subscription; its `link_token` leads to the pay page, which is made after the commit, once.

    Refuses `billing.plan_unknown` (404) and `billing.subscribed` (409) while there is one that is not over, or a pay
    page of another plan is still open.
    """
    plan = await plans.find_plan(tx, key=plan_key)
    if plan is None or not plan.active:
        raise Refused("billing.plan_unknown", "There is no such plan", status=404)
    before = await plans.find_locked(tx, tenant_id=tenant_id)
    if before is not None and not before.status.is_over:
        waiting = before.status is SubscriptionStatus.REQUESTED
        if waiting and before.plan_id == plan.id and now - before.changed_at < OPEN_FOR:
            return before
        if not waiting or now - before.changed_at < OPEN_FOR:
            raise Refused("billing.subscribed", "There is a plan already, or a pay page that is open", status=409)
    own_id, token = new_id(), secrets.token_urlsafe(TOKEN_BYTES)
    customer_id = "" if before is None else before.customer_id
    await plans.put(tx, tenant_id=tenant_id, own_id=own_id, plan_id=plan.id, token=token, customer_id=customer_id)
    await orders.add(tx, OrderKind.OPEN_SUBSCRIPTION, tenant_id=tenant_id, order_id=own_id)
    await write_entry(tx, actor=by, action="billing.subscribed", subject=f"subscription:{own_id}", details={})
    begun = await plans.find(tx, tenant_id=tenant_id)
    if begun is None:
        raise LookupError(f"subscription of {tenant_id}")
    return begun


async def hear_of_subscription(
    tx: Transaction, news: SubscriptionNews | InvoiceNews, *, happened_at: datetime, looked_up: bool = False
) -> None:
    """Take in how a subscription stands; what is not newer than what we know makes us look instead.

    A bill that was paid or not is such a reason to look, too. Runs as the system role.
    """
    own_id = news.own_id if isinstance(news, SubscriptionNews) else None
    await payments.hold_names(tx, [news.subscription_id])
    tenant_id = await plans.find_subscriber(tx, own_id=own_id, subscription_id=news.subscription_id)
    known = None if tenant_id is None else await plans.find_locked(tx, tenant_id=tenant_id)
    if known is None or (known.subscription_id and known.subscription_id != news.subscription_id):
        return
    if isinstance(news, InvoiceNews):
        await orders.add(tx, OrderKind.LOOK_UP_SUBSCRIPTION, tenant_id=known.tenant_id)
        return
    changed = _as_told(known, news, at=happened_at, looked_up=looked_up)
    if not looked_up and known.seen_at is not None and happened_at <= known.seen_at:
        if replace(changed, seen_at=known.seen_at) != known:
            await orders.add(tx, OrderKind.LOOK_UP_SUBSCRIPTION, tenant_id=known.tenant_id)
        return
    await _record(tx, known, changed)


async def note_subscription_checkout(tx: Transaction, news: CheckoutNews) -> None:
    """Take in how the pay page of a plan stands; runs as the system role."""
    tenant_id = await plans.find_subscriber(tx, own_id=news.own_subscription_id, subscription_id=news.subscription_id)
    known = None if tenant_id is None else await plans.find_locked(tx, tenant_id=tenant_id)
    if known is None or (news.own_subscription_id is not None and known.id != news.own_subscription_id):
        return
    ended = news.status is CheckoutStatus.EXPIRED and known.status is SubscriptionStatus.REQUESTED
    changed = replace(
        known,
        status=SubscriptionStatus.INCOMPLETE_EXPIRED if ended else known.status,
        session_id=news.session_id,
        checkout_url=news.url or known.checkout_url,
        customer_id=news.customer_id or known.customer_id,
        subscription_id=news.subscription_id or known.subscription_id,
    )
    await _record(tx, known, changed)
    if news.subscription_id:
        await orders.add(tx, OrderKind.LOOK_UP_SUBSCRIPTION, tenant_id=known.tenant_id)


def _as_told(known: Subscription, news: SubscriptionNews, *, at: datetime, looked_up: bool) -> Subscription:
    status = SubscriptionStatus(news.status) if news.status in set(SubscriptionStatus) else known.status
    if known.status.is_over and known.subscription_id == news.subscription_id:
        status = known.status
    grace_until = known.grace_until
    if status in {SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING}:
        grace_until = None
    elif status is SubscriptionStatus.PAST_DUE and grace_until is None:
        grace_until = at + GRACE
    seen = known.seen_at if looked_up else max(at, known.seen_at or at)
    return replace(
        known,
        status=status,
        customer_id=news.customer_id or known.customer_id,
        subscription_id=news.subscription_id,
        current_period_ends_at=news.current_period_ends_at,
        cancel_at_period_end=news.cancel_at_period_end,
        grace_until=grace_until,
        seen_at=seen,
    )


async def _record(tx: Transaction, known: Subscription, changed: Subscription) -> None:
    if changed == known:
        return
    await plans.record(tx, changed)
    if _shown(known) != _shown(changed):
        tx.announce(
            SubscriptionChanged(
                subscription_id=changed.id,
                plan_id=changed.plan_id,
                status=changed.status.value,
                current_period_ends_at=changed.current_period_ends_at,
                cancel_at_period_end=changed.cancel_at_period_end,
                grace_until=changed.grace_until,
            ),
            tenant_id=changed.tenant_id,
        )


def _shown(one: Subscription) -> tuple[object, ...]:
    return one.status, one.current_period_ends_at, one.cancel_at_period_end, one.grace_until
