"""What must be true of campaigns: they go on until their end, and their texts are made."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from frontdesk.features.campaigns.queries import upkeep
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity, none_of

MADE_WITHIN = timedelta(minutes=30)  # a million people take about ten


async def _run_on(tx: Transaction) -> Finding:
    tripped = await upkeep.list_tripped(tx)
    if not tripped:
        return Finding(severity=Severity.OK, words="no campaign has stopped itself", value=0)
    named = "; ".join(f"{one.id}: {one.because}" for one in tripped)
    return Finding(
        severity=Severity.WARNING,
        words=f"campaigns stopped themselves: {named}",
        value=len(tripped),
        evidence={"campaigns": [str(one.id) for one in tripped]},
    )


CHECKS: tuple[Check, ...] = (
    Check(
        name="campaigns.run_on",
        sentence="No campaign has stopped itself",
        runbook="campaign-stopped",
        look=_run_on,
    ),
    Check(
        name="campaigns.texts_are_made",
        sentence="The texts of a campaign are made within 30 minutes",
        runbook="campaign-stopped",
        look=none_of(
            partial(upkeep.count_unmade, longer_than=MADE_WITHIN),
            "the texts of {count} campaigns are being made for more than 30 minutes",
            otherwise=Severity.WARNING,
        ),
    ),
)
