"""What must be true of the inbox's search: texts are read for their meaning wherever that was set up."""

from __future__ import annotations

from frontdesk.features.conversations.queries import meanings as queries
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity


async def _texts_are_read(tx: Transaction) -> Finding:
    failure = await queries.find_failure(tx)
    if failure is None:
        reading = await queries.count_reading(tx)
        left = f"; older texts of {reading} businesses are being read" if reading else ""
        return Finding(severity=Severity.OK, words=f"nothing keeps texts from being read for their meaning{left}")
    since, why = failure
    words = f"since {since:%Y-%m-%d %H:%M} UTC texts are not read for their meaning, search finds words alone: {why}"
    return Finding(severity=Severity.INFO, words=words)


CHECKS: tuple[Check, ...] = (
    Check(
        name="conversations.texts_are_read",
        sentence="Texts are read for their meaning where search by meaning is set up",
        runbook="background-failed",
        look=_texts_are_read,
    ),
)
