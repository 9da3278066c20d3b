"""Every page of the library leads into the program: its checks, remedies, drills and links exist."""

from __future__ import annotations

import pytest

from frontdesk.operations.checking import all_checks
from frontdesk.operations.checking.registry import find_check, find_remedy
from frontdesk.operations.drills import all_breaks
from frontdesk.operations.runbooks import Runbook, find_runbooks, library

PAGES = list(library().values())


def slug(page: Runbook) -> str:
    """Name a page."""
    return page.slug


@pytest.mark.parametrize("page", PAGES, ids=slug)
def test_every_link_of_a_page_leads_into_the_program(page: Runbook) -> None:
    assert page.checks, "a page that looks at nothing diagnoses nothing"
    assert page.verification, "a page that expects nothing proves nothing"
    assert page.resolutions
    assert all(find_check(name) is not None for name in page.checks)
    assert all(find_check(link.name) is not None for link in page.verification)
    for resolution in page.resolutions:
        for link in resolution.remedies:
            remedy = find_remedy(link.name)
            assert remedy is not None, link.name
            assert link.arguments.keys() <= {one.name for one in remedy.parameters}


@pytest.mark.parametrize("page", PAGES, ids=slug)
def test_every_page_has_a_drill(page: Runbook) -> None:
    assert page.drill
    assert set(page.drill) <= {one.name for one in all_breaks()}


def test_every_check_names_a_page_that_looks_at_it() -> None:
    lost = [
        check.name
        for check in all_checks()
        if check.runbook not in library() or check.name not in library()[check.runbook].checks
    ]
    assert not lost


def test_a_page_is_found_by_what_people_say() -> None:
    def best(words: str) -> str:
        return find_runbooks(words)[0].runbook.slug

    assert best("texts are not going out") == "texts-not-going-out"
    assert best("somebody paused everything, how do I resume") == "kill-switch"
    assert find_runbooks("xyzzy plugh") == []
