"""A page that says so answers an alert by itself: once, and only with what needs nobody."""

from __future__ import annotations

from frontdesk.kernel.db import Database
from frontdesk.operations import runbooks
from frontdesk.operations.alerts.queries.quiet import insert_firing
from frontdesk.operations.runbooks import Run, RunState

ALERT, PAGE = "WorkerGone", "process-gone"


async def answer(system: Database, slug: str = PAGE) -> int:
    """Let alerts be answered, all of them by one page."""
    return await runbooks.answer_alerts(system, pages=runbooks.library(), page_of=lambda _alert: slug)


async def fire(system: Database, alert: str = ALERT) -> None:
    """Let an alert fire."""
    async with system.transaction() as tx:
        await insert_firing(tx, rule=alert)


async def runs_of(system: Database, slug: str = PAGE) -> list[Run]:
    """List the runs of a page."""
    async with system.transaction() as tx:
        return await runbooks.list_runs(tx, slug=slug, before=None, limit=10)


async def test_an_automatic_page_answers_its_alert_once(system: Database) -> None:
    assert await answer(system) == 0
    await fire(system)
    assert await answer(system) == 1
    assert await answer(system) == 0
    [run] = await runs_of(system)
    assert (run.alert_name, run.started_by) == (ALERT, "system:alerts")


async def test_it_acts_alone_where_nobody_has_to_approve_and_not_a_third_time_in_an_hour(system: Database) -> None:
    states = []
    for number in range(3):
        await fire(system, f"{ALERT}{number}")
        assert await answer(system) == 1
        [run, *_] = await runs_of(system)
        while (await runbooks.advance(system, run.id)) == 0.0:
            pass
        [run, *_] = await runs_of(system)
        states.append(run.state)
        if run.state is RunState.VERIFYING:  # no worker will come up here: the page has done what it can
            async with system.transaction() as tx:
                await tx.execute("update runbook_runs set state = 'unresolved', finished_at = $1", tx.now)
    assert states == [RunState.VERIFYING, RunState.VERIFYING, RunState.AWAITING_APPROVAL]


async def test_a_page_that_asks_a_person_is_not_started_by_an_alert(system: Database) -> None:
    await fire(system, "SendingPaused")
    assert await answer(system, "kill-switch") == 0
    assert await runs_of(system, "kill-switch") == []


async def test_an_alert_that_leads_nowhere_starts_nothing(system: Database) -> None:
    await fire(system)
    assert await answer(system, "no-such-page") == 0
