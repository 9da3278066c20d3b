"""The page of replies that are not answered finds what is broken, and what it does helps."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from frontdesk.features.textback.checks import CHECKS
from frontdesk.kernel.db import Database
from frontdesk.kernel.upkeep import Finding, Order, Severity
from frontdesk.operations.checking.registry import get_remedy
from frontdesk.operations.drills import Stage, get_break, perform_drill
from frontdesk.operations.runbooks import get_runbook
from frontdesk.providers.twin import TwinControl
from tests.features.textback.desk import Talk, open_desk
from tests.support.actors import TEST_ACTS
from tests.support.office import Office, open_office


@pytest.mark.parametrize("broken", ["textback.text_unanswered", "textback.person_waits"])
async def test_the_page_of_unanswered_replies_passes_its_drills(broken: str, database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        stage = Stage(
            system=office.parts.system,
            twin=TwinControl("http://127.0.0.1:1"),
            pids=dict,
            database_url=database_url,
            url="",
            api_token="",
            home=home,
        )
        report = await perform_drill(stage, get_runbook("replies-not-answered"), get_break(broken))
        assert report.passed, report.words


async def look(system: Database, name: str) -> Finding:
    check = next(one for one in CHECKS if one.name == name)
    async with system.transaction() as tx:
        return await check.look(tx)


async def test_a_text_that_nothing_was_made_of_is_found_and_answered_after_all(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office, travels=False)
        await office.text_in("next week please", sid="SM" + "4" * 32)
        await lose_the_news(office)
        office.clock.ahead += timedelta(minutes=2)
        assert (await look(office.parts.system, "textback.texts_are_answered")).severity is Severity.WARNING
        async with office.parts.system.transaction() as tx:
            remedy = get_remedy("textback.answer_again")
            await remedy.act(tx, Order(by=TEST_ACTS, reason="test"))
        await office.settle()
        assert [text.splitlines()[0] for text in await office.texts_to()] == ["Harbor Plumbing can offer:"]
        assert (await look(office.parts.system, "textback.texts_are_answered")).is_well


async def lose_the_news(office: Office) -> None:
    """Forget what is waiting to be handed on."""
    async with office.login.transaction() as tx:
        await tx.execute("update outbox_events set dispatched_at = created_at where dispatched_at is null")


async def test_whoever_was_promised_a_person_is_not_forgotten(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await open_desk(office)
        await Talk(office).say("can I talk to a person please")
        assert (await look(office.parts.system, "textback.nobody_waits_too_long")).is_well
        office.clock.ahead += timedelta(minutes=61)
        assert (await look(office.parts.system, "textback.nobody_waits_too_long")).value == 1
