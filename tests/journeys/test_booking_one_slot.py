"""Two hundred people ask for one slot at once: one has it, and everybody else is told which others can be had."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx2

from frontdesk.features import scheduling
from frontdesk.kernel.auth import Scope
from tests.support.house import House, open_house

BOOKERS = 200


async def offer_a_service(client: httpx2.AsyncClient) -> UUID:
    """Let Ada's business offer an hour's work by one person, at any time of day."""
    resource = await client.post("/api/resources", json={"name": "Ben"})
    assert resource.status_code == 201, resource.text
    service = await client.post(
        "/api/services", json={"name": "Repair", "duration_minutes": 60, "resource_ids": [resource.json()["id"]]}
    )
    assert service.status_code == 201, service.text
    return UUID(service.json()["id"])


def tomorrow_at_ten(house: House) -> datetime:
    """Tell when it is ten in the morning tomorrow in New York."""
    local = house.parts.clock.now().astimezone(ZoneInfo("America/New_York")) + timedelta(days=1)
    return local.replace(hour=10, minute=0, second=0, microsecond=0)


async def test_of_two_hundred_who_ask_for_one_slot_one_has_it_and_the_rest_are_told_of_others(
    database_url: str, home: Path
) -> None:
    async with open_house(database_url, home) as house:
        client = await house.as_program(Scope.BOOKING_READ, Scope.BOOKING_WRITE, tenant_id=house.ada.id)
        service_id = await offer_a_service(client)
        starts_at = tomorrow_at_ten(house)

        async def ask(number: int) -> httpx2.Response:
            body = {
                "service_id": str(service_id),
                "starts_at": starts_at.isoformat(),
                "phone_e164": f"+1206555{number:04}",
            }
            headers = {"Idempotency-Key": f"booker {number}"}
            return await client.post("/api/appointments", json=body, headers=headers)

        answers = await asyncio.gather(*(ask(number) for number in range(BOOKERS)))
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: BOOKERS - 1}
        for answer in answers:
            if answer.status_code == 409:
                problem = answer.json()
                assert problem["code"] == "scheduling.slot_taken"
                assert problem["why"] == "taken"
                others = [datetime.fromisoformat(slot["starts_at"]) for slot in problem["other_slots"]]
                assert len(others) == 5
                assert all(abs(other - starts_at) >= timedelta(hours=1) for other in others)
        async with house.parts.app.transaction(house.ada.id) as tx:
            (booked,) = await scheduling.list_appointments(tx, scheduling.AppointmentFilter())
        assert booked.starts_at == starts_at
        metrics = await (await house.as_program(Scope.METRICS_READ)).get("/metrics")
        assert f"scheduling_book_conflict_total {BOOKERS - 1}.0" in metrics.text


async def test_a_repeated_request_with_its_key_books_once(database_url: str, home: Path) -> None:
    async with open_house(database_url, home) as house:
        client = await house.as_program(Scope.BOOKING_READ, Scope.BOOKING_WRITE, tenant_id=house.ada.id)
        body = {
            "service_id": str(await offer_a_service(client)),
            "starts_at": tomorrow_at_ten(house).isoformat(),
            "phone_e164": "+12065550123",
        }
        again = [
            await client.post("/api/appointments", json=body, headers={"Idempotency-Key": "mine"}) for _ in range(3)
        ]
        assert [answer.status_code for answer in again] == [201, 201, 201]
        assert len({answer.json()["id"] for answer in again}) == 1
