"""What is measured of imports, for gauges and alerts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from frontdesk.features.contacts.queries.measuring import list_done_imports
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Reading, Sample

LATELY = timedelta(minutes=10)


async def _done(tx: Transaction) -> Sequence[Sample]:
    return [Sample(imports, (business,)) for business, imports in await list_done_imports(tx, within=LATELY)]


READINGS: tuple[Reading, ...] = (
    Reading(
        name="imports_completed",
        help="Imports of people that came to their end within the last 10 minutes.",
        measure=_done,
        labels=("tenant",),
    ),
)
