"""Checks of pages whose evidence is the alerts themselves: none that leads to the page fires."""

from __future__ import annotations

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity
from frontdesk.operations.alerts.model import Rule
from frontdesk.operations.alerts.queries import quiet
from frontdesk.operations.alerts.rulebook import our_rules

# Pages about what no row of the database shows better than the alert does.
PAGES = {
    "slow-or-failing": "Requests and first texts are answered quickly and without faults of ours",
    "machine": "The machine has disk, the right time and a valid certificate",
    "check-failing": "Every check and reading can be looked at and is well",
}


def rules_of(slug: str) -> list[Rule]:
    """List the alerts that lead to a page."""
    return [rule for rule in our_rules().rules if rule.runbook == slug]


def _quiet(slug: str, sentence: str) -> Check:
    async def look(tx: Transaction) -> Finding:
        rules = {rule.name: rule for rule in rules_of(slug)}
        firing = await quiet.list_firing(tx, rules=sorted(rules))
        if not firing:
            return Finding(severity=Severity.OK, words="no alert that leads here fires", value=0)
        worst = max(rules[name].severity for name in firing)
        return Finding(
            severity=max(worst, Severity.WARNING),
            words="alerts fire: " + ", ".join(firing),
            value=len(firing),
        )

    return Check(name=f"alerts.{slug.replace('-', '_')}", sentence=sentence, runbook=slug, look=look)


CHECKS: tuple[Check, ...] = tuple(_quiet(slug, sentence) for slug, sentence in PAGES.items())
