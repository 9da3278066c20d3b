"""What a runbook may do to dialogues: have texts answered that were left without."""

from __future__ import annotations

from frontdesk.features.textback.events import AnswerWanted
from frontdesk.features.textback.queries import upkeep
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Approval, Order, Remedy


async def _answer_again(tx: Transaction, _order: Order) -> str:
    """Have them answered by the rules; one that is older than 15 minutes becomes a task for a person instead."""
    left = [*await upkeep.drop_undecided(tx), *await upkeep.list_unheard(tx)]
    for one in {one.message_id: one for one in left}.values():
        tx.announce(AnswerWanted(message_id=one.message_id), tenant_id=one.tenant_id)
    return f"asked for the answers of {len(left)} texts"


REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        name="textback.answer_again",
        sentence="Have texts answered that were left without an answer",
        approval=Approval.OPERATOR,
        act=_answer_again,
    ),
)
