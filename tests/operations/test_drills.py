"""A drill passes only if the page finds the fault, repairs it, and all is well afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from frontdesk.kernel.db import Database
from frontdesk.operations.drills import Stage, get_break, list_results, perform_drill, record_result
from frontdesk.operations.runbooks import Runbook, get_runbook
from frontdesk.operations.runbooks.reading import read_page
from frontdesk.providers.twin import TwinControl

FORGOTTEN = get_break("delivery.forgotten_switch")


@pytest.fixture
def stage(system: Database, database_url: str, home: Path) -> Stage:
    """Lend a stage that needs no processes: its database is all that this drill breaks."""
    return Stage(
        system=system,
        twin=TwinControl("http://127.0.0.1:1"),
        pids=dict,
        database_url=database_url,
        url="",
        api_token="",
        home=home,
    )


def rewritten(page: Runbook, old: str, new: str) -> Runbook:
    """Change a page."""
    head = f"---\ntitle: {page.title}\nseverity: {page.severity}\nowner: {page.owner}\nwithin: 1 s\n---\n"
    assert old in page.text
    return read_page(page.slug, head + page.text.replace(old, new))


async def test_the_page_as_it_is_passes_and_its_result_is_kept(stage: Stage) -> None:
    report = await perform_drill(stage, get_runbook("kill-switch"), FORGOTTEN)
    assert report.passed, report.words
    assert report.times.detected is not None
    assert report.times.repaired is not None
    async with stage.system.transaction() as tx:
        await record_result(tx, report, started_at=tx.now)
        [kept] = await list_results(tx, slug="kill-switch")
    assert (kept.passed, kept.digest) == (True, report.digest)


async def test_a_wrong_remedy_fails_its_drill(stage: Stage) -> None:
    wrong = rewritten(get_runbook("kill-switch"), "do:delivery.resume_sending", "do:delivery.probe_carriers")
    report = await perform_drill(stage, wrong, FORGOTTEN)
    assert not report.passed
    assert "unresolved" in report.words
    assert report.times.detected is not None
    assert report.times.repaired is None


async def test_a_page_that_looks_elsewhere_fails_its_drill(stage: Stage) -> None:
    page = get_runbook("kill-switch")
    blind = replace(
        rewritten(page, "(check:delivery.sending_is_on)", "(check:delivery.numbers_may_text)"), diagnosis=()
    )
    quick = replace(FORGOTTEN, name="quick")
    report = await perform_drill(stage, blind, quick, patience=0.5)
    assert not report.passed
    assert "no check of the page has seen it" in report.words


async def test_a_stage_that_is_not_well_to_begin_with_fails_the_drill(stage: Stage) -> None:
    await FORGOTTEN.act(stage)
    report = await perform_drill(stage, get_runbook("kill-switch"), FORGOTTEN)
    assert not report.passed
    assert "before anything was broken" in report.words
