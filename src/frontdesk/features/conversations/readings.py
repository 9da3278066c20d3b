"""What is measured of search by meaning, for gauges."""

from __future__ import annotations

from collections.abc import Sequence

from frontdesk.features.conversations.queries import meanings as queries
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Reading, Sample


async def _unread(tx: Transaction) -> Sequence[Sample]:
    return [Sample(await queries.count_reading(tx))]


async def _failing(tx: Transaction) -> Sequence[Sample]:
    return [Sample(0 if await queries.find_failure(tx) is None else 1)]


READINGS: tuple[Reading, ...] = (
    Reading(
        name="meaning_businesses_unread",
        help="Businesses whose older texts are still to be read for their meaning.",
        measure=_unread,
    ),
    Reading(
        name="meaning_failing",
        help="1 while texts cannot be read for their meaning, and search finds words alone.",
        measure=_failing,
    ),
)
