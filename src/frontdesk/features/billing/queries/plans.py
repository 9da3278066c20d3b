"""SQL of plans and subscriptions."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from frontdesk.features.billing.model import Interval, Plan, Subscription, SubscriptionStatus
from frontdesk.kernel.db import Transaction

LIST_PLANS = """
    select id, key, name, amount_cents, currency, paid_every, provider_price_id, active
    from plans where active or $1 order by amount_cents, key
"""

FIND_PLAN = """
    select id, key, name, amount_cents, currency, paid_every, provider_price_id, active from plans where key = $1
"""

GET_PLAN = """
    select id, key, name, amount_cents, currency, paid_every, provider_price_id, active from plans where id = $1
"""

PUT_PLAN = """
    insert into plans (id, key, name, amount_cents, currency, paid_every, provider_price_id, active, created_at,
                       changed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
    on conflict (key) do update
    set name = excluded.name, amount_cents = excluded.amount_cents, currency = excluded.currency,
        paid_every = excluded.paid_every, provider_price_id = excluded.provider_price_id, active = excluded.active,
        changed_at = excluded.changed_at
"""

FIND = """
    select id, tenant_id, plan_id, status, link_token, checkout_url, provider_session_id, provider_customer_id,
           provider_subscription_id, current_period_ends_at, cancel_at_period_end, grace_until, seen_at, changed_at
    from subscriptions where tenant_id = $1
"""

LOCK = """
    select id, tenant_id, plan_id, status, link_token, checkout_url, provider_session_id, provider_customer_id,
           provider_subscription_id, current_period_ends_at, cancel_at_period_end, grace_until, seen_at, changed_at
    from subscriptions where tenant_id = $1 for update
"""

# Asked before it is known whose it is.
FIND_LINKED_SUBSCRIPTION = """
    select id, tenant_id, plan_id, status, link_token, checkout_url, provider_session_id, provider_customer_id,
           provider_subscription_id, current_period_ends_at, cancel_at_period_end, grace_until, seen_at, changed_at
    from subscriptions where link_token = $1
"""

FIND_SUBSCRIBER = """
    select tenant_id from subscriptions
    where id = $1 or ($2 <> '' and provider_subscription_id = $2)
    order by id = $1 desc nulls last limit 1
"""

PUT = """
    insert into subscriptions (tenant_id, id, plan_id, status, link_token, provider_customer_id, created_at, changed_at)
    values ($1, $2, $3, 'requested', $4, $5, $6, $6)
    on conflict (tenant_id) do update
    set id = excluded.id, plan_id = excluded.plan_id, status = 'requested', link_token = excluded.link_token,
        checkout_url = '', provider_session_id = '', provider_subscription_id = '', current_period_ends_at = null,
        cancel_at_period_end = false, grace_until = null, seen_at = null, created_at = excluded.created_at,
        changed_at = excluded.changed_at
"""

RECORD = """
    update subscriptions
    set status = $3, checkout_url = $4, provider_session_id = $5, provider_customer_id = $6,
        provider_subscription_id = $7, current_period_ends_at = $8, cancel_at_period_end = $9, grace_until = $10,
        seen_at = $11, changed_at = $12
    where tenant_id = $1 and id = $2
"""


async def list_plans(tx: Transaction, *, also_retired: bool) -> list[Plan]:
    """List plans, the cheapest first."""
    return [_plan(row) for row in await tx.fetch(LIST_PLANS, also_retired)]


async def find_plan(tx: Transaction, *, key: str) -> Plan | None:
    """Find a plan by its key."""
    row = await tx.fetchrow(FIND_PLAN, key)
    return None if row is None else _plan(row)


async def get_plan(tx: Transaction, *, plan_id: UUID) -> Plan:
    """Get the plan of a subscription."""
    row = await tx.fetchrow(GET_PLAN, plan_id)
    if row is None:
        raise LookupError(f"plan {plan_id}")
    return _plan(row)


async def put_plan(tx: Transaction, plan: Plan) -> None:
    """Add a plan, or change the one with its key; runs as the system role."""
    await tx.execute(
        PUT_PLAN,
        plan.id,
        plan.key,
        plan.name,
        plan.amount_cents,
        plan.currency,
        plan.interval.value,
        plan.price_id,
        plan.active,
        tx.now,
    )


async def find(tx: Transaction, *, tenant_id: UUID) -> Subscription | None:
    """Find a business's subscription."""
    return _subscription(await tx.fetchrow(FIND, tenant_id))


async def find_locked(tx: Transaction, *, tenant_id: UUID) -> Subscription | None:
    """Find a business's subscription and hold it until the transaction ends."""
    return _subscription(await tx.fetchrow(LOCK, tenant_id))


async def find_linked(tx: Transaction, *, token: str) -> Subscription | None:
    """Find the subscription whose link carries a token; runs as the system role."""
    return _subscription(await tx.fetchrow(FIND_LINKED_SUBSCRIPTION, token))


async def find_subscriber(tx: Transaction, *, own_id: UUID | None, subscription_id: str) -> UUID | None:
    """Find whose subscription it is, by our id or the payment company's; runs as the system role."""
    found = await tx.fetchval(FIND_SUBSCRIBER, own_id, subscription_id)
    return found if isinstance(found, UUID) else None


async def put(tx: Transaction, *, tenant_id: UUID, own_id: UUID, plan_id: UUID, token: str, customer_id: str) -> None:
    """Begin a subscription in place of one that is over."""
    await tx.execute(PUT, tenant_id, own_id, plan_id, token, customer_id, tx.now)


async def record(tx: Transaction, subscription: Subscription) -> None:
    """Write how a subscription stands."""
    await tx.execute(
        RECORD,
        subscription.tenant_id,
        subscription.id,
        subscription.status.value,
        subscription.checkout_url,
        subscription.session_id,
        subscription.customer_id,
        subscription.subscription_id,
        subscription.current_period_ends_at,
        subscription.cancel_at_period_end,
        subscription.grace_until,
        subscription.seen_at,
        tx.now,
    )


def _plan(row: asyncpg.Record) -> Plan:
    return Plan(
        id=row["id"],
        key=row["key"],
        name=row["name"],
        amount_cents=int(row["amount_cents"]),
        currency=row["currency"],
        interval=Interval(row["paid_every"]),
        price_id=row["provider_price_id"],
        active=row["active"],
    )


def _subscription(row: asyncpg.Record | None) -> Subscription | None:
    if row is None:
        return None
    return Subscription(
        id=row["id"],
        tenant_id=row["tenant_id"],
        plan_id=row["plan_id"],
        status=SubscriptionStatus(row["status"]),
        link_token=row["link_token"],
        checkout_url=row["checkout_url"],
        session_id=row["provider_session_id"],
        customer_id=row["provider_customer_id"],
        subscription_id=row["provider_subscription_id"],
        current_period_ends_at=row["current_period_ends_at"],
        cancel_at_period_end=row["cancel_at_period_end"],
        grace_until=row["grace_until"],
        seen_at=row["seen_at"],
        changed_at=row["changed_at"],
    )
