"""How a drill breaks payments in a throwaway installation, and what a person does about it.

`SET_RIGHT` has, by the name of a sabotage, what is done after the page has done its part.
"""

from __future__ import annotations

from collections.abc import Mapping

from frontdesk.features.billing.queries import upkeep
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Sabotage

PROVIDER = "stripe"


async def _lose_news(tx: Transaction) -> None:
    await upkeep.add_news(tx, provider=PROVIDER, told=False)


async def _hear_again(tx: Transaction) -> None:
    await upkeep.add_news(tx, provider=PROVIDER, told=True)


async def _doubt(tx: Transaction) -> None:
    await upkeep.add_doubtful(tx)


SABOTAGES: tuple[Sabotage, ...] = (
    Sabotage(
        name="billing.news_lost", sentence="Payment news has to be looked up, because none is told", act=_lose_news
    ),
    Sabotage(name="billing.order_in_doubt", sentence="An order is in doubt, and nobody asks about it", act=_doubt),
)

SET_RIGHT: Mapping[str, Sabotage] = {
    "billing.news_lost": Sabotage(
        name="billing.news_lost", sentence="Somebody has put in the right secret, and news is told", act=_hear_again
    )
}
