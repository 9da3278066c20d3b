"""Routes are worked out when somebody first asks for them, whole and by one of those who ask at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute

from frontdesk.routing import Routes

ASKING = 8


def greeting() -> str:
    return "hello"


@pytest.fixture
def quick_turns() -> Iterator[None]:
    """Let threads take turns in the midst of anything."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def routes() -> APIRouter:
    return make_routes()


def make_routes() -> APIRouter:
    made = Routes(prefix="/api", tags=["greetings"])

    @made.post("/greet/{name}", status_code=201, summary="Greet")
    async def greet(name: str, words: Annotated[str, Depends(greeting)]) -> dict[str, str]:
        return {"said": f"{words} {name}"}

    return made


def make_route() -> APIRoute:
    return only(make_routes())


def only(routes: APIRouter) -> APIRoute:
    route = routes.routes[0]
    assert isinstance(route, APIRoute)
    return route


def test_a_route_knows_its_address_at_once_and_the_rest_when_asked(routes: APIRouter) -> None:
    route = only(routes)
    assert (route.path, route.methods, route.name) == ("/api/greet/{name}", {"POST"}, "greet")
    assert "dependant" not in vars(route)
    assert [one.name for one in route.dependant.path_params] == ["name"]
    assert (route.status_code, route.summary, route.tags) == (201, "Greet", ["greetings"])
    assert "dependant" in vars(route)
    with pytest.raises(AttributeError):
        _ = route.nothing_of_the_kind  # type: ignore[attr-defined]  # that is what is asked


async def test_it_answers_as_any_other_route(routes: APIRouter) -> None:
    app = FastAPI()
    app.router.routes.extend(routes.routes)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://desk.example") as client:
        for _ in range(2):
            answer = await client.post("/api/greet/carol")
            assert (answer.status_code, answer.json()) == (201, {"said": "hello carol"})
        assert (await client.get("/api/greet/carol")).status_code == 405
    assert "/api/greet/{name}" in app.openapi()["paths"]


def test_those_who_ask_at_once_all_get_the_whole_route(quick_turns: None) -> None:  # noqa: ARG001 - for its effect
    with ThreadPoolExecutor(ASKING) as threads:
        for _ in range(50):
            route, together = make_route(), Barrier(ASKING)

            def ask(route: APIRoute = route, together: Barrier = together) -> object:
                together.wait(timeout=10)
                return route.app

            found = list(threads.map(lambda asking: asking(), [ask] * ASKING))
            assert all(one is route.app for one in found)
