"""A hold keeps its time, is booked once, and ends in exactly one way."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from frontdesk.features import scheduling
from frontdesk.kernel.errors import Refused
from tests.features.scheduling.stage import Shop, open_shop


async def collect(shop: Shop) -> int:
    """Let the collector go round once."""
    return await scheduling.collect_holds(system=shop.system, app=shop.app)


async def test_a_held_time_is_refused_to_others_and_booked_for_its_holder_once(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        hold = await shop.held(2)
        assert isinstance(await shop.book(2), scheduling.SlotTaken)
        first, again = await shop.confirm(hold.id), await shop.confirm(hold.id)
        assert isinstance(first, scheduling.Appointment)
        assert isinstance(again, scheduling.Appointment)
        assert first.id == again.id
        assert await shop.fetchval("select count(*) from sched_appointments") == 1
        assert await shop.fetchval("select count(*) from sched_holds") == 0
        assert await shop.overlaps() == 0


async def test_a_hold_that_is_let_go_frees_its_time_and_is_not_booked_later(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        hold = await shop.held(2)
        async with shop.app.transaction(shop.ada.id) as tx:
            assert await scheduling.release_hold(tx, hold_id=hold.id)
            assert not await scheduling.release_hold(tx, hold_id=hold.id)
        with pytest.raises(Refused) as refused:
            await shop.confirm(hold.id)
        assert refused.value.code == "scheduling.hold_released"
        await shop.booked(2)


async def test_a_hold_that_ran_out_keeps_nobody_away_even_before_it_is_collected(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        hold = await shop.held(2)
        shop.clock.ahead += scheduling.HOLD_TTL + timedelta(seconds=1)
        assert 2 in await shop.slots(1, 3)
        await shop.booked(2)
        assert await shop.fetchval("select count(*) from sched_holds") == 0
        late = await shop.confirm(hold.id)
        assert isinstance(late, scheduling.SlotTaken)
        assert late.other_slots
        assert await shop.overlaps() == 0


async def test_a_collected_hold_whose_time_is_still_free_is_booked_all_the_same(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        hold = await shop.held(2)
        shop.clock.ahead += scheduling.HOLD_TTL + timedelta(seconds=1)
        assert await collect(shop) == 1
        assert await collect(shop) == 0
        late, again = await shop.confirm(hold.id), await shop.confirm(hold.id)
        assert isinstance(late, scheduling.Appointment)
        assert isinstance(again, scheduling.Appointment)
        assert late.id == again.id
        assert await shop.fetchval("select count(*) from sched_appointments") == 1


@pytest.mark.parametrize("turn", range(6))
async def test_expiry_that_races_a_confirmation_has_one_outcome(database_url: str, turn: int) -> None:
    async with open_shop(database_url, resources=1) as shop:
        hold = await shop.held(2)
        shop.clock.ahead += scheduling.HOLD_TTL + timedelta(seconds=1)
        rivals = [shop.confirm(hold.id), collect(shop), shop.book(2), shop.confirm(hold.id), collect(shop)]
        order = [rivals[(turn + place) % len(rivals)] for place in range(len(rivals))]
        done = await asyncio.gather(*order)
        booked = {one.id for one in done if isinstance(one, scheduling.Appointment)}
        assert len(booked) == 1
        assert await shop.fetchval("select count(*) from sched_appointments") == 1
        assert await shop.fetchval("select count(*) from sched_holds") == 0
        assert await shop.fetchval("select count(*) from sched_past_holds where hold_id = $1", hold.id) == 1
        assert await shop.overlaps() == 0


async def test_a_hold_that_awaits_its_deposit_is_not_booked_without_it(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        async with shop.app.transaction(shop.ada.id) as tx:
            held = await scheduling.hold_slot(
                tx,
                service_id=shop.service.id,
                resource_id=shop.north.id,
                starts_at=shop.at(2),
                contact_id=shop.carol,
                source="test",
                awaits_payment=True,
            )
        assert isinstance(held, scheduling.Held)
        with pytest.raises(Refused) as refused:
            await shop.confirm(held.hold.id)
        assert refused.value.code == "scheduling.deposit_due"
        async with shop.app.transaction(shop.ada.id) as tx:
            done = await scheduling.confirm_hold(
                tx,
                hold_id=held.hold.id,
                contact_id=shop.carol,
                source="payment",
                deposit=scheduling.Deposit.PAID,
            )
        assert isinstance(done, scheduling.Appointment)
        assert done.deposit is scheduling.Deposit.PAID


async def test_a_freed_time_is_kept_for_the_first_on_the_waiting_list_and_then_for_the_next(
    database_url: str,
) -> None:
    async with open_shop(database_url, resources=1) as shop:
        mine = await shop.booked(2)
        async with shop.app.transaction(shop.ada.id) as tx:
            waiters = [
                await scheduling.join_waiting_list(
                    tx,
                    service_id=shop.service.id,
                    resource_id=None,
                    contact_id=shop.carol,
                    wanted=(shop.at(1), shop.at(4)),
                )
                for _ in range(2)
            ]
        await shop.cancel(mine.id)
        await shop.settle()
        (offer,) = shop.notebook.about("came_free")
        assert "came free and is kept for you until Mon, Nov 23 at 9:00 AM" in offer
        assert isinstance(await shop.book(2), scheduling.SlotTaken)
        shop.clock.ahead += timedelta(hours=1, seconds=5)
        assert await collect(shop) == 1
        await shop.settle()
        assert len(shop.notebook.about("came_free")) == 2
        async with shop.app.transaction(shop.ada.id) as tx:
            standing = {one.id: one for one in await scheduling.list_waiters(tx)}
        assert standing[waiters[0].id].status is scheduling.WaiterStatus.LEFT
        second = standing[waiters[1].id]
        assert second.status is scheduling.WaiterStatus.OFFERED
        assert second.hold_id is not None
        assert isinstance(await shop.confirm(second.hold_id), scheduling.Appointment)
        await shop.settle()
        async with shop.app.transaction(shop.ada.id) as tx:
            (done,) = await scheduling.list_waiters(tx, status=scheduling.WaiterStatus.BOOKED)
        assert done.id == second.id
