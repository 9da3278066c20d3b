"""What checks of billing ask, remedies change and drills break; across businesses."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from frontdesk.kernel.db import Transaction, affected
from frontdesk.kernel.ids import new_id

COUNT_DOUBTFUL = """
    select count(*)::int from payment_orders
    where status = 'unknown' and first_posted_at < $1::timestamptz - $2::interval
"""

COUNT_WAITING = """
    select count(*)::int from payment_orders
    where status in ('queued', 'posting') and created_at < $1::timestamptz - $2::interval
"""

COUNT_UNENDED = """
    select count(*)::int from payments
    where status in ('requested', 'open') and expires_at < $1::timestamptz - $2::interval
"""

# News that we had to look up stands in the archive without the signature that it is told with.
COUNT_LOOKED_UP = """
    select count(*)::int from webhook_events as looked_up
    where looked_up.provider = $1 and looked_up.headers = '{}'::jsonb
      and looked_up.received_at > $2::timestamptz - $3::interval
      and not exists (
        select from webhook_events as told
        where told.provider = $1 and told.headers <> '{}'::jsonb and told.received_at > looked_up.received_at)
"""

# A payment is paid by one charge, of its own amount, and no more is given back than was paid.
LIST_WRONG = """
    select payment.id
    from payments as payment
    where payment.changed_at > $1::timestamptz - $2::interval
      and (
        (payment.status = 'paid') <> (payment.paid_cents > 0)
        or (payment.status = 'paid' and payment.paid_cents <> payment.amount_cents)
        or payment.refunded_cents > payment.paid_cents
        or 1 < (
          select count(distinct told.provider_intent_id) from payment_events as told
          where told.payment_id = payment.id and told.kind = 'paid' and told.provider_intent_id <> '')
      )
    order by payment.id limit 50
"""

ASK_AGAIN = """
    update payment_orders set due_at = $1, leased_until = null
    where status = 'unknown' and (first_posted_at > $1::timestamptz - $2::interval or kind like 'look_up_%')
"""

ADD_DRILLED_PAYMENT = """
    insert into payments (id, tenant_id, purpose, reference_id, amount_cents, currency, description, status, pay_token,
                          failure, created_at, expires_at, changed_at)
    select $1, id, 'drill', $1, 100, 'usd', 'Payment of a drill', 'failed', 'drill-' || $1::uuid::text, 'drill', $2, $2,
           $2
    from tenants order by created_at, id limit 1
    returning tenant_id
"""

ADD_DOUBTFUL_ORDER = """
    insert into payment_orders (id, tenant_id, kind, payment_id, status, attempts, due_at, first_posted_at, failure,
                                created_at)
    values ($1, $2, 'look_up_payment', $3, 'unknown', 3, $4::timestamptz + interval '6 hours',
            $4::timestamptz - interval '20 minutes', 'drill', $4::timestamptz - interval '20 minutes')
"""

ADD_NEWS = """
    insert into webhook_events (id, provider, kind, dedupe_key, body, headers, correlation_id, received_at)
    values ($1, $2, 'drill', $1::uuid::text, '', $3::text::jsonb, $1, $4)
"""


async def count_doubtful(tx: Transaction, *, longer_than: timedelta) -> int:
    """Count orders that may or may not have been done."""
    return _number(await tx.fetchval(COUNT_DOUBTFUL, tx.now, longer_than))


async def count_waiting(tx: Transaction, *, longer_than: timedelta) -> int:
    """Count orders that have not been given."""
    return _number(await tx.fetchval(COUNT_WAITING, tx.now, longer_than))


async def count_unended(tx: Transaction, *, longer_than: timedelta) -> int:
    """Count payments whose time is over and that nobody has closed."""
    return _number(await tx.fetchval(COUNT_UNENDED, tx.now, longer_than))


async def count_looked_up(tx: Transaction, *, provider: str, within: timedelta) -> int:
    """Count news that had to be looked up since the last that was told."""
    return _number(await tx.fetchval(COUNT_LOOKED_UP, provider, tx.now, within))


async def list_wrong(tx: Transaction, *, within: timedelta) -> list[UUID]:
    """List payments that changed lately and whose money does not add up (I16)."""
    return [row["id"] for row in await tx.fetch(LIST_WRONG, tx.now, within)]


async def advance_doubtful(tx: Transaction, *, younger_than: timedelta) -> int:
    """Make every order in doubt due whose key is still known; returns how many."""
    return affected(await tx.execute(ASK_AGAIN, tx.now, younger_than))


async def add_doubtful(tx: Transaction) -> None:
    """Add an order in doubt that nobody asks about again for hours."""
    payment_id = new_id()
    tenant_id = await tx.fetchval(ADD_DRILLED_PAYMENT, payment_id, tx.now)
    await tx.execute(ADD_DOUBTFUL_ORDER, new_id(), tenant_id, payment_id, tx.now)


async def add_news(tx: Transaction, *, provider: str, told: bool) -> None:
    """Add news to the archive, as told or as looked up."""
    headers = '{"stripe-signature": "of a drill"}' if told else "{}"
    await tx.execute(ADD_NEWS, new_id(), provider, headers, tx.now)


def _number(found: object) -> int:
    return found if isinstance(found, int) else 0
