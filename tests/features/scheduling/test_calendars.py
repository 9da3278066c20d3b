"""Calendars outside block slots and show our appointments, whatever goes wrong between."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from frontdesk.features import scheduling
from frontdesk.features.scheduling.model.calendars import CalendarCompany
from frontdesk.features.scheduling.service import calendars as service
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.keys import SigningKeys
from frontdesk.providers.twin import FaultKind, FaultOrder
from frontdesk.providers.twin.calendar_wire import CalendarSetup, JobberVisit
from tests.features.scheduling.calendar_stage import KEY, Almanac, follow, open_almanac
from tests.support.actors import TEST_ACTS


def strike(almanac: Almanac, kind: FaultKind, on: str, **members: object) -> None:
    order = FaultOrder(kind=kind, on=on, **members)  # type: ignore[arg-type]  # a test's table of members
    almanac.twin.world.faults.add(order, on)


async def state_of(almanac: Almanac) -> service.ConnectedAccount:
    async with almanac.shop.app.transaction(almanac.shop.ada.id) as tx:
        (account,) = await service.list_accounts(tx)
    return account


async def test_a_booking_stands_in_google_moves_with_it_and_goes_with_it_exactly_once(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        await almanac.google_for(shop.north)
        await almanac.turn()
        mine = await shop.booked(2)
        await shop.settle()
        assert await almanac.turn() == 1
        assert almanac.written() == [(2, 3, "Repair: Carol")]
        moved = await shop.move(mine.id, 5)
        assert isinstance(moved, scheduling.Appointment)
        await shop.settle()
        await almanac.turn()
        assert almanac.written() == [(5, 6, "Repair: Carol")]
        await almanac.asked_now()
        assert almanac.written() == [(5, 6, "Repair: Carol")]
        await shop.cancel(mine.id)
        await shop.settle()
        await almanac.turn()
        assert almanac.written() == []


async def test_busy_times_in_google_block_slots_and_our_own_events_do_not(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        await almanac.google_for(shop.north)
        event = almanac.outside(1, 4)
        await almanac.turn()
        assert min(await shop.slots(0, 9)) == 4
        await shop.booked(4)
        await shop.settle()
        await almanac.turn()
        await almanac.later(61)
        assert await shop.fetchval("select count(*) from sched_appointments where collided_at is not null") == 0
        almanac.outside(1, 4, event_id=event, cancelled=True)
        assert await almanac.later(61) == 1
        assert min(await shop.slots(0, 9)) == 1


async def test_an_event_that_comes_over_a_booking_is_told_to_its_person(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        await almanac.google_for(shop.north)
        await almanac.turn()
        await shop.booked(2)
        almanac.outside(2.5, 4)
        await almanac.later(60)
        await shop.settle()
        (words,) = shop.notebook.about("collided")
        assert "cannot take place" in words
        await almanac.later(61)
        await shop.settle()
        assert len(shop.notebook.about("collided")) == 1


async def test_a_calendar_connected_later_gets_the_bookings_there_are(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        await almanac.shop.booked(2)
        await almanac.google_for(almanac.shop.north)
        await almanac.turn()
        assert almanac.written() == [(2, 3, "Repair: Carol")]


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.REPLY_LOST,
        FaultKind.ERROR_AFTER_ACCEPT,
        FaultKind.ERROR_BEFORE_ACCEPT,
        FaultKind.RATE_LIMITED,
        FaultKind.RESET,
        FaultKind.TRUNCATED,
        FaultKind.HTML,
    ],
)
async def test_whatever_happens_to_a_write_one_event_stands_there_in_the_end(
    database_url: str, kind: FaultKind
) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        await almanac.google_for(shop.north)
        await almanac.turn()
        strike(almanac, kind, "google.events.insert")
        await shop.booked(2)
        await shop.settle()
        await almanac.turn()
        assert (await state_of(almanac)).connection.last_error
        await almanac.later(70)
        assert almanac.written() == [(2, 3, "Repair: Carol")]
        assert not (await state_of(almanac)).connection.last_error
        assert await shop.fetchval("select sum(errors)::int from calendar_connections") == 1


async def test_an_access_token_that_ends_early_is_renewed_without_anybody(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        await almanac.google_for(almanac.shop.north)
        almanac.twin.google.state.access.clear()
        await almanac.turn()
        account = await state_of(almanac)
        assert account.connection.state == "active"
        assert account.calendars[0].synced_at is not None
        assert await almanac.later(3600) == 1
        assert not (await state_of(almanac)).connection.last_error


async def test_access_taken_back_is_announced_once_and_a_new_consent_heals_it(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        await almanac.google_for(shop.north)
        almanac.outside(1, 4)
        await almanac.turn()
        almanac.twin.google.shut_out()
        await almanac.later(61)
        lost = (await state_of(almanac)).connection
        assert lost.state == "revoked"
        assert "invalid_grant" in lost.revoked_because
        assert await almanac.later(3600) == 0, "nobody asks where nobody is let in"
        named = "select count(*) from outbox_events where name = 'scheduling.calendar_access_lost.v1'"
        assert await shop.fetchval(named) == 1
        assert min(await shop.slots(0, 9)) == 4, "what it told last stays kept free"
        assert await almanac.connect_google() == lost.id
        await almanac.turn()
        healed = await state_of(almanac)
        assert healed.connection.state != "revoked"
        assert healed.calendars[0].blocks


async def test_a_forgotten_sync_token_costs_nothing_but_a_full_look(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        await almanac.google_for(almanac.shop.north)
        await almanac.turn()
        almanac.twin.google.set_calendar(CalendarSetup(forget_sync_tokens=True))
        almanac.outside(1, 4)
        await almanac.later(61)
        assert min(await almanac.shop.slots(0, 9)) == 4
        assert not (await state_of(almanac)).connection.last_error


async def test_a_worker_that_dies_in_the_middle_is_followed_by_another(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        await almanac.google_for(shop.north)
        leased = "update calendar_connections set leased_until = $1::timestamptz + interval '3 minutes' returning true"
        assert await shop.fetchval(leased, shop.clock.now())
        assert await almanac.turn() == 0
        assert await almanac.later(181) == 1
        assert (await state_of(almanac)).calendars[0].synced_at is not None


async def test_a_calendar_deleted_there_keeps_no_other_waiting(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        almanac.twin.google.set_calendar(CalendarSetup(id="a-gone@example.com", name="A gone one"))
        await almanac.connect_google()
        gone, own = await almanac.calendars()
        await almanac.use(gone, shop.north, writes=False)
        await almanac.use(own, shop.north)
        del almanac.twin.google.state.calendars["a-gone@example.com"]
        almanac.outside(1, 4)
        await almanac.turn()
        assert min(await shop.slots(0, 9)) == 4
        assert "A gone one" in (await state_of(almanac)).connection.last_error


async def test_visits_at_jobber_block_slots(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        await almanac.desk.connect_jobber_token(shop.ada.id, token="", by=TEST_ACTS)
        ada, _ = await almanac.calendars()
        with pytest.raises(Refused, match="may not write"):
            await almanac.use(ada, shop.north)
        await almanac.use(ada, shop.north, writes=False)
        almanac.twin.jobber.put_visit(
            JobberVisit(starts_at=shop.at(1), ends_at=shop.at(4), assigned=(ada.provider_calendar_id,))
        )
        await almanac.turn()
        assert min(await shop.slots(0, 9)) == 4


async def test_jobber_out_of_points_is_left_alone_for_as_long_as_its_figures_say(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        await almanac.desk.connect_jobber_token(shop.ada.id, token="", by=TEST_ACTS)
        await almanac.use((await almanac.calendars())[0], shop.north, writes=False)
        points = almanac.twin.jobber.state.points
        points.left, points.restored_per_second = 0.0, 0.1
        await almanac.turn()
        assert "THROTTLED" in (await state_of(almanac)).connection.last_error
        assert await almanac.later(30) == 0
        points.left = 10_000.0
        assert await almanac.later(31) == 1
        assert not (await state_of(almanac)).connection.last_error


async def test_letting_an_account_go_frees_its_times(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        await almanac.google_for(shop.north)
        almanac.outside(1, 4)
        await almanac.turn()
        account = await state_of(almanac)
        await almanac.desk.disconnect(shop.ada.id, connection_id=account.connection.id, by=TEST_ACTS)
        assert min(await shop.slots(0, 9)) == 1
        assert almanac.twin.google.state.refresh == set()
        assert await almanac.calendars() == []


async def test_a_resource_is_written_into_one_calendar_only(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        almanac.twin.google.set_calendar(CalendarSetup(id="second@example.com"))
        await almanac.connect_google()
        one, two = await almanac.calendars()
        await almanac.use(one, almanac.shop.north)
        with pytest.raises(Refused, match="another calendar"):
            await almanac.use(two, almanac.shop.north)


async def test_appointments_follow_their_resource_into_another_calendar(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        almanac.twin.google.set_calendar(CalendarSetup(id="second@example.com", name="Second"))
        await almanac.connect_google()
        first, second = await almanac.calendars()
        await almanac.use(first, shop.north)
        await shop.booked(2)
        await almanac.asked_now()
        await almanac.use(first, None)
        await almanac.use(second, shop.north)
        await almanac.asked_now()
        assert almanac.written() == [(2, 3, "Repair: Carol")]
        (kept,) = [one for one in almanac.twin.google.events() if one.document["status"] != "cancelled"]
        assert kept.calendar == "second@example.com"


async def test_a_consent_counts_once_for_the_person_who_asked_and_not_for_long(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        ada = almanac.shop.ada.id

        async def ask() -> dict[str, str]:
            return await follow(await almanac.desk.begin_consent(ada, provider=CalendarCompany.GOOGLE, by=TEST_ACTS))

        async def finish(tenant_id: UUID, state: str, code: str) -> None:
            with pytest.raises(Refused, match="not asked for by you"):
                await almanac.desk.finish_consent(tenant_id, state=state, code=code, by=TEST_ACTS)

        back = await ask()
        await finish(almanac.shop.mallory.id, back["state"], back["code"])
        await finish(ada, "guessed", back["code"])
        await almanac.desk.finish_consent(ada, state=back["state"], code=back["code"], by=TEST_ACTS)
        await finish(ada, back["state"], back["code"])
        late = await ask()
        almanac.shop.clock.ahead += 2 * (almanac.shop.at(0.25) - almanac.shop.at(0))
        await finish(ada, late["state"], late["code"])


async def test_a_login_is_sealed_and_opens_nowhere_else(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        await almanac.connect_google()
        (refresh,) = almanac.twin.google.state.refresh
        sealed = await almanac.shop.fetchval("select sealed_login from calendar_connections")
        assert isinstance(sealed, bytes)
        assert refresh.encode() not in sealed
        moved = "update calendar_connections set tenant_id = $1 returning true"
        await almanac.shop.fetchval("delete from calendars returning true")
        assert await almanac.shop.fetchval(moved, almanac.shop.mallory.id)
        await almanac.turn()
        assert await almanac.shop.fetchval("select state from calendar_connections") == "revoked"


async def test_a_login_is_sealed_anew_once_the_key_was_exchanged(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        await almanac.google_for(almanac.shop.north)
        new_key = "another key of the tests, as long as the first"
        almanac.use_keys(SigningKeys(new_key, previous=KEY))
        await almanac.turn()
        almanac.use_keys(SigningKeys(new_key))
        assert await almanac.later(61) == 1
        account = await state_of(almanac)
        assert account.connection.state == "active"
        assert not account.connection.last_error


async def test_two_workers_never_ask_one_account_at_the_same_time(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        await almanac.google_for(shop.north)
        for hours in (1, 3, 5, 7):
            await shop.booked(hours)
        await shop.settle()
        assert sorted(await asyncio.gather(*(almanac.turn() for _ in range(5)))) == [0, 0, 0, 0, 1]
        assert [start for start, _, _ in almanac.written()] == [1, 3, 5, 7]
        inserted = almanac.twin.world.journal.requests(after=0, limit=100)
        assert sum(entry.operation == "google.events.insert" for entry in inserted) == 4


async def test_a_worker_that_was_given_up_for_dead_writes_nothing_any_more(database_url: str) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        await almanac.google_for(shop.north)
        strike(almanac, FaultKind.SLOW, "google.events.list", seconds=1.0)
        slow = asyncio.create_task(almanac.turn())
        asked = almanac.twin.world.wait_until(
            lambda: any(one.operation == "google.events.list" for one in almanac.twin.world.journal.requests(limit=9)),
            5.0,
        )
        almanac.twin.world.start(_look_until(almanac, slow))
        assert await asked
        shop.clock.ahead += timedelta(seconds=181)
        almanac.use_keys(SigningKeys(KEY))
        assert await almanac.turn() == 1
        read_at = (await state_of(almanac)).calendars[0].synced_at
        await slow
        assert (await state_of(almanac)).calendars[0].synced_at == read_at
        assert not (await state_of(almanac)).connection.last_error


async def _look_until(almanac: Almanac, slow: asyncio.Task[int]) -> None:
    """Let whoever waits at the twin look again now and then: a request that is answered slowly changes nothing else."""
    while not slow.done():
        almanac.twin.world.changed()
        await almanac.twin.world.clock.sleep(0.01)
