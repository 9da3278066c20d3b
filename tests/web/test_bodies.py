"""Bodies that come too slowly or not at all, on every address that takes any."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from starlette.routing import Route

from frontdesk.kernel.auth import Scope
from frontdesk.web.app import create_app
from frontdesk.web.webhooks import webhook_routes
from tests.support.house import House, open_house

WRITING = {"POST", "PUT", "PATCH", "DELETE"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
async def impatient(database_url: str, home: Path) -> AsyncIterator[House]:
    """Open a house that gives a body one second."""
    async with open_house(database_url, home, environ={"MAX_BODY_SECONDS": "1"}) as house:
        yield house


def addresses(house: House) -> list[tuple[str, str]]:
    """List every method and address that changes something, and one that does not exist."""
    found = [("POST", "/nothing/here")]
    for route in create_app(house.parts).routes:
        if isinstance(route, Route):
            path = re.sub(r"\{[^}]+\}", str(UUID(int=1)), route.path)
            found.extend((method, path) for method in sorted(WRITING & (route.methods or set())))
    return found


async def start(house: House, head: str, body: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send a head and what there is of a body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(house.url.rpartition(":")[2]))
    writer.write(f"{head}\r\nHost: x\r\n".encode() + body)
    await writer.drain()
    return reader, writer


async def answer_to_half_a_body(house: House, method: str, path: str, more: str) -> bytes:
    """Send three bytes of a hundred, and read until the other side closes the connection.

    Webhooks have a door of their own, which leaves a refused one's connection to the keep-alive limit.
    """
    head = f"{method} {path} HTTP/1.1"
    content_type = "application/json" if path.startswith("/api") else FORM
    rest = f"Content-Type: {content_type}\r\nContent-Length: 100\r\n{more}\r\n".encode() + b"a=1"
    reader, writer = await start(house, head, rest)
    try:
        doors = {route.path for route in webhook_routes(house.parts) if isinstance(route, Route)}
        return await (reader.readuntil(b"\r\n\r\n") if path in doors else reader.read())
    finally:
        writer.close()


@pytest.mark.parametrize("known", [False, True])
async def test_no_address_waits_for_a_body_that_does_not_come(impatient: House, known: bool) -> None:  # noqa: FBT001 - a case
    program = await impatient.as_program(*Scope)
    more = f"Authorization: {program.headers['authorization']}\r\n" if known else ""
    asked = addresses(impatient)
    assert len(asked) > 20
    answers = await asyncio.gather(*(answer_to_half_a_body(impatient, *one, more) for one in asked))
    statuses = {one: int(answer.split(b" ", 2)[1]) for one, answer in zip(asked, answers, strict=True)}
    assert statuses["POST", "/api/auth/login"] == 408
    assert statuses["POST", "/login"] == 408
    assert statuses["POST", "/webhooks/twilio/sms"] == 408
    # What needs no body is done without it.
    assert {status for status in statuses.values() if status < 400} <= {204, 303}, statuses
    assert 500 not in statuses.values(), statuses


async def test_a_slow_body_is_told_why(impatient: House) -> None:
    answer = await answer_to_half_a_body(impatient, "POST", "/api/auth/login", "")
    assert b'"code":"web.too_slow"' in answer.replace(b'": "', b'":"')
    assert b"within 1 seconds" in answer


async def test_a_trickle_is_cut_off_even_where_nobody_reads_it(impatient: House) -> None:
    reader, writer = await start(
        impatient, "POST /nothing/here HTTP/1.1", b"Transfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n"
    )

    async def trickle() -> None:
        while not writer.is_closing():
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    trickling = asyncio.create_task(trickle())
    try:
        answer = await reader.readuntil(b"\r\n\r\n")
        assert b" 404 " in answer
        assert b"connection: close" in answer.lower()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(1 << 20)
    finally:
        trickling.cancel()
        await asyncio.gather(trickling, return_exceptions=True)
        writer.close()


async def test_a_body_that_nobody_reads_keeps_the_connection_if_it_is_there(house: House) -> None:
    reader, writer = await start(
        house, "POST /nothing/here HTTP/1.1", b"Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc"
    )
    for _ in range(3):
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 404 " in head
        assert b"connection: close" not in head.lower()
        length = re.search(rb"content-length: (\d+)", head)
        assert length is not None
        await reader.readexactly(int(length[1]))
        writer.write(b"POST /nothing/here HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
    writer.close()


async def test_a_body_in_pieces_that_comes_in_time_is_taken(house: House) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"email": "ada@', b'example.com", "pass', b'word": "wrong"}'):
            yield piece
            await asyncio.sleep(0)

    answer = await house.client().post(
        "/api/auth/login", content=pieces(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 401
