"""What text-back does when a call is missed."""

from __future__ import annotations

from frontdesk.features import delivery
from frontdesk.features.calls.events import CallMissed
from frontdesk.features.textback.model import TextbackLimits
from frontdesk.features.textback.service import answer_missed_call
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.outbox import Handler, NewsOf, on


def handlers(lane: delivery.InlineLane, limits: TextbackLimits) -> list[Handler]:
    """List what text-back listens to: a missed call, at once, because its caller waits."""

    async def answer(tx: Transaction, news: NewsOf[CallMissed]) -> None:
        await answer_missed_call(tx, news.event, limits=limits, lane=lane)

    return [on(CallMissed, "textback.answer_missed_call", answer, inline=True)]
