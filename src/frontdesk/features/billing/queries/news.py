"""SQL of how news of payments comes in."""

from __future__ import annotations

from datetime import datetime

from frontdesk.kernel.db import Transaction, affected

# Both are asked of the whole account at the payment company, which all businesses share.
FIND_LAST_NEWS = "select max(received_at) from webhook_events where provider = $1"

FIND_OLDEST_AWAITED = """
    select min(created_at) from (
      select created_at from payments where status = 'open'
      union all
      select created_at from subscriptions where status in ('requested', 'incomplete', 'past_due', 'unpaid')
    ) as awaited
"""


# What is told of other things that share the account is nobody's for ever.
FORGET_NOBODYS = """
    delete from payment_events where id in (
      select id from payment_events where tenant_id is null and received_at < $1 order by received_at limit $2
    )
"""


async def find_last_news(tx: Transaction, *, provider: str) -> datetime | None:
    """Find when the payment company told us something last."""
    found = await tx.fetchval(FIND_LAST_NEWS, provider)
    return found if isinstance(found, datetime) else None


async def find_oldest_awaited(tx: Transaction) -> datetime | None:
    """Find since when we wait for news of anything; None if there is nothing to wait for."""
    found = await tx.fetchval(FIND_OLDEST_AWAITED)
    return found if isinstance(found, datetime) else None


async def forget_nobodys(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget facts from before a moment that turned out to be about no payment of ours; returns how many."""
    return affected(await tx.execute(FORGET_NOBODYS, before, limit))
