"""From failing checks to what is proposed: the page's order, and never past what only a person can do."""

from __future__ import annotations

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Approval, Order, Parameter, Remedy
from frontdesk.operations.runbooks.model import Runbook
from frontdesk.operations.runbooks.planning import ForPerson, Healthy, Proposal, plan
from frontdesk.operations.runbooks.reading import read_page

HEAD = "---\ntitle: t\nseverity: P2\nowner: o\n---\n# t\n\n## Symptoms\n\n## Diagnosis\n\n"
TAIL = "\n## Verification\n\n## Prevention\n"


async def nothing(_tx: Transaction, _order: Order) -> str:
    return ""


REMEDIES = {
    "a.first": Remedy(name="a.first", sentence="First", approval=Approval.NOBODY, act=nothing),
    "a.second": Remedy(
        name="a.second",
        sentence="Second",
        approval=Approval.OWNER,
        act=nothing,
        parameters=(Parameter(name="rows", kind="count", sentence="How many.", default="5"),),
    ),
}


def page(*resolutions: str) -> Runbook:
    """Make a page with these resolutions."""
    items = "\n".join(f"{number}. {text}" for number, text in enumerate(resolutions, 1))
    return read_page("p", HEAD + "## Resolution\n\n" + items + TAIL)


ONE = "[x](check:a.one): [do](do:a.first)"
TWO = "[y](check:a.two): [do](do:a.second?rows=7)"
PERSON = "[z](check:a.three): call the carrier."
REST = "Anything else: [do](do:a.first)"


def test_nothing_failing_is_healthy() -> None:
    assert plan(page(ONE, REST), failing=[], find=REMEDIES.get) == Healthy()


def test_every_matching_resolution_is_proposed_once_with_the_highest_approval() -> None:
    found = plan(page(ONE, TWO, ONE), failing=["a.two", "a.one"], find=REMEDIES.get)
    assert isinstance(found, Proposal)
    assert [one.name for one in found.remedies] == ["a.first", "a.second"]
    assert found.approval is Approval.OWNER
    assert dict(found.remedies[1].arguments) == {"rows": "7"}


def test_a_default_is_taken_where_the_page_names_nothing() -> None:
    found = plan(page("[y](check:a.two): [do](do:a.second)"), failing=["a.two"], find=REMEDIES.get)
    assert isinstance(found, Proposal)
    assert dict(found.remedies[0].arguments) == {"rows": "5"}


def test_what_only_a_person_can_do_comes_before_what_stands_after_it() -> None:
    assert plan(page(PERSON, ONE), failing=["a.one", "a.three"], find=REMEDIES.get) == ForPerson("z: call the carrier.")


def test_what_stands_before_it_is_done() -> None:
    found = plan(page(ONE, PERSON, TWO), failing=["a.one", "a.two", "a.three"], find=REMEDIES.get)
    assert isinstance(found, Proposal)
    assert [one.name for one in found.remedies] == ["a.first"]


def test_a_resolution_without_condition_is_for_what_no_other_answers() -> None:
    found = plan(page(TWO, REST), failing=["a.nine"], find=REMEDIES.get)
    assert isinstance(found, Proposal)
    assert [one.name for one in found.remedies] == ["a.first"]
    only_matching = plan(page(TWO, REST), failing=["a.two"], find=REMEDIES.get)
    assert isinstance(only_matching, Proposal)
    assert [one.name for one in only_matching.remedies] == ["a.second"]
