"""SQL of refunds."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from frontdesk.features.billing.model import Fact, Payment, Refund, RefundStatus
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id

INSERT = """
    insert into refunds (id, tenant_id, payment_id, amount_cents, currency, status, reason, requested_by, requested_at,
                         changed_at)
    values ($1, $2, $3, $4, $5, 'requested', $6, $7, $8, $8)
    on conflict (id) do nothing
    returning true
"""

FIND = """
    select id, payment_id, amount_cents, currency, status, provider_refund_id, reason, requested_by, requested_at,
           changed_at
    from refunds where tenant_id = $1 and id = $2
"""

LIST = """
    select id, payment_id, amount_cents, currency, status, provider_refund_id, reason, requested_by, requested_at,
           changed_at
    from refunds where tenant_id = $1 and payment_id = $2 order by id
"""

NAME = """
    update refunds set provider_refund_id = $4, changed_at = $5
    where tenant_id = $1 and payment_id = $2 and id = $3 and provider_refund_id in ('', $4)
"""

END = """
    update refunds set status = $4, changed_at = $5
    where tenant_id = $1 and payment_id = $2 and id = $3
"""

RECORD = """
    insert into refunds (id, tenant_id, payment_id, amount_cents, currency, status, provider_refund_id, reason,
                         requested_by, requested_at, changed_at)
    values ($1, $2, $3, $4, $5, $6, $7, 'made at the payment company', 'payment company', $8, $9)
    on conflict (provider_refund_id) where provider_refund_id <> '' do update
    set status = excluded.status, amount_cents = excluded.amount_cents, changed_at = excluded.changed_at
    where (refunds.status, refunds.amount_cents) is distinct from (excluded.status, excluded.amount_cents)
"""


async def insert(tx: Transaction, refund: Refund, *, tenant_id: UUID) -> bool:
    """Write down that money is to go back; False if this refund is known."""
    written = await tx.fetchval(
        INSERT,
        refund.id,
        tenant_id,
        refund.payment_id,
        refund.amount_cents,
        refund.currency,
        refund.reason,
        refund.requested_by,
        refund.requested_at,
    )
    return written is True


async def find(tx: Transaction, *, tenant_id: UUID, refund_id: UUID) -> Refund | None:
    """Find a refund of a business."""
    row = await tx.fetchrow(FIND, tenant_id, refund_id)
    return None if row is None else _refund(row)


async def list_refunds(tx: Transaction, *, tenant_id: UUID, payment_id: UUID) -> list[Refund]:
    """List the refunds of a payment, oldest first."""
    return [_refund(row) for row in await tx.fetch(LIST, tenant_id, payment_id)]


async def record_name(tx: Transaction, payment: Payment, *, refund_id: UUID, provider_refund_id: str) -> None:
    """Note what the payment company calls a refund of ours."""
    await tx.execute(NAME, payment.tenant_id, payment.id, refund_id, provider_refund_id, tx.now)


async def record_end(tx: Transaction, payment: Payment, *, refund_id: UUID, status: RefundStatus) -> None:
    """Note that a refund of ours was never made."""
    await tx.execute(END, payment.tenant_id, payment.id, refund_id, status.value, tx.now)


async def record(tx: Transaction, payment: Payment, fact: Fact) -> None:
    """Note where a refund stands, also one that we did not ask for."""
    if fact.refund_status is None:
        return
    await tx.execute(
        RECORD,
        new_id(),
        payment.tenant_id,
        payment.id,
        fact.amount_cents,
        fact.currency or payment.currency,
        fact.refund_status.value,
        fact.refund_id,
        fact.happened_at,
        tx.now,
    )


def _refund(row: asyncpg.Record) -> Refund:
    return Refund(
        id=row["id"],
        payment_id=row["payment_id"],
        amount_cents=int(row["amount_cents"]),
        currency=row["currency"],
        status=RefundStatus(row["status"]),
        refund_id=row["provider_refund_id"],
        reason=row["reason"],
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        changed_at=row["changed_at"],
    )
