"""The API is asked at a bounded speed: per token or person and per business, by cost, across all web processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest_asyncio
from fastapi.routing import APIRoute
from twilio.request_validator import RequestValidator

from frontdesk.kernel.allowances import KEPT_SECONDS, Allowance, Allowances, forget_allowances
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.db import Database, Role
from frontdesk.web.app import create_app
from frontdesk.web.limits import COSTS, cost_of
from tests.support.house import ADA, House, open_house
from tests.support.office import ADAS_NUMBER, TOKEN, TravelClock, call_form

AT_ONCE = 8
BURST = 100  # the least that the settings take
# So slow that nothing is refilled while a test runs.
SLOW = {"API_CALLER_UNITS_PER_MINUTE": "1", "API_BUSINESS_UNITS_PER_MINUTE": "1"}
BOUND = {**SLOW, "API_CALLER_BURST": str(BURST), "API_BUSINESS_BURST": str(BURST + 50)}


class StandingClock(TravelClock):
    """A clock that stands until a test moves it, with both its hands."""

    def __init__(self) -> None:
        super().__init__()
        self._began_at = super().now()

    def now(self) -> datetime:
        """Tell the time of the test's choice."""
        return self._began_at + self.ahead

    def monotonic(self) -> float:
        """Tell the seconds of the test's choice."""
        return self.ahead.total_seconds()


@pytest_asyncio.fixture
async def house(database_url: str, home: Path) -> AsyncIterator[House]:
    async with open_house(database_url, home, environ=BOUND) as opened:
        yield opened


async def ask(client: httpx2.AsyncClient, times: int) -> list[int]:
    """Ask so often, a few at a time: whoever waits too long behind the others is let through."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def once() -> int:
        async with turns:
            return (await client.get("/api/tasks")).status_code

    return await asyncio.gather(*(once() for _ in range(times)))


async def metric(house: House, line: str) -> float:
    rows = (await house.parts.metrics.render()).decode().splitlines()
    return sum(float(row.rpartition(" ")[2]) for row in rows if row.startswith(line))


async def test_a_token_that_asks_too_often_is_told_when_to_come_back(house: House) -> None:
    program = await house.as_program(Scope.MESSAGES_READ, tenant_id=house.ada.id)
    statuses = await ask(program, BURST + 10)
    assert statuses.count(200) == BURST
    assert statuses.count(429) == 10
    refused = await program.get("/api/tasks")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "api.too_fast"
    assert refused.json()["limit"] == "token"
    assert 0 < int(refused.headers["retry-after"]) == refused.json()["retry_after_seconds"] <= 60
    assert await metric(house, 'api_requests_refused_total{limit="token"}') == 11
    other = await house.as_program(Scope.MESSAGES_READ, tenant_id=house.ada.id)
    assert await ask(other, 5) == [200] * 5, "another token has an allowance of its own"


async def test_many_tokens_of_one_business_share_what_the_business_may(house: House) -> None:
    first = await house.as_program(Scope.MESSAGES_READ, tenant_id=house.ada.id)
    second = await house.as_program(Scope.MESSAGES_READ, tenant_id=house.ada.id)
    statuses = await ask(first, BURST) + await ask(second, BURST)
    assert statuses.count(200) == BURST + 50
    third = await house.as_program(Scope.MESSAGES_READ, tenant_id=house.ada.id)
    assert (await third.get("/api/tasks")).json()["limit"] == "business"
    mallory = await house.as_program(Scope.MESSAGES_READ, tenant_id=house.mallory.id)
    assert await ask(mallory, 5) == [200] * 5, "another business has an allowance of its own"
    platform = await house.as_program(Scope.MESSAGES_READ)
    platform.headers["X-Tenant-Id"] = str(house.ada.id)
    assert await ask(platform, 5) == [200] * 5, "whoever runs the platform is not held up by the business"


async def test_an_export_costs_what_a_hundred_questions_cost(house: House) -> None:
    program = await house.as_program(Scope.CONTACTS_EXPORT, Scope.MESSAGES_READ, tenant_id=house.ada.id)
    exported = await program.post("/api/contacts/export")
    assert exported.status_code == 200, exported.text
    assert (await program.post("/api/contacts/export")).status_code == 429
    assert (await program.get("/api/tasks")).status_code == 429


async def test_a_person_in_a_browser_is_counted_like_a_program(house: House) -> None:
    ada = await house.as_person(ADA)
    statuses = await ask(ada, BURST + 5)
    assert statuses.count(429) >= 5
    page = await ada.get(f"/businesses/{house.ada.id}/tasks", headers={"Accept": "text/html"})
    assert page.status_code == 429
    assert page.headers["content-type"].startswith("text/html")
    assert int(page.headers["retry-after"]) > 0


async def test_the_kill_switch_is_pulled_at_any_speed(house: House) -> None:
    program = await house.as_program(Scope.MESSAGES_READ, Scope.DELIVERY_PAUSE, tenant_id=house.ada.id)
    await ask(program, BURST + 1)
    assert (await program.get("/api/tasks")).status_code == 429
    for _ in range(3):
        paused = await program.post(f"/api/tenants/{house.ada.id}/pause", json={"reason": "too many"})
        assert paused.status_code == 200, paused.text


async def test_webhooks_of_carriers_are_never_limited(house: House) -> None:
    client = house.client()
    url = f"{house.url}/webhooks/twilio/voice"
    for number in range(BURST + 60):
        form = call_form(f"CA{number:032d}", "+12065550123", ADAS_NUMBER, CallStatus="ringing")
        signed = RequestValidator(TOKEN).compute_signature(url, form)
        answer = await client.post(url, data=form, headers={"X-Twilio-Signature": signed})
        assert answer.status_code == 200


async def test_who_is_refused_for_another_reason_is_counted_too(house: House) -> None:
    program = await house.as_program(Scope.CALLS_READ, tenant_id=house.ada.id)
    statuses = await ask(program, BURST + 5)
    assert statuses.count(403) == BURST
    assert statuses.count(429) == 5


async def test_without_the_row_of_the_limit_everybody_is_let_through(house: House, database_url: str) -> None:
    owner = await Database.open(database_url, role=Role.LOGIN, clock=house.parts.clock)
    async with owner.transaction() as tx:
        await tx.execute("drop table api_allowances")
    await owner.close()
    program = await house.as_program(Scope.MESSAGES_READ, tenant_id=house.ada.id)
    assert await ask(program, 3) == [200] * 3
    assert await metric(house, "api_requests_unmetered_total ") == 6


async def test_every_cost_is_of_an_operation_that_exists_and_no_burst_is_smaller(house: House) -> None:
    app = create_app(house.parts)
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    known = {(method, route.path) for route in routes for method in route.methods or ()}
    assert set(COSTS) <= known, set(COSTS) - known
    assert max(COSTS.values()) <= BURST
    exports = {(method, path) for method, path in known if "export" in path or path.endswith("imports")}
    assert [path for method, path in sorted(exports) if method == "POST" and cost_of(method, path) < 50] == []


async def test_processes_share_one_allowance_and_touch_its_row_about_once_a_second(database_url: str) -> None:
    clock = StandingClock()
    database = await Database.open(database_url, role=Role.SYSTEM, clock=clock)
    allowance = Allowance(per_second=10, burst=50)
    processes = [Allowances(database) for _ in range(3)]
    spent = [await one.spend("token:x", 1, allowance) for _ in range(40) for one in processes]
    assert spent.count(0.0) <= 50, "never more than the burst, however many processes ask"
    assert spent.count(0.0) >= 50 - 3 * 10, "a portion that another process holds is all that is missing"
    waits = [wait for wait in spent if wait]
    assert all(0 < wait <= 5 for wait in waits)
    clock.ahead += timedelta(seconds=10)
    assert [await one.spend("token:x", 10, allowance) for one in processes] == [0.0] * 3
    await database.close()


async def test_a_portion_that_nobody_used_is_not_spent_late(database_url: str) -> None:
    clock = StandingClock()
    database = await Database.open(database_url, role=Role.SYSTEM, clock=clock)
    allowance = Allowance(per_second=10, burst=20)
    mine, theirs = Allowances(database), Allowances(database)
    assert await mine.spend("token:x", 1, allowance) == 0.0
    assert await mine.spend("token:x", 1, allowance) == 0.0, "now it holds a second's portion"
    clock.ahead += timedelta(seconds=KEPT_SECONDS)
    spent = [await theirs.spend("token:x", 1, allowance) for _ in range(20)]
    assert spent == [0.0] * 20
    assert await mine.spend("token:x", 1, allowance) != 0.0, "what it held was refilled, and spent by another"
    await database.close()


async def test_what_costs_more_than_the_burst_is_let_through_when_the_allowance_is_full(database_url: str) -> None:
    clock = StandingClock()
    database = await Database.open(database_url, role=Role.SYSTEM, clock=clock)
    one = Allowances(database)
    assert await one.spend("token:x", 1000, Allowance(per_second=1, burst=10)) == 0.0
    wait = await one.spend("token:x", 1, Allowance(per_second=1, burst=10))
    assert wait == 1.0, "until one unit is there again"
    await database.close()


async def test_allowances_that_are_full_again_are_forgotten(database_url: str) -> None:
    clock = StandingClock()
    database = await Database.open(database_url, role=Role.SYSTEM, clock=clock)
    one = Allowances(database)
    for number in range(3):
        await one.spend(f"token:{number}", 1, Allowance(per_second=1, burst=10))
    async with database.transaction() as tx:
        assert await forget_allowances(tx, before=tx.now, limit=10) == 0
        assert await forget_allowances(tx, before=tx.now + timedelta(minutes=1), limit=2) == 2
    await database.close()
