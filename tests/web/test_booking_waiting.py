"""The waiting list on the public booking page: who joins, what they agreed to, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx2
import pytest

from frontdesk.features import contacts, scheduling
from frontdesk.kernel.auth import Scope
from tests.journeys.test_booking_one_slot import offer_a_service
from tests.support.house import House

CAROL = "+12065550123"


@dataclass
class Stranger:
    """Somebody at the form of the waiting list."""

    house: House
    client: httpx2.AsyncClient
    path: str

    def day(self, ahead: int) -> str:
        """Name a day on the business's clock."""
        now = self.house.parts.clock.now().astimezone(ZoneInfo("America/New_York"))
        return (now.date() + timedelta(days=ahead)).isoformat()

    async def join(self, **changes: str) -> httpx2.Response:
        """Send the form."""
        form = {"name": "Carol", "phone": "206 555 0123", "first": self.day(0), "last": self.day(7), **changes}
        return await self.client.post(self.path, data=form)

    async def waiters(self) -> list[scheduling.Waiter]:
        """List who waits."""
        async with self.house.parts.app.transaction(self.house.ada.id) as tx:
            return await scheduling.list_waiters(tx)


@pytest.fixture
async def stranger(house: House) -> Stranger:
    """Let Ada's business offer a service."""
    desk = await house.as_program(Scope.BOOKING_READ, Scope.BOOKING_WRITE, tenant_id=house.ada.id)
    service = await offer_a_service(desk)
    client = house.client()
    client.headers["Accept"] = "text/html"
    return Stranger(house, client, f"/book/harbor/s/{service}/wait")


async def test_whoever_finds_no_time_joins_once_and_what_they_agreed_to_is_on_record(stranger: Stranger) -> None:
    times = await stranger.client.get(stranger.path.removesuffix("/wait"))
    assert f'href="{stranger.path}"' in times.text
    form = (await stranger.client.get(stranger.path)).text
    assert "By joining you agree to get texts from Harbor Plumbing about a time that comes free" in form
    assert (await stranger.join()).status_code == 303
    joined = await stranger.join()
    assert joined.status_code == 303, joined.text
    assert "You are on the list" in (await stranger.client.get(joined.headers["location"])).text
    (waiter,) = await stranger.waiters()
    assert waiter.wanted_until - waiter.wanted_from_at > timedelta(days=7)
    async with stranger.house.parts.app.transaction(stranger.house.ada.id) as tx:
        known = await contacts.find_contact_by_phone(tx, phone_e164=CAROL)
        shown = await tx.fetchval("select text_shown from opt_ins where tenant_id = $1 limit 1", tx.tenant)
    assert known is not None
    assert waiter.contact_id == known.id
    assert str(shown).startswith("By joining you agree")


async def test_what_is_wrong_is_named_beside_its_field_and_nobody_is_put_on_the_list(stranger: Stranger) -> None:
    for changes in (
        {"phone": "12"},
        {"name": ""},
        {"last": stranger.day(-1)},
        {"first": stranger.day(-2)},
        {"first": "<b>", "last": "2026-13-99"},
        {"first": "9999-12-31", "last": "9999-12-31"},
    ):
        refused = await stranger.join(**changes)
        assert refused.status_code == 422, changes
        assert "Please look at this again" in refused.text
        assert "<b>" not in refused.text
    assert await stranger.waiters() == []


async def test_a_program_and_a_service_that_strangers_do_not_see_put_nobody_on_the_list(stranger: Stranger) -> None:
    assert (await stranger.join(website="x")).status_code == 303
    nowhere = stranger.path.replace(stranger.path.split("/")[-2], "01890000-0000-7000-8000-000000000000")
    assert (await stranger.client.get(nowhere)).status_code == 404
    assert (await stranger.client.post(nowhere, data={"name": "Carol", "phone": CAROL})).status_code == 404
    assert await stranger.waiters() == []


async def test_one_number_joins_only_so_often(stranger: Stranger) -> None:
    answers = [(await stranger.join()).status_code for _ in range(6)]
    assert answers == [303] * 5 + [429]
