"""A fresh proof before texts go on or numbers change: asked of people at a browser, by page and by JSON, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi.routing import APIRoute

from frontdesk.features.delivery.service import switching
from frontdesk.kernel.auth import Scope
from frontdesk.operations import runbooks
from frontdesk.operations.runbooks import RunState
from frontdesk.operations.runbooks.engine import advance_open_runs
from frontdesk.web.access import ToBusiness, ToPlatform
from frontdesk.web.app import create_app
from tests.support.actors import TEST_ACTS
from tests.support.entry import pass_by, renew_csrf
from tests.support.house import ADA, ADMIN, BEN, PASSWORD, House, open_house
from tests.support.office import TravelClock

HTML = {"Accept": "text/html"}
GUARDED = {Scope.DELIVERY_RESUME, Scope.NUMBERS_WRITE}
MINUTE = 60


@pytest.fixture
def clock() -> TravelClock:
    return TravelClock()


@pytest.fixture
async def house(database_url: str, home: Path, clock: TravelClock) -> AsyncIterator[House]:
    async with open_house(database_url, home, clock=clock) as opened:
        yield opened


async def prove(client: httpx2.AsyncClient, *, after: str) -> None:
    """Confirm as a person does, and repeat the new session's token from then on."""
    proven = await client.post("/account/prove", data={"secret": PASSWORD, "next": after})
    assert (proven.status_code, proven.headers["location"]) == (303, after)
    renew_csrf(client, (await client.get("/account", headers=HTML)).text)


async def number_of(client: httpx2.AsyncClient) -> str:
    return str((await client.get("/api/sending-numbers")).json()["items"][0]["id"])


async def is_stopped(house: House) -> bool:
    async with house.parts.system.transaction(house.ada.id) as tx:
        proof = await switching.prove_stop(tx, scope=switching.Scope.TENANT, key=str(house.ada.id))
    return proof.paused_at is not None


async def test_every_way_to_let_texts_go_on_or_change_numbers_asks_for_a_proof(house: House) -> None:
    seen = 0
    for route in create_app(house.parts).routes:
        if not isinstance(route, APIRoute) or route.methods == {"GET"}:
            continue
        calls = [one.call for one in route.dependant.dependencies]
        for call in calls:
            if isinstance(call, ToBusiness | ToPlatform) and call.scope in GUARDED:
                assert call.proven, route.path
                seen += 1
            if isinstance(call, ToBusiness | ToPlatform) and call.scope is Scope.DELIVERY_PAUSE:
                assert not call.proven, f"{route.path} stops texts: that asks for nothing"
    assert seen >= 15


async def test_without_a_proof_texts_do_not_go_on_and_with_one_they_do_for_ten_minutes(
    house: House, clock: TravelClock
) -> None:
    ada = await house.as_person(ADA)
    resume = f"/api/tenants/{house.ada.id}/resume"
    pass_by(clock, 10 * MINUTE)
    assert (await ada.post(f"/api/tenants/{house.ada.id}/pause")).status_code == 200
    refused = await ada.post(resume)
    told = refused.json()
    assert (refused.status_code, told["code"], told["prove_at"]) == (403, "auth.prove_again", "/account/prove")
    assert await is_stopped(house)
    await prove(ada, after="/")
    pass_by(clock, 9 * MINUTE)
    assert (await ada.post(resume)).json()["paused"] is False
    assert (await ada.post(f"/api/tenants/{house.ada.id}/pause")).status_code == 200
    pass_by(clock, 2 * MINUTE)
    assert (await ada.post(resume)).status_code == 403


async def test_a_person_at_a_page_is_led_to_the_proof_and_back(house: House, clock: TravelClock) -> None:
    ada = await house.as_person(ADA)
    pages, page = f"/businesses/{house.ada.id}", f"/?business={house.ada.id}"
    pass_by(clock, 10 * MINUTE)
    assert (await ada.post(f"{pages}/pause", data={"reason": "x"}, headers=HTML)).status_code == 303
    seen = {**HTML, "Referer": f"{house.url}{page}"}
    led = await ada.post(f"{pages}/resume", headers=seen)
    there = f"/account/prove?next=%2F%3Fbusiness%3D{house.ada.id}"
    assert (led.status_code, led.headers["location"]) == (303, there)
    asked = (await ada.get(there, headers=HTML)).text
    assert "Nothing has been changed yet" in asked
    scripted = await ada.post(f"{pages}/resume", headers={"HX-Request": "true", "HX-Current-URL": f"{house.url}{page}"})
    assert scripted.headers["HX-Redirect"] == there
    assert await is_stopped(house)
    await prove(ada, after=page)
    assert (await ada.post(f"{pages}/resume", headers=seen)).headers["location"] == page
    assert not await is_stopped(house)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/sending-numbers", {"phone_e164": "+12065550188"}),
        ("PATCH", "/api/sending-numbers/{number}", {"burst": 2}),
        ("DELETE", "/api/sending-numbers/{number}", None),
    ],
)
async def test_numbers_are_added_changed_and_removed_by_proven_people_only(
    house: House, clock: TravelClock, method: str, path: str, body: dict[str, object] | None
) -> None:
    ada = await house.as_person(ADA)
    wanted = path.format(number=await number_of(ada))
    pass_by(clock, 10 * MINUTE)
    before = (await ada.get("/api/sending-numbers")).json()
    assert (await ada.request(method, wanted, json=body)).json()["code"] == "auth.prove_again"
    assert (await ada.get("/api/sending-numbers")).json() == before
    await prove(ada, after="/account")
    assert (await ada.request(method, wanted, json=body)).status_code in {200, 201, 204}


async def test_the_pages_of_numbers_ask_as_well(house: House, clock: TravelClock) -> None:
    ada = await house.as_person(ADA)
    number, pages = await number_of(ada), f"/businesses/{house.ada.id}/settings/numbers"
    pass_by(clock, 10 * MINUTE)
    for path in ("", f"/{number}", f"/{number}/warm-up", f"/{number}/retire", f"/{number}/take-back"):
        led = await ada.post(f"{pages}{path}", data={"phone": "+12065550188"}, headers=HTML)
        assert led.headers["location"].startswith("/account/prove?next="), path
    assert (
        (await ada.post(f"/businesses/{house.ada.id}/welcome/number", headers=HTML))
        .headers["location"]
        .startswith("/account/prove?next=")
    )


async def test_the_platforms_switches_are_let_go_of_by_proven_people_only(house: House, clock: TravelClock) -> None:
    admin = await house.as_person(ADMIN)
    pass_by(clock, 10 * MINUTE)
    stop = {"key": "emergency_stop", "value": True}
    assert (await admin.post("/api/config", json=stop)).json()["emergency_stop"] is True
    assert (await admin.post("/api/config", json=stop | {"value": False})).json()["code"] == "auth.prove_again"
    assert (await admin.post("/api/channels/sms/resume")).json()["code"] == "auth.prove_again"
    form = {"scope": "global", "key": "all"}
    led = await admin.post("/operations/switches/release", data=form, headers=HTML)
    assert led.headers["location"].startswith("/account/prove?next=")
    assert (await admin.get("/api/config")).json()["emergency_stop"] is True
    await prove(admin, after="/operations/switches")
    assert (await admin.post("/operations/switches/release", data=form)).status_code == 303
    assert (await admin.get("/api/config")).json()["emergency_stop"] is False


async def test_a_runbook_that_only_the_owner_may_approve_asks_for_a_proof(house: House, clock: TravelClock) -> None:
    admin = await house.as_person(ADMIN)
    async with house.parts.system.transaction() as tx:
        await switching.pause_sending(tx, scope=switching.Scope.GLOBAL, key="all", by=TEST_ACTS, reason="forgotten")
    pass_by(clock, 25 * 60 * MINUTE)
    admin = await house.as_person(ADMIN)
    started = await admin.post("/api/runbooks/kill-switch/runs", json={"reason": "forgotten"})
    run_id = started.json()["id"]

    async def awaits_approval() -> bool:
        await advance_open_runs(house.parts.system)
        async with house.parts.system.transaction() as tx:
            (run,) = await runbooks.list_runs(tx, slug="kill-switch", before=None, limit=1)
        return run.state is RunState.AWAITING_APPROVAL

    await house.eventually(awaits_approval)
    pass_by(clock, 10 * MINUTE)
    refused = await admin.post(f"/api/runbook-runs/{run_id}/approve", json={})
    assert refused.json()["code"] == "auth.prove_again"
    led = await admin.post(f"/operations/runs/{run_id}/approve", headers=HTML)
    assert led.headers["location"].startswith("/account/prove?next=")
    straight = {"reason": "again", "approve": True}
    assert (await admin.post("/api/runbooks/texts-not-going-out/runs", json=straight)).status_code == 403
    await prove(admin, after="/operations")
    assert (await admin.post(f"/api/runbook-runs/{run_id}/approve", json={})).status_code == 200


async def test_a_program_has_its_scope_and_nobody_is_asked_before_a_stop(house: House, clock: TravelClock) -> None:
    program = await house.as_program(Scope.DELIVERY_PAUSE, Scope.DELIVERY_RESUME, tenant_id=house.ada.id)
    ben = await house.as_person(BEN)
    pass_by(clock, 10 * MINUTE)
    assert (await ben.post(f"/api/tenants/{house.ada.id}/pause")).status_code == 200
    assert (await program.post(f"/api/tenants/{house.ada.id}/resume")).json()["paused"] is False
    refused = await ben.post(f"/api/tenants/{house.ada.id}/resume")
    assert refused.json()["code"] == "auth.scope_missing"
