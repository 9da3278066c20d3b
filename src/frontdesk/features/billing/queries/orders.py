"""SQL of what the payment company is to do."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from frontdesk.features.billing.model import Order, OrderKind, OrderStatus
from frontdesk.kernel.db import Transaction, affected
from frontdesk.kernel.ids import new_id

ADD = """
    insert into payment_orders (id, tenant_id, kind, payment_id, refund_id, status, due_at, created_at)
    values ($1, $2, $3, $4, $5, 'queued', $6, $6)
    on conflict do nothing
"""

# Whoever opens a link again and again makes us ask no oftener than this.
ADD_LOOK = """
    insert into payment_orders (id, tenant_id, kind, payment_id, status, due_at, created_at)
    select $1, $2, $3, $4, 'queued', $5, $5
    where not exists (
      select from payment_orders as before
      where before.tenant_id = $2 and before.kind = $3 and before.payment_id is not distinct from $4
        and before.created_at > $5::timestamptz - $6::interval)
    on conflict do nothing
"""

# One that was in somebody's hands when its lease ran out may have been done.
CLAIM = """
    with due as (
      select id from payment_orders
      where status in ('queued', 'posting', 'unknown') and due_at <= $1
        and (leased_until is null or leased_until <= $1)
      order by due_at limit $3
      for update skip locked
    )
    update payment_orders as given
    set status = case when given.status = 'queued' then 'posting' else 'unknown' end,
        fence = given.fence + 1, attempts = given.attempts + 1,
        leased_until = $1 + $2::interval, first_posted_at = coalesce(given.first_posted_at, $1)
    from due where given.id = due.id
    returning given.id, given.tenant_id, given.kind, given.payment_id, given.refund_id, given.fence, given.attempts,
              given.status, given.created_at, given.first_posted_at
"""

FINISH = """
    update payment_orders set status = $4, failure = $5, due_at = $6, leased_until = null, done_at = $7
    where tenant_id = $1 and id = $2 and fence = $3 and status in ('posting', 'unknown')
"""

CANCEL_OPENING = """
    update payment_orders set status = 'failed', failure = 'withdrawn', done_at = $3
    where tenant_id = $1 and payment_id = $2 and kind = 'open_payment' and status = 'queued' and attempts = 0
    returning true
"""


async def add(
    tx: Transaction,
    kind: OrderKind,
    *,
    tenant_id: UUID,
    payment_id: UUID | None = None,
    refund_id: UUID | None = None,
    order_id: UUID | None = None,
) -> None:
    """Have the payment company asked, once; of looks, one that has not begun is enough.

    A look that has begun may have been before what we want to see.
    """
    await tx.execute(ADD, order_id or new_id(), tenant_id, kind.value, payment_id, refund_id, tx.now)


async def add_look(
    tx: Transaction, kind: OrderKind, *, tenant_id: UUID, payment_id: UUID | None, pause: timedelta
) -> None:
    """Have the payment company asked how things stand, unless it was within the pause."""
    await tx.execute(ADD_LOOK, new_id(), tenant_id, kind.value, payment_id, tx.now, pause)


async def claim(tx: Transaction, *, lease: timedelta, limit: int) -> list[Order]:
    """Take due orders of all businesses for as long as the lease; one that a dead process held is in doubt."""
    rows = await tx.fetch(CLAIM, tx.now, lease, limit)
    return [
        Order(
            id=row["id"],
            tenant_id=row["tenant_id"],
            kind=OrderKind(row["kind"]),
            payment_id=row["payment_id"],
            refund_id=row["refund_id"],
            fence=row["fence"],
            attempts=row["attempts"],
            in_doubt=row["status"] == OrderStatus.UNKNOWN.value,
            created_at=row["created_at"],
            first_posted_at=row["first_posted_at"],
        )
        for row in rows
    ]


async def record_end(
    tx: Transaction, order: Order, *, status: OrderStatus, failure: str = "", again_in: timedelta = timedelta(0)
) -> bool:
    """Note what became of an order; False if another process has it by now."""
    done_at = tx.now if status in {OrderStatus.DONE, OrderStatus.FAILED} else None
    tag = await tx.execute(
        FINISH, order.tenant_id, order.id, order.fence, status.value, failure, tx.now + again_in, done_at
    )
    return affected(tag) == 1


async def cancel_opening(tx: Transaction, *, tenant_id: UUID, payment_id: UUID) -> bool:
    """Take back the order for a pay page; False if it may have been given."""
    return await tx.fetchval(CANCEL_OPENING, tenant_id, payment_id, tx.now) is True
