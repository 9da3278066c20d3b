"""What is measured of campaigns, for gauges and alerts."""

from __future__ import annotations

from collections.abc import Sequence

from frontdesk.features.campaigns.queries.measuring import list_moving_counts
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Reading, Sample


async def _moving(tx: Transaction) -> Sequence[Sample]:
    return [Sample(moving, (business,)) for business, moving, _ in await list_moving_counts(tx)]


async def _tripped(tx: Transaction) -> Sequence[Sample]:
    return [Sample(tripped, (business,)) for business, _, tripped in await list_moving_counts(tx)]


READINGS: tuple[Reading, ...] = (
    Reading(
        name="campaigns_running",
        help="Campaigns that are being made or sent.",
        measure=_moving,
        labels=("tenant",),
    ),
    Reading(
        name="campaigns_stopped",
        help="Running campaigns that stopped themselves for too many opt-outs or failures.",
        measure=_tripped,
        labels=("tenant",),
    ),
)
