"""What must be true of texts that have left: they arrive, carriers report on them, and nobody is flooded."""

from __future__ import annotations

from frontdesk.features.delivery.queries import outcomes
from frontdesk.features.delivery.service.stopping import FEWEST_OUTCOMES, WORST_DELIVERED, fails, is_filtered
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity

LEAST_DELIVERED = 0.95
MOST_SILENT = 0.5
FLOOD = 10  # texts to one person within 10 minutes; the quickest conversation by hand has fewer


async def _texts_arrive(tx: Transaction) -> Finding:
    ended = await outcomes.list_ended(tx)
    delivered, texts = sum(one.delivered for one in ended), sum(one.texts for one in ended)
    if texts < FEWEST_OUTCOMES:
        words = f"{texts} texts ended in the last hour: too few to tell a rate"
        return Finding(severity=Severity.OK, words=words, value=None)
    rate = delivered / texts
    severity = Severity.OK if rate >= LEAST_DELIVERED else Severity.WARNING
    if rate < WORST_DELIVERED:
        severity = Severity.CRITICAL
    worst = [one for one in ended if fails(one)]
    return Finding(
        severity=severity,
        words=f"{rate:.1%} of {texts} texts of the last hour arrived",
        value=rate,
        evidence={"worst": [{"tenant": one.tenant_id, "campaign": one.campaign_id} for one in worst]},
    )


async def _receipts_come(tx: Transaction) -> Finding:
    texts, silent = await outcomes.measure_receipts(tx)
    bad = texts >= FEWEST_OUTCOMES and silent > texts * MOST_SILENT
    return Finding(
        severity=Severity.WARNING if bad else Severity.OK,
        words=f"{silent} of {texts} texts that carriers took 10 to 60 minutes ago have no receipt",
        value=silent,
    )


async def _carriers_do_not_filter(tx: Transaction) -> Finding:
    filtered = [one for one in await outcomes.list_ended(tx) if is_filtered(one)]
    if not filtered:
        return Finding(severity=Severity.OK, words="no carrier filters what we send", value=0)
    texts = sum(one.filtered for one in filtered)
    return Finding(
        severity=Severity.CRITICAL,
        words=f"carriers filtered {texts} texts of {len(filtered)} businesses or campaigns within the hour",
        value=texts,
        evidence={"filtered": [{"tenant": one.tenant_id, "campaign": one.campaign_id} for one in filtered]},
    )


async def _nobody_is_flooded(tx: Transaction) -> Finding:
    flooded = await outcomes.list_flooded(tx, more_than=FLOOD)
    if not flooded:
        return Finding(severity=Severity.OK, words="nobody gets text after text", value=0)
    most = max(one.texts for one in flooded)
    return Finding(
        severity=Severity.CRITICAL,
        words=f"{len(flooded)} people got up to {most} texts each within 10 minutes: something goes round in a circle",
        value=len(flooded),
        evidence={"tenants": sorted({str(one.tenant_id) for one in flooded})},
    )


CHECKS: tuple[Check, ...] = (
    Check(
        name="delivery.texts_arrive",
        sentence="95 % of texts arrive",
        runbook="texts-not-arriving",
        look=_texts_arrive,
    ),
    Check(
        name="delivery.receipts_come",
        sentence="Carriers report what became of texts",
        runbook="texts-not-arriving",
        look=_receipts_come,
    ),
    Check(
        name="delivery.carriers_do_not_filter",
        sentence="Carriers do not filter what we send",
        runbook="bad-content",
        look=_carriers_do_not_filter,
    ),
    Check(
        name="delivery.nobody_is_flooded",
        sentence="Nobody gets more than 10 texts within 10 minutes",
        runbook="emergency-stop",
        look=_nobody_is_flooded,
    ),
)
