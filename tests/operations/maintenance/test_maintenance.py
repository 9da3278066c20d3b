"""Maintenance stops sending, lets go of what it stopped and of nothing else, and is missed when nobody ends it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from frontdesk.features import delivery
from frontdesk.kernel import actor
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.operations.drills import Stage, get_break, perform_drill
from frontdesk.operations.maintenance.checks import CHECKS
from frontdesk.operations.maintenance.model import Phase
from frontdesk.operations.maintenance.window import (
    begin_maintenance,
    end_maintenance,
    find_maintenance,
    note_if_drained,
)
from frontdesk.operations.runbooks import get_runbook
from frontdesk.providers.twin import TwinControl

ADA, BEN = actor.system("cli/ada"), actor.system("cli/ben")
HALF_AN_HOUR = timedelta(minutes=30)
MAKE_CRITICAL = """
    insert into check_states (name, severity, words, since_at, looked_at)
    values ('operations.web_runs', 'critical', 'gone', $1, $1)
"""


async def paused(tx: Transaction) -> bool:
    """Tell whether everything is stopped."""
    return (await delivery.prove_stop(tx, scope=delivery.Scope.GLOBAL, key="all")).paused_at is not None


async def test_maintenance_stops_sending_drains_and_lets_go(system: Database) -> None:
    async with system.transaction() as tx:
        assert await find_maintenance(tx) is None
        window = await begin_maintenance(tx, lasting=HALF_AN_HOUR, reason="new disk", by=ADA)
        assert await paused(tx)
        assert window.phase(tx.now) is Phase.DRAINING
        assert await note_if_drained(tx)
    async with system.transaction() as tx:
        standing = await find_maintenance(tx)
        assert standing is not None
        assert (standing.phase, standing.in_flight) == (Phase.WORKING, 0)
        ended = await end_maintenance(tx, by=ADA)
        assert not await paused(tx)
        assert ended.window.watch_until == tx.now + timedelta(minutes=15)
    async with system.transaction() as tx:
        watched = await find_maintenance(tx)
        assert watched is not None
        assert watched.phase is Phase.WATCHING


async def test_there_is_one_window_at_a_time_and_none_without_an_end(system: Database) -> None:
    async with system.transaction() as tx:
        await begin_maintenance(tx, lasting=HALF_AN_HOUR, reason="new disk", by=ADA)
        with pytest.raises(Refused, match="on already"):
            await begin_maintenance(tx, lasting=HALF_AN_HOUR, reason="another", by=BEN)
        with pytest.raises(Refused, match="24 hours"):
            await begin_maintenance(tx, lasting=timedelta(days=2), reason="for ever", by=BEN)
        await end_maintenance(tx, by=ADA)
        with pytest.raises(Refused, match="No maintenance"):
            await end_maintenance(tx, by=ADA)


async def test_a_switch_that_was_pulled_before_or_meanwhile_stays_pulled(system: Database) -> None:
    async with system.transaction() as tx:
        await delivery.pause_sending(tx, scope=delivery.Scope.GLOBAL, key="all", by=BEN, reason="a complaint")
        await begin_maintenance(tx, lasting=HALF_AN_HOUR, reason="new disk", by=ADA)
        await end_maintenance(tx, by=ADA)
        assert await paused(tx)
        await delivery.resume_sending(tx, scope=delivery.Scope.GLOBAL, key="all", by=BEN)
    async with system.transaction() as tx:
        await begin_maintenance(tx, lasting=HALF_AN_HOUR, reason="new disk", by=ADA)
        await delivery.pause_sending(tx, scope=delivery.Scope.GLOBAL, key="all", by=BEN, reason="emergency stop")
        await end_maintenance(tx, by=ADA)
        assert await paused(tx)


async def test_it_does_not_end_while_something_is_critical_that_was_not_before(system: Database) -> None:
    async with system.transaction() as tx:
        await begin_maintenance(tx, lasting=HALF_AN_HOUR, reason="new disk", by=ADA)
    async with system.transaction() as tx:
        await tx.execute(MAKE_CRITICAL, tx.now)
        with pytest.raises(Refused, match=r"operations\.web_runs"):
            await end_maintenance(tx, by=ADA)
        assert await paused(tx)
        await end_maintenance(tx, by=ADA, anyway=True)
        assert not await paused(tx)


async def test_what_is_worse_afterwards_is_seen_for_15_minutes(system: Database) -> None:
    (afterwards,) = (one for one in CHECKS if one.name == "maintenance.is_well_afterwards")
    async with system.transaction() as tx:
        await begin_maintenance(tx, lasting=HALF_AN_HOUR, reason="new disk", by=ADA)
        await end_maintenance(tx, by=ADA)
    async with system.transaction() as tx:
        assert (await afterwards.look(tx)).is_well
        await tx.execute(MAKE_CRITICAL, tx.now)
        found = await afterwards.look(tx)
    assert not found.is_well
    assert "operations.web_runs" in found.words


async def test_a_window_that_nobody_ended_is_found_and_ended_by_the_page(
    system: Database, database_url: str, home: Path
) -> None:
    stage = Stage(
        system=system,
        twin=TwinControl("http://127.0.0.1:1"),
        pids=dict,
        database_url=database_url,
        url="",
        api_token="",
        home=home,
    )
    report = await perform_drill(stage, get_runbook("maintenance"), get_break("maintenance.overrun"))
    assert report.passed, report.words
    failing = await perform_drill(stage, get_runbook("monitor-failing"), get_break("monitors.failed_twice"))
    assert failing.passed, failing.words
