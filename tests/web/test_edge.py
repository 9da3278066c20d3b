"""What every answer has in common, whatever was asked."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx2
import pytest

from frontdesk.kernel.auth import Scope
from frontdesk.web.app import create_app
from frontdesk.web.static_files import load_static_files
from tests.support.house import ADA, House


async def test_every_answer_carries_the_security_headers(house: House) -> None:
    ada = await house.as_person(ADA)
    for path in ("/health", "/", "/login", "/api/calls", "/nothing/here", "/docs"):
        headers = (await ada.get(path)).headers
        policy = headers["content-security-policy"]
        for part in ("default-src 'self'", "script-src 'self'", "object-src 'none'", "frame-ancestors 'none'"):
            assert part in policy, path
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "strict-transport-security" not in headers
        assert "server" not in headers
        assert str(UUID(headers["x-correlation-id"])) == headers["x-correlation-id"]


async def test_an_error_is_a_problem_document_with_a_stable_code(house: House) -> None:
    correlation = str(uuid4())
    answer = await house.client().get("/api/nothing", headers={"X-Correlation-Id": correlation})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/docs/errors#web.not_found",
        "title": "Not Found",
        "status": 404,
        "code": "web.not_found",
        "detail": "Not Found",
        "instance": f"urn:uuid:{correlation}",
    }


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW"])
async def test_methods_that_nobody_needs_are_refused(house: House, method: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(house.url.rpartition(":")[2]))
    writer.write(f"{method} /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.split(b" ")[1] in {b"400", b"405"}


async def test_a_wrong_method_names_the_right_ones(house: House) -> None:
    answer = await house.client().delete("/health")
    assert answer.status_code == 405
    assert answer.json()["code"] == "web.method_not_allowed"
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("path", ["/.env", "/.git/config", "/static/.htaccess", "/api/.hidden/x"])
async def test_hidden_files_are_not_found(house: House, path: str) -> None:
    assert (await house.client().get(path)).status_code == 404


async def test_an_oversized_body_is_refused_by_its_declared_length(house: House) -> None:
    answer = await house.client().post("/api/auth/login", content=b"x" * 2_000_000)
    assert answer.status_code == 413
    assert answer.json()["code"] == "web.too_large"


async def test_an_oversized_body_is_refused_while_it_comes_in(house: House) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65_536

    for path, content_type in (
        ("/api/auth/login", "application/json"),
        ("/login", "application/x-www-form-urlencoded"),
        ("/webhooks/twilio/sms", "application/x-www-form-urlencoded"),
    ):
        answer = await house.client().post(path, content=endless(), headers={"Content-Type": content_type})
        assert answer.status_code == 413, path


async def test_a_compressed_body_is_not_unpacked(house: House) -> None:
    bomb = gzip.compress(b"{}" + b" " * 1_000_000)
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    answer = await house.client().post("/api/auth/login", content=bomb, headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"email": "\xff"}', b"[" * 5_000])
async def test_a_body_that_cannot_be_read_is_a_400_and_not_a_bug(house: House, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await house.client().post("/api/auth/login", content=body, headers=headers)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_every_fault_of_a_body_is_named_and_no_value_is_repeated(house: House) -> None:
    answer = await house.client().post("/api/auth/login", json={"password": 7, "admin": "sesame"})
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.json()["faults"]] == ["email", "password", "admin"]
    assert "sesame" not in answer.text


async def test_a_bug_is_answered_without_its_insides(house: House) -> None:
    app = create_app(house.parts)

    async def broken() -> None:
        raise ZeroDivisionError("the secret is 42")

    app.add_api_route("/broken", broken)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx2.AsyncClient(transport=transport, base_url="http://inside") as client:
        answer = await client.get("/broken")
    assert answer.status_code == 500
    assert answer.json()["code"] == "web.bug"
    assert "the secret" not in answer.text
    assert "content-security-policy" in answer.headers


async def test_people_get_a_page_where_programs_get_a_problem(house: House) -> None:
    ada = await house.as_person(ADA)
    page = await ada.get("/nothing", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "Back to the timeline" in page.text


async def test_the_whole_console_weighs_less_than_200_kib() -> None:
    loaded = load_static_files()
    assert sum(len(file.compressed) for file in loaded.files.values()) < 200 * 1024
    assert {"frontdesk.css", "frontdesk.js", "live.js", "icon.svg"} <= set(loaded.files)


async def test_static_files_are_kept_for_good_and_change_their_name_with_their_content(house: House) -> None:
    digest = load_static_files().digest
    answer = await house.client().get(f"/static/{digest}/frontdesk.css")
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    for path in (
        f"/static/{digest}/../app.py",
        "/static/000000000000/frontdesk.css",
        f"/static/{digest}/%2e%2e/app.py",
    ):
        assert (await house.client().get(path)).status_code == 404


async def test_the_documentation_needs_a_login_and_shows_every_operation(house: House) -> None:
    for path in ("/openapi.json", "/docs", "/docs/errors"):
        assert (await house.client().get(path)).status_code == 401
    program = await house.as_program(Scope.CALLS_READ)
    document = (await program.get("/openapi.json")).json()
    page = (await program.get("/docs")).text
    for path, operations in document["paths"].items():
        assert path in page
        assert all(operation["summary"] for operation in operations.values()), path
    errors = (await program.get("/docs/errors")).text
    for code in ("auth.csrf", "tenants.not_found", "conversations.no_conversation", "web.too_large"):
        assert f'id="{code}"' in errors
