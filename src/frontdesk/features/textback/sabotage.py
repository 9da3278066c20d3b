"""How a drill breaks dialogues in a throwaway installation, and what a person does about it.

`SET_RIGHT` has, by the name of a sabotage, what is done after the page has done its part.
"""

from __future__ import annotations

from collections.abc import Mapping

from frontdesk.features.textback.queries import upkeep
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Sabotage


async def _answer(tx: Transaction) -> None:
    await upkeep.drop_waiting(tx)


SABOTAGES: tuple[Sabotage, ...] = (
    Sabotage(
        name="textback.text_unanswered",
        sentence="A text was taken up five minutes ago and has no answer",
        act=upkeep.add_stuck_text,
    ),
    Sabotage(
        name="textback.person_waits",
        sentence="Somebody has waited for a person for eight days",
        act=upkeep.add_waiting_person,
    ),
)

SET_RIGHT: Mapping[str, Sabotage] = {
    "textback.person_waits": Sabotage(
        name="textback.person_waits", sentence="Somebody at the business answers", act=_answer
    )
}
