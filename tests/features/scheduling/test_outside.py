"""Busy times outside block slots, never undo a booking in silence, and give way when they are gone."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.features import scheduling
from tests.features.scheduling.stage import open_shop


async def test_times_that_overlap_in_several_calendars_are_joined_and_block_their_slots(database_url: str) -> None:
    async with open_shop(database_url, resources=1, capacity=2) as shop:
        assert await shop.busy(shop.north, (2, 4), (3, 5), (5, 5)) == []
        assert await shop.busy(shop.north, (1, 3), source="jobber:1") == []
        free = await shop.slots(0, 9)
        assert min(free) == 5
        assert isinstance(await shop.book(4), scheduling.SlotTaken)
        await shop.booked(5)
        assert await shop.overlaps() == 0
        await shop.busy(shop.north)  # that calendar is empty now; the other still says one to three
        assert min(await shop.slots(0, 9)) == 3
        async with shop.app.transaction(shop.ada.id) as tx:
            await scheduling.forget_external_source(tx, resource_id=shop.north.id, source="jobber:1")
        assert min(await shop.slots(0, 9)) == 1


async def test_an_event_that_comes_over_a_booking_is_reported_once_and_its_person_is_offered_other_times(
    database_url: str,
) -> None:
    async with open_shop(database_url, resources=1) as shop:
        mine = await shop.booked(2)
        (collision,) = await shop.busy(shop.north, (2.5, 6))
        assert (collision.appointment_id, collision.source) == (mine.id, "google:1")
        assert await shop.busy(shop.north, (2.5, 6)) == []
        await shop.settle()
        (words,) = shop.notebook.about("collided")
        assert "we are sorry, Repair on Mon, Nov 23 at 10:00 AM cannot take place. We could do" in words
        assert f"/a/{mine.id}" in words
        (message,) = [one for one in shop.notebook.told if one.template == "scheduling.collided"]
        assert message.contact_id == shop.carol
        assert isinstance(await shop.book(4), scheduling.SlotTaken)
        moved = await shop.move(mine.id, 6)
        assert isinstance(moved, scheduling.Appointment)
        assert moved.collided_at is None
        await shop.settle()
        assert isinstance(await shop.book(2.25), scheduling.SlotTaken)  # the event has the time now
        assert await shop.overlaps() == 0
        assert await shop.fetchval("select count(*) from sched_occupancies where not binding") == 0


async def test_an_event_between_search_and_booking_refuses_the_booking(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        assert 2 in await shop.slots(0, 9)
        await shop.busy(shop.north, (2, 3))
        done = await shop.book(2)
        assert isinstance(done, scheduling.SlotTaken)
        assert all(slot.starts_at >= shop.at(3) for slot in done.other_slots if slot.starts_at < shop.at(9))


async def test_an_event_that_comes_over_a_hold_refuses_its_confirmation(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        hold = await shop.held(2)
        assert await shop.busy(shop.north, (2.5, 4)) == []
        done = await shop.confirm(hold.id)
        assert isinstance(done, scheduling.SlotTaken)
        await shop.settle()
        assert await shop.fetchval("select count(*) from sched_occupancies where not binding") == 0
        assert min(await shop.slots(2, 9)) == 4


async def test_a_collision_that_goes_away_outside_is_forgotten(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        mine = await shop.booked(2)
        assert len(await shop.busy(shop.north, (2.5, 6))) == 1
        assert await shop.busy(shop.north) == []
        async with shop.app.transaction(shop.ada.id) as tx:
            known = await scheduling.get_appointment(tx, appointment_id=mine.id)
        assert known.collided_at is None
        await shop.settle()
        assert shop.notebook.about("collided") == []


async def test_news_of_a_window_leaves_the_rest_of_a_calendar_alone(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        await shop.busy(shop.north, (1, 3), (6, 8))
        async with shop.app.transaction(shop.ada.id) as tx:
            await scheduling.record_external_busy(
                tx,
                resource_id=shop.north.id,
                source="google:1",
                window=(shop.at(2), shop.at(7)),
                busy=[(shop.at(2) - timedelta(hours=5), shop.at(2.5))],
            )
        free = await shop.slots(0, 9)
        assert min(free) == 2.5
        assert 5.75 in free  # an hour and fifteen minutes before seven
        assert not [start for start in free if 5.75 < start < 8]


async def test_what_is_over_is_put_away_and_what_is_to_come_is_kept(database_url: str) -> None:
    async with open_shop(database_url, resources=1) as shop:
        await shop.booked(2)
        later = await shop.booked(98)  # Friday, ten
        await shop.held(5)
        await shop.busy(shop.north, (4, 5), (100, 101))
        shop.travel_to(shop.at(60))
        await scheduling.collect_holds(system=shop.system, app=shop.app)
        assert await scheduling.finish_past(system=shop.system) == 1
        assert await shop.fetchval("select id from sched_appointments where status = 'booked'") == later.id
        assert await shop.fetchval("select count(*) from sched_busy_times") == 1
        assert await shop.fetchval("select count(*) from sched_past_holds") == 1
        shop.travel_to(shop.at(24 * 95))
        await scheduling.finish_past(system=shop.system)
        assert await shop.fetchval("select count(*) from sched_past_holds") == 0
