"""Each page of sending finds what broke it and repairs it; with a remedy that does nothing for it, its drill fails."""

from __future__ import annotations

import re

import pytest

from frontdesk.operations.drills import Stage, get_break, perform_drill
from frontdesk.operations.runbooks import Runbook, RunState, get_runbook, library
from frontdesk.operations.runbooks.reading import read_page

# Those that need a worker are drilled on a whole installation.
ON_A_WORKER = {"texts-not-going-out", "texts-in-doubt", "carrier-failing"}
PAGES = (
    "bad-content",
    "budget-spent",
    "campaign-stopped",
    "do-not-contact",
    "emergency-stop",
    "number-blocked",
    "promise-broken",
    "quiet-hours",
    "text-after-opt-out",
    "texts-not-arriving",
)
DRILLS = [(slug, name) for slug in PAGES for name in get_runbook(slug).drill]
REPAIRED = [(slug, name) for slug, name in DRILLS if get_break(name).ends is RunState.REPAIRED]


def without_its_remedies(page: Runbook) -> Runbook:
    """Let a page ask about doubt, of which there is none, wherever it would repair something."""
    head = f"---\ntitle: {page.title}\nseverity: {page.severity}\nowner: {page.owner}\nwithin: 1 s\n---\n"
    return read_page(page.slug, head + re.sub(r"\(do:[a-z_.]+\)", "(do:delivery.ask_about_doubt)", page.text))


@pytest.mark.parametrize(("slug", "broken_by"), DRILLS)
async def test_the_page_finds_and_repairs_it(stage: Stage, slug: str, broken_by: str) -> None:
    report = await perform_drill(stage, get_runbook(slug), get_break(broken_by), patience=20)
    assert report.passed, report.words


@pytest.mark.parametrize(("slug", "broken_by"), REPAIRED)
async def test_a_remedy_that_does_nothing_for_it_fails_the_drill(stage: Stage, slug: str, broken_by: str) -> None:
    page = without_its_remedies(get_runbook(slug))
    report = await perform_drill(stage, page, get_break(broken_by), patience=20)
    assert not report.passed
    assert "unresolved" in report.words


@pytest.mark.parametrize("slug", [*PAGES, *sorted(ON_A_WORKER)])
def test_the_page_has_a_check_an_expectation_and_a_drill(slug: str) -> None:
    page = library()[slug]
    assert page.diagnosis
    assert page.verification
    assert page.drill
