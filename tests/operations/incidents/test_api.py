"""Incidents over HTTP: for whoever runs the platform, and for nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from frontdesk.kernel.auth import Scope
from frontdesk.operations.incidents import routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.app import create_app
from tests.support.house import ADA, House, open_house


@pytest.fixture
async def house(database_url: str, home: Path) -> AsyncIterator[House]:
    """Open the house for one test."""
    async with open_house(database_url, home) as opened:
        yield opened


@pytest.fixture
async def desk(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    """Lend a client of the application with the routes of incidents, as a program that may read and write."""
    app = create_app(house.parts)
    app.router.routes.extend(routes.router(FrontDoor(house.parts)).routes)
    program = await house.as_program(Scope.OPERATIONS_READ, Scope.OPERATIONS_WRITE)
    transport = httpx2.ASGITransport(app=app, client=("127.0.0.1", 1))
    async with httpx2.AsyncClient(
        transport=transport, base_url=house.url, headers={"Authorization": program.headers["Authorization"]}
    ) as client:
        yield client


async def test_an_incident_is_worked_on_over_http(desk: httpx2.AsyncClient) -> None:
    opened = await desk.post("/api/incidents", json={"title": "Texts are late", "grade": "P1"})
    assert opened.status_code == 201, opened.text
    path = f"/api/incidents/{opened.json()['number']}"
    taken = await desk.post(f"{path}/ack")
    assert (taken.json()["state"], taken.json()["acknowledged_by"]) == ("acknowledged", "token:a program")
    assert (await desk.post(f"{path}/notes", json={"words": "looking"})).status_code == 201
    status = await desk.post(f"{path}/status", json={"words": "Texts wait", "grade": "P2"})
    assert status.json()["grade"] == "P2"
    action = await desk.post(
        f"{path}/actions", json={"words": "an alert", "owner": "Ben", "due_at": "2030-01-01T00:00:00Z"}
    )
    [added] = action.json()["items"]
    done = await desk.post(f"{path}/actions/{added['id']}/done")
    assert done.json()["items"][0]["done_by"] == "token:a program"
    assert (await desk.post(f"{path}/resolve", json={"words": "it works"})).json()["state"] == "resolved"
    written = await desk.put(f"{path}/postmortem", json={"summary": "Late", "root_cause": "A lock"})
    assert written.json()["summary"] == "Late"
    assert (await desk.post(f"{path}/postmortem/publish")).json()["published_at"] is not None
    whole = (await desk.get(path)).json()
    assert [one["source"] for one in whole["timeline"] if one["source"] in {"note", "status"}] == ["note", "status"]
    assert whole["impact"]["texts"] == 0
    page = await desk.get(f"{path}/postmortem")
    assert page.headers["content-type"].startswith("text/markdown")
    assert "## Root Cause\n\nA lock" in page.text


async def test_lists_go_on_where_the_page_before_ended(desk: httpx2.AsyncClient) -> None:
    for name in ("first", "second", "third"):
        await desk.post("/api/incidents", json={"title": name})
    page = (await desk.get("/api/incidents", params={"limit": 2})).json()
    assert [one["title"] for one in page["items"]] == ["third", "second"]
    rest = (await desk.get("/api/incidents", params={"limit": 2, "before": page["next"]})).json()
    assert ([one["title"] for one in rest["items"]], rest["next"]) == (["first"], None)


async def test_the_rota_is_kept_over_http(desk: httpx2.AsyncClient) -> None:
    assert (await desk.put("/api/on-call/people/Ben", json={"addresses": ["ben@example.com"]})).status_code == 200
    kept = await desk.put("/api/on-call/rotas/1", json={"people": ["Ben"], "zone": "America/Phoenix"})
    assert [one["name"] for one in kept.json()["items"]] == ["Ben"]
    assert (await desk.put("/api/on-call/people/Ada", json={"addresses": ["ada@example.com"]})).status_code == 200
    instead = await desk.post("/api/on-call/overrides", json={"person": "Ada", "lasts_until": "2020-01-01T00:00:00Z"})
    assert instead.json()["code"] == "oncall.bad_override"
    assert [one["name"] for one in (await desk.get("/api/on-call")).json()["items"]] == ["Ben"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/incidents", {"title": "x", "grade": "P4"}),
        ("POST", "/api/incidents", {"title": "x", "level": 3}),
        ("GET", "/api/incidents/0", None),
        ("GET", "/api/incidents?limit=1000", None),
        ("PUT", "/api/on-call/rotas/9", {"people": ["Ben"]}),
    ],
)
async def test_what_makes_no_sense_is_refused(
    desk: httpx2.AsyncClient, method: str, path: str, body: dict[str, object] | None
) -> None:
    assert (await desk.request(method, path, json=body)).status_code == 422


async def test_a_business_sees_nothing_of_it_and_reading_is_not_writing(desk: httpx2.AsyncClient, house: House) -> None:
    assert (await desk.get("/api/incidents/4711")).json()["code"] == "incidents.unknown"
    reader = await house.as_program(Scope.OPERATIONS_READ)
    only_reads = {"Authorization": reader.headers["Authorization"]}
    assert (await desk.get("/api/incidents", headers=only_reads)).status_code == 200
    refused = await desk.post("/api/incidents", json={"title": "x"}, headers=only_reads)
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.scope_missing")
    nobody = await desk.get("/api/incidents", headers={"Authorization": "Bearer nothing"})
    assert nobody.status_code == 401
    ada = await house.as_person(ADA)
    del desk.headers["Authorization"]
    session = await desk.get("/api/incidents", headers={"Cookie": cookies(ada)})
    assert (session.status_code, session.json()["code"]) == (403, "auth.scope_missing")


def cookies(client: httpx2.AsyncClient) -> str:
    """Write a client's cookies as it sends them."""
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
