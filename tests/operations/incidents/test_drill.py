"""The page of incidents finds one that was left waiting, and says who has to do what."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontdesk.kernel.db import Database
from frontdesk.operations.checking import look_at_each
from frontdesk.operations.checking.registry import get_check
from frontdesk.operations.drills import Stage, get_break, perform_drill
from frontdesk.operations.runbooks import get_runbook
from frontdesk.providers.twin import TwinControl


@pytest.fixture
def throwaway(system: Database, home: Path) -> Stage:
    """Lend a stage that needs no processes: rows are all that this drill breaks."""
    return Stage(
        system=system, twin=TwinControl("http://127.0.0.1:1"), pids=dict, url="", api_token="", home=home,
        database_url="",
    )  # fmt: skip


async def test_the_page_finds_an_incident_that_was_left_and_a_person_ends_it(throwaway: Stage) -> None:
    report = await perform_drill(throwaway, get_runbook("incident"), get_break("incidents.left_waiting"))
    assert report.passed, report.words
    assert "told a person what to do" in report.words
    assert report.times.detected is not None


async def test_an_incident_that_was_left_is_named_with_what_to_type(throwaway: Stage) -> None:
    await get_break("incidents.left_waiting").act(throwaway)
    [looked] = await look_at_each(throwaway.system, [get_check("incidents.are_acknowledged")])
    assert "frontdesk incident ack" in looked.finding.words
    assert not looked.finding.is_well
