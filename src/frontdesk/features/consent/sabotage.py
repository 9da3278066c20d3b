"""How a drill breaks refusals in a throwaway installation."""

from __future__ import annotations

from frontdesk.features.consent.queries import upkeep
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Sabotage


async def _type_by_hand(tx: Transaction) -> None:
    await upkeep.add_locally(tx, phone="(206) 555-0188")


async def _forget_a_refusal(tx: Transaction) -> None:
    await upkeep.forget_newest(tx)


SABOTAGES: tuple[Sabotage, ...] = (
    Sabotage(
        name="consent.local_number",
        sentence="Somebody has typed a number into the do-not-contact list as it is written locally",
        act=_type_by_hand,
    ),
    Sabotage(
        name="consent.forgotten_refusal",
        sentence="Somebody has deleted a refusal behind the ledger's back",
        act=_forget_a_refusal,
    ),
)
