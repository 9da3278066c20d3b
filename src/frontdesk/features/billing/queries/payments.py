"""SQL of payments, and of what was told of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from frontdesk.features.billing.model import Account, Fact, FactKind, Payment, PaymentStatus, RefundStatus
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id

INSERT = """
    insert into payments (id, tenant_id, purpose, reference_id, contact_id, amount_cents, currency, description, status,
                          pay_token, created_at, expires_at, changed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, 'requested', $9, $10, $11, $10)
    on conflict (tenant_id, purpose, reference_id) where status in ('requested', 'open', 'paid') do nothing
    returning true
"""

FIND = """
    select id, tenant_id, purpose, reference_id, contact_id, amount_cents, currency, description, status, pay_token,
           checkout_url, provider_session_id, provider_intent_id, paid_cents, refunded_cents, failure, created_at,
           expires_at, changed_at, paid_at
    from payments where tenant_id = $1 and id = $2
"""

LOCK = """
    select id, tenant_id, purpose, reference_id, contact_id, amount_cents, currency, description, status, pay_token,
           checkout_url, provider_session_id, provider_intent_id, paid_cents, refunded_cents, failure, created_at,
           expires_at, changed_at, paid_at
    from payments where tenant_id = $1 and id = $2
    for update
"""

FIND_LIVING = """
    select id, tenant_id, purpose, reference_id, contact_id, amount_cents, currency, description, status, pay_token,
           checkout_url, provider_session_id, provider_intent_id, paid_cents, refunded_cents, failure, created_at,
           expires_at, changed_at, paid_at
    from payments
    where tenant_id = $1 and purpose = $2 and reference_id = $3 and status in ('requested', 'open', 'paid')
"""

LIST = """
    select id, tenant_id, purpose, reference_id, contact_id, amount_cents, currency, description, status, pay_token,
           checkout_url, provider_session_id, provider_intent_id, paid_cents, refunded_cents, failure, created_at,
           expires_at, changed_at, paid_at
    from payments
    where tenant_id = $1 and ($2::uuid is null or id < $2) and ($3::text is null or status = $3)
      and ($4::uuid is null or reference_id = $4)
    order by id desc limit $5
"""

# Asked before it is known whose payment it is: by the token of its link.
FIND_LINKED = """
    select id, tenant_id, purpose, reference_id, contact_id, amount_cents, currency, description, status, pay_token,
           checkout_url, provider_session_id, provider_intent_id, paid_cents, refunded_cents, failure, created_at,
           expires_at, changed_at, paid_at
    from payments where pay_token = $1
"""

# The same, by what the payment company calls it, or by our own id that went along.
FIND_OWNER = """
    select id, tenant_id from payments
    where id = $1
       or ($2 <> '' and provider_session_id = $2)
       or ($3 <> '' and provider_intent_id = $3)
    order by id = $1 desc nulls last limit 1
"""

FIND_OWNER_BY_FACT = """
    select payment.id, payment.tenant_id
    from payment_events as told
    join payments as payment on payment.id = told.payment_id
    where $1 <> '' and told.provider_intent_id = $1
    limit 1
"""

HOLD_NAME = "select pg_advisory_xact_lock(hashtextextended('payment ' || $1, 0))"

ADD_FACT = """
    insert into payment_events (id, tenant_id, payment_id, provider_event_id, position, kind, provider_session_id,
                                provider_intent_id, provider_refund_id, refund_status, amount_cents, currency, words,
                                happened_at, received_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    on conflict (provider_event_id, position) do nothing
    returning true
"""

# Parked facts have no tenant yet; the ids are the payment company's own and unique in its account.
LIST_FACTS = """
    select kind, provider_session_id, provider_intent_id, provider_refund_id, refund_status, amount_cents, currency,
           words, happened_at
    from payment_events
    where payment_id = $1 or provider_session_id = any($2::text[]) or provider_intent_id = any($3::text[])
"""

SETTLE = """
    update payments
    set status = $3, provider_session_id = $4, provider_intent_id = $5, paid_cents = $6, paid_at = $7,
        refunded_cents = $8, failure = $9, checkout_url = $10, changed_at = $11
    where tenant_id = $1 and id = $2
"""

LIST_OVERDUE = """
    select id, tenant_id from payments
    where status in ('requested', 'open') and expires_at <= $1
      and not exists (
        select from payment_orders as asked where asked.payment_id = payments.id and asked.kind = 'expire_payment')
    order by expires_at limit $2
"""


async def insert(tx: Transaction, payment: Payment) -> bool:
    """Write a payment down; False if what it is for has one that is not over, or is paid."""
    written = await tx.fetchval(
        INSERT,
        payment.id,
        payment.tenant_id,
        payment.purpose,
        payment.reference,
        payment.contact_id,
        payment.amount_cents,
        payment.currency,
        payment.description,
        payment.pay_token,
        payment.created_at,
        payment.expires_at,
    )
    return written is True


async def find(tx: Transaction, *, tenant_id: UUID, payment_id: UUID) -> Payment | None:
    """Find a payment of a business."""
    return _payment(await tx.fetchrow(FIND, tenant_id, payment_id))


async def find_locked(tx: Transaction, *, tenant_id: UUID, payment_id: UUID) -> Payment | None:
    """Find a payment and hold it until the transaction ends."""
    return _payment(await tx.fetchrow(LOCK, tenant_id, payment_id))


async def find_living(tx: Transaction, *, tenant_id: UUID, purpose: str, reference: UUID) -> Payment | None:
    """Find the payment for something that is not over, or is paid."""
    return _payment(await tx.fetchrow(FIND_LIVING, tenant_id, purpose, reference))


async def list_payments(
    tx: Transaction,
    *,
    tenant_id: UUID,
    before: UUID | None,
    status: PaymentStatus | None,
    reference: UUID | None,
    limit: int,
) -> list[Payment]:
    """List payments, newest first."""
    rows = await tx.fetch(LIST, tenant_id, before, None if status is None else status.value, reference, limit)
    return [payment for row in rows if (payment := _payment(row)) is not None]


async def find_linked(tx: Transaction, *, token: str) -> Payment | None:
    """Find the payment whose link carries a token; runs as the system role."""
    return _payment(await tx.fetchrow(FIND_LINKED, token))


async def find_owner(
    tx: Transaction, *, payment_id: UUID | None, session_id: str, intent_id: str
) -> tuple[UUID, UUID] | None:
    """Find a payment and its business by any of its names; runs as the system role."""
    row = await tx.fetchrow(FIND_OWNER, payment_id, session_id, intent_id)
    if row is None and intent_id:
        row = await tx.fetchrow(FIND_OWNER_BY_FACT, intent_id)
    return None if row is None else (row["id"], row["tenant_id"])


async def hold_names(tx: Transaction, names: Sequence[str]) -> None:
    """Hold names of the payment company's until the transaction ends: news of one thing is taken one by one."""
    for name in sorted({name for name in names if name}):
        await tx.execute(HOLD_NAME, name)


async def add_fact(
    tx: Transaction, fact: Fact, *, tenant_id: UUID | None, payment_id: UUID | None, event_id: str, position: int
) -> bool:
    """Add a fact; False if it was told before in the same event."""
    added = await tx.fetchval(
        ADD_FACT,
        new_id(),
        tenant_id,
        payment_id,
        event_id,
        position,
        fact.kind.value,
        fact.session_id,
        fact.intent_id,
        fact.refund_id,
        None if fact.refund_status is None else fact.refund_status.value,
        fact.amount_cents,
        fact.currency,
        fact.words,
        fact.happened_at,
        tx.now,
    )
    return added is True


async def list_facts(
    tx: Transaction, *, payment_id: UUID, sessions: Sequence[str], intents: Sequence[str]
) -> list[Fact]:
    """List all that was told of a payment by any of its names; runs as the system role."""
    rows = await tx.fetch(LIST_FACTS, payment_id, list(sessions), list(intents))
    return [
        Fact(
            kind=FactKind(row["kind"]),
            session_id=row["provider_session_id"],
            intent_id=row["provider_intent_id"],
            refund_id=row["provider_refund_id"],
            refund_status=None if row["refund_status"] is None else RefundStatus(row["refund_status"]),
            amount_cents=int(row["amount_cents"]),
            currency=row["currency"],
            words=row["words"],
            happened_at=row["happened_at"],
        )
        for row in rows
    ]


async def record_account(tx: Transaction, payment: Payment, account: Account, *, checkout_url: str) -> None:
    """Write what the facts of a payment come to."""
    await tx.execute(
        SETTLE,
        payment.tenant_id,
        payment.id,
        account.status.value,
        account.session_id or payment.session_id,
        account.intent_id or payment.intent_id,
        account.paid_cents,
        account.paid_at,
        account.refunded_cents,
        account.failure,
        checkout_url,
        tx.now,
    )


async def list_overdue(tx: Transaction, *, limit: int, late_by: timedelta = timedelta(0)) -> list[tuple[UUID, UUID]]:
    """List payments, with their businesses, that nobody paid in time and nobody has closed; of all businesses."""
    rows = await tx.fetch(LIST_OVERDUE, tx.now - late_by, limit)
    return [(row["id"], row["tenant_id"]) for row in rows]


def _payment(row: asyncpg.Record | None) -> Payment | None:
    if row is None:
        return None
    paid_at: datetime | None = row["paid_at"]
    return Payment(
        id=row["id"],
        tenant_id=row["tenant_id"],
        purpose=row["purpose"],
        reference=row["reference_id"],
        contact_id=row["contact_id"],
        amount_cents=int(row["amount_cents"]),
        currency=row["currency"],
        description=row["description"],
        status=PaymentStatus(row["status"]),
        pay_token=row["pay_token"],
        checkout_url=row["checkout_url"],
        session_id=row["provider_session_id"],
        intent_id=row["provider_intent_id"],
        paid_cents=int(row["paid_cents"]),
        refunded_cents=int(row["refunded_cents"]),
        failure=row["failure"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        changed_at=row["changed_at"],
        paid_at=paid_at,
    )
