"""How a drill leaves an incident to itself, and what a person then does."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.kernel import actor
from frontdesk.kernel.db import Transaction
from frontdesk.operations.incidents import working
from frontdesk.operations.incidents.queries import overdue

LEFT_FOR = timedelta(hours=1)
BY = actor.system("drill")


async def leave_waiting(tx: Transaction) -> None:
    """Leave an incident that everybody was told of an hour ago and that nobody has taken."""
    await overdue.insert_left_waiting(tx, since=LEFT_FOR)


async def take_all(tx: Transaction) -> None:
    """Take every incident that waits, and end it, as the page tells a person to."""
    for waiting in await overdue.list_unheard(tx):
        await working.acknowledge(tx, number=waiting.number, by=BY)
        await working.resolve(tx, number=waiting.number, words="it was a drill", by=BY)
