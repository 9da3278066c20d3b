"""A diagnosis by itself: every check of a page looked at, and what the page would do about it; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass

from frontdesk.kernel.db import Database
from frontdesk.operations.checking.looking import Looked, look_at_each
from frontdesk.operations.checking.registry import find_remedy, get_check
from frontdesk.operations.runbooks.model import Runbook
from frontdesk.operations.runbooks.planning import ForPerson, Healthy, Plan, Proposal, plan


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the checks of a page saw, and what it would do."""

    slug: str
    looked: tuple[Looked, ...]
    plan: Plan

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return isinstance(self.plan, Healthy)

    @property
    def conclusion(self) -> str:
        """Tell in a sentence what comes next."""
        match self.plan:
            case Healthy():
                return "Nothing is wrong."
            case ForPerson(words):
                return f"A person has to act: {words}"
            case Proposal(remedies, approval):
                named = "; ".join(one.sentence for one in remedies)
                return f"It would: {named} (approval by {approval.value}). Run it: frontdesk runbook run {self.slug}"

    def document(self) -> dict[str, object]:
        """Write it for programs."""
        return {
            "runbook": self.slug,
            "healthy": self.is_healthy,
            "conclusion": self.conclusion,
            "checks": [
                {
                    "name": one.check.name,
                    "sentence": one.check.sentence,
                    "well": one.finding.is_well,
                    "severity": one.finding.severity.word,
                    "words": one.finding.words,
                    "value": one.finding.value,
                }
                for one in self.looked
            ],
            "remedies": [one.name for one in self.plan.remedies] if isinstance(self.plan, Proposal) else [],
        }


async def diagnose(system: Database, page: Runbook) -> Diagnosis:
    """Diagnose by a runbook, reading only."""
    looked = tuple(await look_at_each(system, [get_check(name) for name in page.checks]))
    failing = [one.check.name for one in looked if not one.finding.is_well]
    return Diagnosis(page.slug, looked, plan(page, failing=failing, find=find_remedy))
