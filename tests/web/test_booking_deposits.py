"""Deposits over HTTP: what is promised is shown before anybody pays, and staff may send the link."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from frontdesk.kernel.auth import Scope
from frontdesk.providers.twin import TwinConfig, TwinServer
from tests.journeys.test_booking_one_slot import offer_a_service
from tests.support.house import ADA, House, open_house
from tests.support.shop import settings_of_stripe

CAROL = "+12065550123"


@dataclass
class Desk:
    """Ada's API, and a service whose deposit is 25.00."""

    house: House
    api: httpx2.AsyncClient
    service: str
    free: list[str]

    async def hold(self) -> str:
        """Keep the first free time."""
        held = await self.api.post("/api/holds", json={"service_id": self.service, "starts_at": self.free[0]})
        assert held.status_code == 201, held.text
        return str(held.json()["id"])

    async def page(self) -> str:
        """Read the form of the first free time as a person who books."""
        answer = await self.house.client().get(f"/book/harbor/s/{self.service}/at", params={"at": self.free[0]})
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
async def desk(database_url: str, home: Path) -> AsyncIterator[Desk]:
    """Open the house with a payment company."""
    config = TwinConfig()
    async with TwinServer(config) as stripe:
        environ = settings_of_stripe(config, stripe.url)
        async with open_house(database_url, home, environ=environ) as house:
            api = await house.as_program(Scope.BOOKING_READ, Scope.BOOKING_WRITE, tenant_id=house.ada.id)
            service = str(await offer_a_service(api))
            changed = await api.patch(f"/api/services/{service}", json={"deposit_cents": 2500})
            assert changed.status_code == 200, changed.text
            free = await api.get("/api/availability", params={"service_id": service})
            yield Desk(house=house, api=api, service=service, free=[one["starts_at"] for one in free.json()])


async def test_what_becomes_of_the_deposit_is_shown_before_it_is_paid(desk: Desk) -> None:
    assert "The deposit is kept if you call the appointment off." in await desk.page()
    said = await desk.api.put("/api/booking-page", json={"open": True, "refund_hours": 24})
    assert (said.status_code, said.json()["refund_hours"]) == (200, 24)
    assert "goes back to you if you call off at least 24 hours before" in await desk.page()
    wrong = await desk.api.put("/api/booking-page", json={"open": True, "refund_hours": -1})
    assert wrong.status_code == 422


async def test_a_deposit_in_money_without_cents_is_refused_and_a_service_without_one_may_be_in_it(desk: Desk) -> None:
    service = f"/api/services/{desk.service}"
    refused = await desk.api.patch(service, json={"currency": "jpy"})
    assert (refused.status_code, refused.json()["code"]) == (422, "scheduling.currency")
    assert (await desk.api.get(service)).json()["currency"] == "usd"
    allowed = await desk.api.patch(service, json={"currency": "jpy", "deposit_cents": 0})
    assert allowed.status_code == 200


async def test_staff_ask_for_the_deposit_in_the_answer_or_by_text(desk: Desk) -> None:
    await desk.api.put("/api/booking-page", json={"open": True, "refund_hours": 48})
    hold = await desk.hold()
    asked = await desk.api.post(f"/api/holds/{hold}/deposit", json={"phone_e164": CAROL, "by_text": True})
    assert asked.status_code == 200, asked.text
    due = asked.json()
    assert (due["amount_cents"], due["currency"], due["refund_hours"], due["texted"]) == (2500, "usd", 48, True)
    again = await desk.api.post(f"/api/holds/{hold}/deposit", json={"phone_e164": CAROL, "by_text": True})
    assert again.json()["url"] == due["url"]
    await desk.house.settle()
    (text,) = [one.body for one in await desk.house.twin.messages() if one.to == CAROL]
    assert due["url"] in text
    assert "25.00 USD" in text
    assert "at least 48 hours before" in text


async def test_staff_book_in_the_calendar_against_a_deposit_that_is_asked_for_by_text(desk: Desk) -> None:
    ada = await desk.house.as_person(ADA)
    ada.headers["Accept"] = "text/html"
    agenda = f"/businesses/{desk.house.ada.id}/agenda"
    form = {"service_id": desk.service, "at": desk.free[0], "name": "Carol", "phone": CAROL, "deposit": "yes"}
    assert "Ask for the deposit of 25.00 USD first" in (await ada.post(f"{agenda}/new", data=form)).text
    noted = await ada.post(f"{agenda}/new", data={**form, "step": "book", "note": "Ring twice"})
    assert noted.status_code == 422
    assert "takes no note" in noted.text
    kept = await ada.post(f"{agenda}/new", data={**form, "step": "book"})
    assert kept.status_code == 303, kept.text
    seen = (await ada.get(kept.headers["location"])).text
    assert "The link to pay the deposit is on its way" in seen
    assert "It is booked as soon as its deposit is paid" in seen
    await desk.house.settle()
    (text,) = [one.body for one in await desk.house.twin.messages() if one.to == CAROL]
    assert "/pay/" in text
    assert "25.00" in text
    lost = await ada.post(f"{agenda}/new", data={**form, "step": "book", "phone": "+12065550177"})
    assert lost.status_code == 409


async def test_a_deposit_is_refused_where_none_is_taken_and_to_who_may_not_book(desk: Desk) -> None:
    hold = await desk.hold()
    nobody = await desk.api.post(f"/api/holds/{hold}/deposit", json={})
    assert nobody.status_code == 422
    reader = await desk.house.as_program(Scope.BOOKING_READ, tenant_id=desk.house.ada.id)
    assert (await reader.post(f"/api/holds/{hold}/deposit", json={"phone_e164": CAROL})).status_code == 403
    mallory = await desk.house.as_program(Scope.BOOKING_WRITE, tenant_id=desk.house.mallory.id)
    assert (await mallory.post(f"/api/holds/{hold}/deposit", json={"phone_e164": CAROL})).status_code == 404
    await desk.api.patch(f"/api/services/{desk.service}", json={"deposit_cents": 0})
    free = await desk.api.post(f"/api/holds/{hold}/deposit", json={"phone_e164": CAROL})
    assert (free.status_code, free.json()["code"]) == (409, "scheduling.no_deposit")


async def test_an_owner_sets_the_rule_in_the_console_and_customers_read_it(desk: Desk) -> None:
    ada = await desk.house.as_person(ADA)
    base = f"/businesses/{desk.house.ada.id}/settings/booking"
    shown = await ada.get(base)
    assert "Deposits when an appointment is called off" in shown.text, shown.text
    csrf = ada.headers["X-CSRF-Token"]
    saved = await ada.post(f"{base}/page", data={"csrf": csrf, "open": "yes", "refund": "48"})
    assert saved.status_code == 303, saved.text
    assert "at least 48 hours before" in await desk.page()
    assert '<option value="48" selected>' in (await ada.get(base)).text
