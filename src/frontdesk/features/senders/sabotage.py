"""How a drill fills a brand's day in a throwaway installation, and what a person does about it.

`SET_RIGHT` has, by the name of a sabotage, what is done after the page has done its part.
"""

from __future__ import annotations

from collections.abc import Mapping

from frontdesk.features.senders import queries
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Sabotage

NAME = "senders.brand_day_nearly_full"
LIMIT, SENT, RAISED = 2_000, 1_900, 10_000


async def _nearly_fill(tx: Transaction) -> None:
    await queries.put_drilled_brand(tx, daily_segments=LIMIT, segments=SENT)


async def _raise_the_limit(tx: Transaction) -> None:
    await queries.put_drilled_brand(tx, daily_segments=RAISED, segments=SENT)


SABOTAGES: tuple[Sabotage, ...] = (
    Sabotage(name=NAME, sentence="A campaign has sent nearly all that carriers allow a brand today", act=_nearly_fill),
)

SET_RIGHT: Mapping[str, Sabotage] = {
    NAME: Sabotage(name=NAME, sentence="The carriers raise the limit, and somebody notes it", act=_raise_the_limit)
}
