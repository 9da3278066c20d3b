"""What must be true of refusals: every gate can read them, and the list says what the ledger says."""

from __future__ import annotations

from frontdesk.features.consent.queries import upkeep
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity, none_expected


async def _list_is_readable(tx: Transaction) -> Finding:
    miswritten = await upkeep.list_newest_miswritten(tx)
    return none_expected(
        len(miswritten),
        f"{len(miswritten)} refusals are written in a form that no gate reads",
        otherwise=Severity.CRITICAL,
        evidence={"tenants": sorted({str(one.tenant_id) for one in miswritten})} if miswritten else {},
    )


async def _list_agrees_with_ledger(tx: Transaction) -> Finding:
    dropped = await upkeep.list_dropped(tx)
    return none_expected(
        len(dropped),
        f"{len(dropped)} people refused by the ledger and are not on the list",
        otherwise=Severity.CRITICAL,
        evidence={"tenants": sorted({str(one.tenant_id) for one in dropped})} if dropped else {},
    )


CHECKS: tuple[Check, ...] = (
    Check(
        name="consent.list_is_readable",
        sentence="Every refusal is written in E.164",
        runbook="do-not-contact",
        look=_list_is_readable,
    ),
    Check(
        name="consent.invariant_list_agrees_with_ledger",
        sentence="Whoever refused last by the ledger is on the list",
        runbook="do-not-contact",
        look=_list_agrees_with_ledger,
    ),
)
