"""Forgetting what is no longer needed of the message path, a few rows at a time."""

from __future__ import annotations

from datetime import datetime

from frontdesk.kernel.db import Transaction, affected

BATCH = 500  # a batch holds its locks for milliseconds

FORGET_WEBHOOKS = """
    delete from webhook_events
    where id in (
      select id from webhook_events where received_at < $1 order by received_at limit $2
    )
"""

FORGET_EVENTS = """
    delete from outbox_events
    where id in (
      select id from outbox_events
      where dispatched_at is not null and dispatched_at < $1 order by dispatched_at limit $2 for update skip locked
    )
"""


async def forget_webhooks(tx: Transaction, *, before: datetime, limit: int = BATCH) -> int:
    """Delete up to `limit` raw webhooks received before a moment; returns how many."""
    return affected(await tx.execute(FORGET_WEBHOOKS, before, limit))


async def forget_events(tx: Transaction, *, before: datetime, limit: int = BATCH) -> int:
    """Delete up to `limit` events handed on before a moment; returns how many. Those still due stay."""
    return affected(await tx.execute(FORGET_EVENTS, before, limit))
