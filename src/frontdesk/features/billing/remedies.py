"""What a runbook may do to payments: ask for missed news, and ask again about what is in doubt."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.features.billing.queries import upkeep
from frontdesk.features.billing.service.replaying import order_replay
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Approval, Order, Parameter, Remedy

KEY_LIVES = timedelta(hours=23)  # the payment company forgets an idempotency key after 24 h


async def _replay_news(tx: Transaction, order: Order) -> str:
    hours = min(max(order.count("hours"), 1), 28 * 24)
    started = await order_replay(tx, since=tx.now - timedelta(hours=hours), key=f"remedy {tx.now.isoformat()}")
    details = {"hours": hours, "reason": order.reason}
    await write_entry(tx, actor=order.by, action="billing.news_replayed", subject="platform", details=details)
    return f"asked a worker for the payment news of the last {hours} h, run {started.run_id}"


async def _ask_again(tx: Transaction, order: Order) -> str:
    asked = await upkeep.advance_doubtful(tx, younger_than=KEY_LIVES)
    details = {"orders": asked, "reason": order.reason}
    await write_entry(tx, actor=order.by, action="billing.asked_again", subject="platform", details=details)
    return f"{asked} orders are asked about again at once, each under its own key"


REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        name="billing.replay_news",
        sentence="Take in payment news that never reached us",
        approval=Approval.NOBODY,
        act=_replay_news,
        parameters=(Parameter(name="hours", kind="count", sentence="How far back to look", default="72"),),
    ),
    Remedy(
        name="billing.ask_again",
        sentence="Ask the payment company again about what is in doubt, under the same keys",
        approval=Approval.NOBODY,
        act=_ask_again,
    ),
)
