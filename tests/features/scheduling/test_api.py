"""The API of bookings: what is offered, when, by whom; held, booked, moved, called off, and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx2
import pytest

from frontdesk.kernel.auth import Scope
from tests.support.house import BEN, OLIVE, House, open_house

NEW_YORK = ZoneInfo("America/New_York")
WEEKDAYS = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


@dataclass
class Desk:
    """Ada's API, and a service that Ben gives on weekdays from nine to five."""

    house: House
    api: httpx2.AsyncClient
    service: str
    ben: str

    def monday(self, hour: float) -> str:
        """Tell the next Monday but one at an hour in New York, as the API takes it."""
        today = self.house.parts.clock.now().astimezone(NEW_YORK)
        monday = today + timedelta(days=14 - today.weekday())
        start = monday.replace(hour=int(hour), minute=round(hour % 1 * 60), second=0, microsecond=0)
        return start.isoformat()

    async def book(self, hour: float, **more: str) -> httpx2.Response:
        """Book an hour of that Monday."""
        wanted = {"service_id": self.service, "starts_at": self.monday(hour), "phone_e164": "+12065550123", **more}
        return await self.api.post("/api/appointments", json=wanted)

    async def free(self, start: float, end: float) -> list[float]:
        """List the free hours of that Monday."""
        found = await self.api.get(
            "/api/availability",
            params={"service_id": self.service, "starts_from": self.monday(start), "starts_until": self.monday(end)},
        )
        assert found.status_code == 200, found.text
        starts = [datetime.fromisoformat(one["starts_at"]).astimezone(NEW_YORK) for one in found.json()]
        return [start.hour + start.minute / 60 for start in starts]


@pytest.fixture
async def desk(database_url: str, home: Path) -> AsyncIterator[Desk]:
    """Open the house and offer the service."""
    async with open_house(database_url, home) as house:
        api = await house.as_program(Scope.BOOKING_READ, Scope.BOOKING_WRITE, tenant_id=house.ada.id)
        ben = await api.post("/api/resources", json={"name": "Ben", "hours": WEEKDAYS})
        assert ben.status_code == 201, ben.text
        offer = {"name": "Repair", "duration_minutes": 60, "resource_ids": [ben.json()["id"]]}
        service = await api.post("/api/services", json=offer)
        assert service.status_code == 201, service.text
        yield Desk(house=house, api=api, service=service.json()["id"], ben=ben.json()["id"])


async def test_breaks_and_days_off_are_taken_off_the_hours(desk: Desk) -> None:
    assert await desk.free(8, 18) == [9 + quarter / 4 for quarter in range(29)]
    lunch = {day: [["12:00", "13:00"]] for day in WEEKDAYS}
    changed = await desk.api.patch(f"/api/resources/{desk.ben}", json={"breaks": lunch})
    assert changed.json()["breaks"] == lunch
    free = await desk.free(8, 18)
    assert 11 in free
    assert 13 in free
    assert not [hour for hour in free if 11 < hour < 13]
    day = desk.monday(9)[:10]
    off = {"exceptions": [{"first": day, "last": day, "name": "away", "open": []}]}
    assert (await desk.api.patch(f"/api/resources/{desk.ben}", json=off)).status_code == 200
    assert await desk.free(8, 18) == []
    wrong = await desk.api.patch(f"/api/resources/{desk.ben}", json={"breaks": {"mon": [["13:00", "13:00"]]}})
    assert wrong.status_code == 422
    assert wrong.json()["code"] == "tenants.hours_invalid"


async def test_a_hold_is_booked_by_its_id_and_a_released_one_is_not(desk: Desk) -> None:
    wanted = {"service_id": desk.service, "starts_at": desk.monday(10)}
    hold = await desk.api.post("/api/holds", json=wanted)
    assert hold.status_code == 201
    left = datetime.fromisoformat(hold.json()["expires_at"]) - desk.house.parts.clock.now()
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert (await desk.api.post("/api/holds", json=wanted)).status_code == 409
    body = {"hold_id": hold.json()["id"], "phone_e164": "+12065550123", "name": "Carol"}
    booked = await desk.api.post("/api/appointments", json=body)
    assert booked.status_code == 201
    again = await desk.api.post("/api/appointments", json=body)
    assert again.json()["id"] == booked.json()["id"]
    other = await desk.api.post("/api/holds", json={**wanted, "starts_at": desk.monday(12)})
    assert (await desk.api.delete(f"/api/holds/{other.json()['id']}")).status_code == 204
    assert (await desk.api.delete(f"/api/holds/{other.json()['id']}")).status_code == 404


async def test_an_appointment_is_moved_called_off_and_listed_by_its_start(desk: Desk) -> None:
    ids = {hour: (await desk.book(hour)).json()["id"] for hour in (15, 9, 11)}
    taken = await desk.api.patch(f"/api/appointments/{ids[9]}", json={"starts_at": desk.monday(11.5)})
    assert (taken.status_code, taken.json()["code"]) == (409, "scheduling.slot_taken")
    moved = await desk.api.patch(f"/api/appointments/{ids[9]}", json={"starts_at": desk.monday(13)})
    assert (moved.status_code, moved.json()["revision"]) == (200, 1)
    first = await desk.api.get("/api/appointments", params={"limit": 2})
    assert [one["id"] for one in first.json()] == [ids[11], ids[9]]
    following = await desk.api.get(first.links["next"]["url"])
    assert [one["id"] for one in following.json()] == [ids[15]]
    off = await desk.api.post(f"/api/appointments/{ids[11]}/cancel", json={"because": "the pipe is dry"})
    assert (off.json()["status"], off.json()["cancelled_because"]) == ("cancelled", "the pipe is dry")
    assert (await desk.api.post(f"/api/appointments/{ids[15]}/no-show")).json()["code"] == (
        "scheduling.appointment_not_begun"
    )
    only = await desk.api.get("/api/appointments", params={"status": "cancelled"})
    assert [one["id"] for one in only.json()] == [ids[11]]
    assert 11 in await desk.free(8, 18)


async def test_a_name_is_given_once_and_nothing_is_taken_away_by_null(desk: Desk) -> None:
    twice = await desk.api.post("/api/services", json={"name": "Repair", "duration_minutes": 30})
    assert (twice.status_code, twice.json()["code"]) == (409, "scheduling.name_taken")
    null = await desk.api.patch(f"/api/services/{desk.service}", json={"lead_minutes": None})
    assert null.status_code == 422
    own = await desk.api.patch(f"/api/resources/{desk.ben}", json={"hours": None, "zone": None})
    assert (own.json()["hours"], own.json()["zone"]) == (None, "America/New_York")
    nobody = await desk.api.patch(f"/api/services/{desk.service}", json={"resource_ids": []})
    assert nobody.json()["resource_ids"] == []
    refused = await desk.book(10)
    assert (refused.status_code, refused.json()["why"]) == (409, "not_offered")


async def test_somebody_who_waits_is_listed_and_may_leave(desk: Desk) -> None:
    contact = (await desk.book(10)).json()["contact_id"]
    wish = {"service_id": desk.service, "contact_id": contact, "wanted_from_at": desk.monday(9)}
    waiter = await desk.api.post("/api/waiting-list", json={**wish, "wanted_until": desk.monday(12)})
    assert waiter.status_code == 201
    upside_down = await desk.api.post("/api/waiting-list", json={**wish, "wanted_until": desk.monday(8)})
    assert upside_down.json()["code"] == "scheduling.wish_invalid"
    listed = await desk.api.get("/api/waiting-list", params={"status": "waiting"})
    assert [one["id"] for one in listed.json()["items"]] == [waiter.json()["id"]]
    assert (await desk.api.delete(f"/api/waiting-list/{waiter.json()['id']}")).status_code == 204
    assert (await desk.api.get("/api/waiting-list", params={"status": "waiting"})).json()["items"] == []


async def test_an_agent_books_and_an_auditor_only_looks(desk: Desk) -> None:
    ben, olive = await desk.house.as_person(BEN), await desk.house.as_person(OLIVE)
    wanted = {"service_id": desk.service, "starts_at": desk.monday(10), "phone_e164": "+12065550123"}
    assert (await olive.post("/api/appointments", json=wanted)).status_code == 403
    assert (await ben.post("/api/appointments", json=wanted)).status_code == 201
    assert len((await olive.get("/api/appointments")).json()) == 1


async def test_a_hundred_ask_for_one_time_at_once_and_one_has_it(desk: Desk) -> None:
    numbers = [f"+1206555{number:04d}" for number in range(100, 200)]
    answers = await asyncio.gather(*(desk.book(9, phone_e164=number) for number in numbers))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 99
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {one["code"] for one in refused} == {"scheduling.slot_taken"}
    assert all(len(one["other_slots"]) == 5 for one in refused)
    assert len({one["instance"] for one in refused}) == 99
    async with desk.house.parts.app.transaction(desk.house.ada.id) as tx:
        people = await tx.fetchval("select count(*) from contacts where tenant_id = $1", tx.tenant)
    assert people == 1  # who came too late has left nothing behind


async def test_a_repeated_key_gets_its_booking_again_though_the_time_is_taken_by_then(desk: Desk) -> None:
    wanted = {"service_id": desk.service, "starts_at": desk.monday(9), "phone_e164": "+12065550123"}
    key = {"Idempotency-Key": "one-wish"}
    first = await desk.api.post("/api/appointments", json=wanted, headers=key)
    assert first.status_code == 201, first.text
    again = await desk.api.post("/api/appointments", json=wanted, headers=key)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    other = await desk.api.post("/api/appointments", json=wanted, headers={"Idempotency-Key": "another-wish"})
    assert other.status_code == 409
