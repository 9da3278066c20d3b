"""From what a diagnosis saw to what is proposed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import takewhile

from frontdesk.kernel.upkeep import Approval, Remedy
from frontdesk.operations.runbooks.model import Link, PlannedRemedy, Resolution, Runbook


@dataclass(frozen=True, slots=True)
class Healthy:
    """Nothing is wrong: nothing is done."""


@dataclass(frozen=True, slots=True)
class ForPerson:
    """Something is wrong that the page has no remedy for; `words` are the page's own."""

    words: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Remedies in the page's order, and the highest approval that one of them needs."""

    remedies: tuple[PlannedRemedy, ...]
    approval: Approval


Plan = Healthy | ForPerson | Proposal


def plan(page: Runbook, *, failing: Collection[str], find: Callable[[str], Remedy | None]) -> Plan:
    """Choose what answers the failing checks: every resolution one of whose conditions fails, in the page's order.

    A resolution without a condition is for what no other one answers. One without a remedy is for a person, and nothing
    that comes after it is done before that.
    """
    if not failing:
        return Healthy()
    matching = [one for one in page.resolutions if any(name in failing for name in one.when)]
    chosen = matching or [one for one in page.resolutions if not one.when]
    by_program = list(takewhile(lambda one: one.remedies, chosen))
    if not by_program:
        return ForPerson(chosen[0].words if chosen else f"nothing on the page {page.slug} answers this")
    remedies = tuple(_planned(link, find) for link in _once(by_program))
    return Proposal(remedies, max((one.approval for one in remedies), key=lambda level: level.rank))


def _once(chosen: Collection[Resolution]) -> list[Link]:
    found: dict[str, Link] = {}
    for resolution in chosen:
        for link in resolution.remedies:
            found.setdefault(link.name, link)
    return list(found.values())


def _planned(link: Link, find: Callable[[str], Remedy | None]) -> PlannedRemedy:
    remedy = find(link.name)
    if remedy is None:
        raise LookupError(link.name)
    arguments = {one.name: one.default for one in remedy.parameters if one.default is not None}
    return PlannedRemedy(
        name=link.name,
        sentence=remedy.sentence,
        approval=remedy.approval,
        arguments={**arguments, **link.arguments},
    )
