"""A booking stands in a real CalDAV server, and what stands there blocks times here."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime

import aiohttp
import pytest

from frontdesk.features.scheduling.service import calendars as service
from frontdesk.kernel.errors import Refused
from tests.features.scheduling.calendar_stage import Almanac, open_almanac
from tests.providers.calendars.radicale import Radicale, running_radicale
from tests.support.actors import TEST_ACTS


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    with running_radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


async def ask(radicale: Radicale, method: str, path: str, body: str = "") -> str:
    """Use the server as somebody else's program does."""
    secret = b64encode(f"{radicale.username}:{radicale.password}".encode()).decode()
    headers = {"Authorization": f"Basic {secret}", "Content-Type": "text/calendar; charset=utf-8"}
    async with (
        aiohttp.ClientSession(radicale.url, headers=headers) as person,
        person.request(method, path, data=body.encode()) as answer,
    ):
        assert answer.ok, f"{method} {path}: {answer.status}"
        return await answer.text()


async def connect(almanac: Almanac, radicale: Radicale, name: str) -> None:
    """Make a calendar at the server and use it for the shop's resource."""
    await ask(radicale, "MKCALENDAR", f"/ada/{name}/")
    await almanac.desk.connect_server(
        almanac.shop.ada.id,
        server_url=radicale.url,
        username=radicale.username,
        password=radicale.password,
        by=TEST_ACTS,
    )
    (calendar,) = [one for one in await almanac.calendars() if one.provider_calendar_id.endswith(f"/{name}/")]
    await almanac.use(calendar, almanac.shop.north)


def written(text: str) -> list[tuple[str, datetime]]:
    """Read titles and starts out of a calendar file."""
    found = []
    for block in text.split("BEGIN:VEVENT")[1:]:
        lines = dict(line.split(":", 1) for line in block.splitlines() if ":" in line)
        found.append((lines["SUMMARY"], datetime.strptime(lines["DTSTART"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)))
    return sorted(found)


async def test_a_booking_stands_in_a_real_calendar_moves_with_it_and_goes_with_it(
    database_url: str, radicale: Radicale
) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        await connect(almanac, radicale, "one")
        mine = await shop.booked(2)
        await shop.settle()
        await almanac.turn()
        assert written(await ask(radicale, "GET", "/ada/one/")) == [("Repair: Carol", shop.at(2))]
        await shop.move(mine.id, 5)
        await shop.settle()
        await almanac.turn()
        assert written(await ask(radicale, "GET", "/ada/one/")) == [("Repair: Carol", shop.at(5))]
        await shop.cancel(mine.id)
        await shop.settle()
        await almanac.turn()
        assert written(await ask(radicale, "GET", "/ada/one/")) == []


async def test_an_event_that_repeats_there_blocks_each_of_its_times_and_comes_over_a_booking(
    database_url: str, radicale: Radicale
) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        await connect(almanac, radicale, "two")
        await shop.booked(26)
        await almanac.turn()
        daily = "\r\n".join(
            (
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Somebody//EN", "BEGIN:VEVENT", "UID:lunch",
                "DTSTAMP:20260101T000000Z", f"DTSTART:{shop.at(2):%Y%m%dT%H%M%SZ}", "DURATION:PT1H",
                "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:Lunch", "END:VEVENT", "END:VCALENDAR", "",
            )
        )  # fmt: skip
        await ask(radicale, "PUT", "/ada/two/lunch.ics", daily)
        await almanac.later(61)
        await shop.settle()
        assert len(shop.notebook.about("collided")) == 1
        free = await shop.slots(0, 60)
        assert not {2, 50} & set(free)
        assert {3, 51} <= set(free)


async def test_a_password_that_was_changed_is_told_and_a_new_one_heals_it(
    database_url: str, radicale: Radicale
) -> None:
    async with open_almanac(database_url) as almanac:
        shop = almanac.shop
        await connect(almanac, radicale, "three")
        await almanac.turn()
        people = radicale.folder / "people"
        people.write_text("ada:new one\n")
        try:
            await almanac.later(61)
            async with shop.app.transaction(shop.ada.id) as tx:
                (account,) = await service.list_accounts(tx)
            assert account.connection.state == "revoked"
            with pytest.raises(Refused, match="does not let us in"):
                await connect_with(almanac, radicale, "wrong")
            await connect_with(almanac, radicale, "new one")
            assert await almanac.turn() == 1
            async with shop.app.transaction(shop.ada.id) as tx:
                (account,) = await service.list_accounts(tx)
            assert account.connection.state != "revoked"
        finally:
            people.write_text(f"ada:{radicale.password}\n")


async def connect_with(almanac: Almanac, radicale: Radicale, password: str) -> None:
    """Connect again with another password."""
    await almanac.desk.connect_server(
        almanac.shop.ada.id, server_url=radicale.url, username="ada", password=password, by=TEST_ACTS
    )
