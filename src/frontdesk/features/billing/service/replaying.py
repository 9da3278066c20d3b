"""Ordering that missed news be asked of the payment company; a worker does it."""

from __future__ import annotations

from datetime import datetime, timedelta

from frontdesk.features.billing.queries import news
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.jobs import StartedRun, start_run

REPLAY = "billing.replay_news.v1"
FARTHEST = timedelta(days=29)  # the payment company keeps events for 30 days


async def forget_nobodys_news(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget facts from before a moment that were about no payment of ours, `limit` at most; returns how many."""
    return await news.forget_nobodys(tx, before=before, limit=limit)


async def order_replay(tx: Transaction, *, since: datetime, key: str) -> StartedRun:
    """Have a worker take in whatever the payment company told since a moment and we never heard, once per `key`.

    Runs for the platform. Refuses a moment that is not within the last 29 days (`billing.replay_since`, 422).
    """
    if not tx.now - FARTHEST <= since <= tx.now:
        raise Refused("billing.replay_since", "Choose a moment within the last 29 days", status=422)
    return await start_run(tx, REPLAY, {"since": since.isoformat()}, key=key)
