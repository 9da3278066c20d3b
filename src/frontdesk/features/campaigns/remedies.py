"""What a runbook may do to campaigns: pause all of them; a person lets each go on."""

from __future__ import annotations

from frontdesk.features import delivery
from frontdesk.features.campaigns.queries import upkeep
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Approval, Order, Remedy


async def _pause_all(tx: Transaction, order: Order) -> str:
    sending = await upkeep.list_sending(tx)
    for campaign_id, _ in sending:
        await delivery.pause_sending(
            tx, scope=delivery.Scope.CAMPAIGN, key=str(campaign_id), by=order.by, reason=order.reason
        )
    return f"paused {len(sending)} campaigns"


REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        name="campaigns.pause_all",
        sentence="Pause every campaign that is being sent",
        approval=Approval.OPERATOR,
        act=_pause_all,
    ),
)
