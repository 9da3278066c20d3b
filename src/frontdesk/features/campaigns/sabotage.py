"""How a drill breaks campaigns in a throwaway installation, and what a person does about it.

`SET_RIGHT` has, by the name of a sabotage, what is done after the page has done its part.
"""

from __future__ import annotations

from collections.abc import Mapping

from frontdesk.features import delivery
from frontdesk.features.campaigns.queries import upkeep
from frontdesk.kernel import actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.upkeep import Sabotage

DRILL = actor.system("drill")


async def _trip(tx: Transaction) -> None:
    campaign_id = new_id()
    await upkeep.add_tripped(tx, campaign_id=campaign_id, person_id=new_id())
    await delivery.pause_sending(
        tx, scope=delivery.Scope.CAMPAIGN, key=str(campaign_id), by=DRILL, reason="7 of the last 100 people said STOP"
    )


async def _cancel(tx: Transaction) -> None:
    for campaign_id in await upkeep.cancel_drilled(tx):
        await delivery.resume_sending(tx, scope=delivery.Scope.CAMPAIGN, key=str(campaign_id), by=DRILL)


SABOTAGES: tuple[Sabotage, ...] = (
    Sabotage(name="campaigns.tripped", sentence="Too many people answer a campaign with STOP", act=_trip),
)

SET_RIGHT: Mapping[str, Sabotage] = {
    "campaigns.tripped": Sabotage(name="campaigns.tripped", sentence="Somebody has read it and cancels", act=_cancel)
}
