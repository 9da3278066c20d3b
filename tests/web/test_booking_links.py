"""Links of bookings that were sent go on working when SECRET_KEY is exchanged."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from frontdesk.kernel.auth import Scope
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.keys import SigningKeys
from frontdesk.kernel.rings import Ring, add_ring_key, open_ring
from frontdesk.kernel.settings import load_settings
from frontdesk.operations.custody.rotating import finish_rotation, rotate_key
from frontdesk.wiring import assemble
from frontdesk.wiring.booking import APPOINTMENT, HOLD, RING, BookingLinks
from tests.journeys.test_booking_one_slot import offer_a_service
from tests.support.actors import TEST_ACTS
from tests.support.house import House, open_house


async def _book(house: House) -> str:
    """Book by API, and give the link that the person is sent, as a path."""
    desk = await house.as_program(Scope.BOOKING_READ, Scope.BOOKING_WRITE, tenant_id=house.ada.id)
    service = await offer_a_service(desk)
    free = (await desk.get("/api/availability", params={"service_id": str(service)})).json()
    wanted = {"service_id": str(service), "starts_at": free[0]["starts_at"], "phone_e164": "+12065550123"}
    booked = await desk.post("/api/appointments", json=wanted)
    assert booked.status_code == 201, booked.text
    await house.settle()
    (text,) = [one.body for one in await house.twin.messages() if one.to == "+12065550123"]
    link = next(word for word in text.split() if word.startswith(house.url))
    return link.removeprefix(house.url)


async def test_a_link_that_was_sent_outlives_the_exchange_of_the_key_and_its_end(database_url: str, home: Path) -> None:
    async with open_house(database_url, home) as house:
        path = await _book(house)
        reader = house.client()
        assert (await reader.get(path)).status_code == 200
        settings = load_settings({}, home)
        await rotate_key(house.parts.system, settings, by=TEST_ACTS)
        assert (await reader.get(path)).status_code == 200
        assert await finish_rotation(house.parts.system, settings, by=TEST_ACTS)
        assert (await reader.get(path)).status_code == 200
        assert (await reader.post(f"{path}/cancel")).status_code == 303
        async with AsyncExitStack() as stack:
            later = await assemble(
                stack,
                settings=load_settings({}, home),
                database_url=database_url,
                kind="web",
                public_base_url=house.url,
                home=home,
            )
            token = path.rpartition("/")[2]
            assert later.links.read(APPOINTMENT, token) is not None
            assert later.links.read(HOLD, token) is None


async def test_a_new_key_of_the_ring_signs_while_links_of_the_earlier_one_are_read(
    database_url: str, home: Path
) -> None:
    async with open_house(database_url, home) as house:
        signing = house.parts.settings.signing_keys()
        subject = new_id()
        earlier = house.parts.links.token(APPOINTMENT, subject)
        async with house.parts.system.transaction() as tx:
            assert await add_ring_key(tx, signing, ring=RING) == 2
            ring = await open_ring(tx, signing, ring=RING)
        links = BookingLinks(ring, signing, base_url=house.url)
        assert len(ring.keys) == 2
        assert links.token(APPOINTMENT, subject) != earlier
        assert links.read(APPOINTMENT, earlier) == subject
        assert links.read(APPOINTMENT, earlier[:-2] + ("AA" if earlier[-2:] != "AA" else "BB")) is None


async def test_links_signed_with_the_installations_key_itself_are_still_read() -> None:
    house_keys = SigningKeys("the key of the installation")
    subject = new_id()
    old = BookingLinks(Ring(keys=(house_keys.current(),)), house_keys, base_url="https://x.test")
    new = BookingLinks(Ring(keys=("another key",)), house_keys, base_url="https://x.test")
    assert new.read(APPOINTMENT, old.token(APPOINTMENT, subject)) == subject
    stranger = BookingLinks(Ring(keys=("a stranger's",)), SigningKeys("a stranger's"), base_url="https://x.test")
    assert new.read(APPOINTMENT, stranger.token(APPOINTMENT, subject)) is None


async def test_processes_that_begin_at_once_make_one_key_between_them(database_url: str, home: Path) -> None:
    signing = load_settings({}, home).signing_keys()
    system = await Database.open(database_url, role=Role.SYSTEM, clock=DatabaseClock(), max_size=8)
    try:
        rings = await asyncio.gather(*(system.perform(lambda tx: open_ring(tx, signing, ring=RING)) for _ in range(8)))
    finally:
        await system.close()
    assert len({ring.keys for ring in rings}) == 1
