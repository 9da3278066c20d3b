"""What goes wrong with bookings is seen, and the pages set it right; on a healthy shop they find nothing."""

from __future__ import annotations

from pathlib import Path

from frontdesk.features import scheduling
from frontdesk.features.scheduling.checks import CHECKS
from frontdesk.features.scheduling.remedies import REMEDIES
from frontdesk.kernel.upkeep import Order
from frontdesk.operations.drills import Stage, get_break, perform_drill
from frontdesk.operations.runbooks import get_runbook
from frontdesk.providers.twin import TwinControl
from tests.features.scheduling.stage import Shop, open_shop
from tests.support.actors import TEST_ACTS


def stage_of(shop: Shop, database_url: str, home: Path) -> Stage:
    """Lend a stage that needs no processes: its database is all that is broken."""
    return Stage(
        system=shop.system,
        twin=TwinControl("http://127.0.0.1:1"),
        pids=dict,
        database_url=database_url,
        url="",
        api_token="",
        home=home,
    )


async def test_a_shop_that_is_well_fails_no_check(database_url: str) -> None:
    async with open_shop(database_url) as shop:
        await shop.booked(2)
        await shop.held(4)
        async with shop.system.transaction() as tx:
            assert [check.name for check in CHECKS if not (await check.look(tx)).is_well] == []


async def test_a_hold_that_cannot_be_cleared_away_stops_the_collector_and_the_remedy_clears_it(
    database_url: str, home: Path
) -> None:
    async with open_shop(database_url) as shop:
        await get_break("scheduling.stuck_hold").act(stage_of(shop, database_url, home))
        (expire,) = [check for check in CHECKS if check.name == "scheduling.holds_expire"]
        (clear,) = [remedy for remedy in REMEDIES if remedy.name == "scheduling.clear_holds"]
        assert await scheduling.collect_holds(system=shop.system, app=shop.app) == 0
        async with shop.system.transaction() as tx:
            assert not (await expire.look(tx)).is_well
            assert await clear.act(tx, Order(by=TEST_ACTS, reason="a test")) == "cleared away 1 holds"
        async with shop.system.transaction() as tx:
            assert (await expire.look(tx)).is_well
            assert await clear.act(tx, Order(by=TEST_ACTS, reason="a test")) == "cleared away 0 holds"
        assert await shop.fetchval("select count(*) from sched_occupancies") == 0


async def test_of_two_people_booked_for_one_time_the_one_who_has_none_is_told(database_url: str, home: Path) -> None:
    async with open_shop(database_url) as shop:
        stage = stage_of(shop, database_url, home)
        report = await perform_drill(stage, get_runbook("double-booking"), get_break("scheduling.double_booking"))
        assert report.passed, report.words
        await shop.settle()
        (words,) = shop.notebook.about("collided")
        assert "cannot take place" in words
        assert await shop.fetchval("select count(*) from sched_appointments where collided_at is not null") == 1
