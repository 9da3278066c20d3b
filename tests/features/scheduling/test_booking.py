"""What is booked once cannot be booked again, and what is freed can."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from frontdesk.features import scheduling
from frontdesk.kernel.errors import Refused
from tests.features.scheduling.stage import open_shop
from tests.support.actors import TEST_ACTS


async def test_a_booked_time_is_refused_to_the_next_with_other_times(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        await shop.booked(2)
        second = await shop.book(2.25)
        assert isinstance(second, scheduling.SlotTaken)
        assert second.why is scheduling.Why.TAKEN
        assert second.other_slots
        for slot in second.other_slots:
            async with shop.app.transaction(shop.ada.id) as tx:
                done = await scheduling.book_slot(
                    tx,
                    service_id=slot.service_id,
                    resource_id=slot.resource_id,
                    starts_at=slot.starts_at,
                    contact_id=shop.carol,
                    source="test",
                )
            assert isinstance(done, scheduling.Appointment)
            break
        assert await shop.overlaps() == 0


async def test_buffers_are_kept_between_bookings_and_not_at_the_ends_of_the_day(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        await shop.booked(3)  # 11 to 12, kept free until 12:15
        assert isinstance(await shop.book(4), scheduling.SlotTaken)
        await shop.booked(4.25)
        assert isinstance(await shop.book(2), scheduling.SlotTaken)  # 10 to 11 needs to be cleared up until 11:15
        await shop.booked(1.75)
        await shop.booked(8)  # 4 to 5 PM: the clearing up is after hours
        assert await shop.overlaps() == 0


async def test_whoever_is_free_gives_the_service_when_nobody_is_named(database_url: str) -> None:
    async with open_shop(database_url) as shop:
        first, second = await shop.booked(2), await shop.booked(2)
        assert {first.resource_id, second.resource_id} == {shop.north.id, shop.south.id}
        assert isinstance(await shop.book(2), scheduling.SlotTaken)


async def test_of_many_at_once_as_many_win_as_there_are_seats(database_url: str) -> None:
    async with open_shop(database_url, capacity=3, resources=1) as shop:
        done = await asyncio.gather(*(shop.book(2) for _ in range(20)))
        won = [one for one in done if isinstance(one, scheduling.Appointment)]
        assert {one.seat for one in won} == {1, 2, 3}
        assert len(won) == 3
        assert all(one.other_slots for one in done if isinstance(one, scheduling.SlotTaken))
        assert await shop.overlaps() == 0


@pytest.mark.parametrize(
    ("hours", "why"),
    [
        (0.5, scheduling.Why.CLOSED),  # 8:30 AM
        (8.5, scheduling.Why.CLOSED),  # 4:30 PM, an hour's work
        (-1, scheduling.Why.TOO_SOON),
        (24 * 70, scheduling.Why.TOO_FAR),
    ],
)
async def test_a_time_that_is_not_offered_is_refused_with_the_reason(
    database_url: str, hours: float, why: scheduling.Why
) -> None:
    async with open_shop(database_url) as shop:
        done = await shop.book(hours)
        assert isinstance(done, scheduling.SlotTaken)
        assert done.why is why


async def test_a_moved_appointment_frees_its_old_time_and_keeps_it_if_the_new_one_is_taken(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        mine, other = await shop.booked(2), await shop.booked(5)
        refused = await shop.move(mine.id, 5.5)
        assert isinstance(refused, scheduling.SlotTaken)
        assert isinstance(await shop.book(2), scheduling.SlotTaken)
        moved = await shop.move(mine.id, 2.25)  # over its own old time
        assert isinstance(moved, scheduling.Appointment)
        assert (moved.starts_at, moved.revision) == (shop.at(2.25), 1)
        assert isinstance(await shop.book(2.75), scheduling.SlotTaken)
        await shop.cancel(other.id)
        last = await shop.move(mine.id, 5.5)
        assert isinstance(last, scheduling.Appointment)
        await shop.booked(2)
        assert await shop.overlaps() == 0


async def test_a_cancelled_appointment_frees_its_time_and_is_cancelled_once(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        mine = await shop.booked(2)
        first, again = await shop.cancel(mine.id), await shop.cancel(mine.id)
        assert first.status is again.status is scheduling.AppointmentStatus.CANCELLED
        assert first.revision == again.revision == 1
        await shop.booked(2)
        with pytest.raises(Refused) as refused:
            await shop.move(mine.id, 5)
        assert refused.value.code == "scheduling.appointment_over"


async def test_who_does_not_come_is_noted_only_after_the_appointment_began(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        mine = await shop.booked(2)

        async def missed() -> scheduling.Appointment:
            async with shop.app.transaction(shop.ada.id) as tx:
                return await scheduling.mark_no_show(tx, appointment_id=mine.id, by=TEST_ACTS)

        with pytest.raises(Refused) as refused:
            await missed()
        assert refused.value.code == "scheduling.appointment_not_begun"
        shop.travel_to(shop.at(2) + timedelta(minutes=10))
        assert (await missed()).status is scheduling.AppointmentStatus.NO_SHOW


async def test_another_business_sees_and_books_nothing_of_it(database_url: str) -> None:
    async with open_shop(database_url) as shop:
        mine = await shop.booked(2)
        async with shop.app.transaction(shop.mallory.id) as tx:
            assert await scheduling.list_appointments(tx, scheduling.AppointmentFilter()) == []
            assert await scheduling.list_services(tx) == []
            with pytest.raises(Refused) as unknown:
                await scheduling.get_appointment(tx, appointment_id=mine.id)
            assert unknown.value.code == "scheduling.appointment_not_found"
            with pytest.raises(Refused) as no_service:
                await scheduling.list_free_slots(tx, service_id=shop.service.id, between=(shop.at(0), shop.at(9)))
            assert no_service.value.code == "scheduling.service_not_found"
            assert not await scheduling.release_hold(tx, hold_id=mine.id)
