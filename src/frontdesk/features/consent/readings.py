"""What is measured of the rules of law, for gauges and alerts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from frontdesk.features.consent.law.book import RULESET_VERSION
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Reading, Sample


def checked_on(version: str) -> date:
    """Tell in which month the rules were last looked through, from their version (2026.11.1): its first day."""
    year, month, *_ = version.split(".")
    return date(int(year), int(month), 1)


async def _age(tx: Transaction) -> Sequence[Sample]:
    return [Sample(max(0, (tx.now.date() - checked_on(RULESET_VERSION)).days))]


READINGS: tuple[Reading, ...] = (
    Reading(
        name="ruleset_age_days",
        help="Days since the month in which the rules of law were last looked through.",
        measure=_age,
    ),
)
