"""Bodies that no provider sends are refused early, cost no memory, and hold up nobody."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.office import call_form
from tests.support.processes import LiveOffice, live_office
from tests.support.program import Program

pytestmark = pytest.mark.slow

PATH = "/webhooks/twilio/voice/dial-action"
FORM = "application/x-www-form-urlencoded"
MEBIBYTE = 1024 * 1024
TAKEN_IN = "select count(*) from webhook_events"


@asynccontextmanager
async def _connected(web: Program) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    place = urlsplit(web.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def _head(web: Program, *headers: str) -> bytes:
    lines = (f"POST {PATH} HTTP/1.1", f"Host: {urlsplit(web.url).netloc}", f"Content-Type: {FORM}", *headers, "", "")
    return "\r\n".join(lines).encode()


async def _sent(web: Program, *pieces: bytes) -> int:
    """Send a request piece by piece until it is answered; returns the status, 0 if we were cut off while sending."""
    async with _connected(web) as (reader, writer):
        answer = asyncio.create_task(reader.readline())
        try:
            for piece in pieces:
                if answer.done():
                    break
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass  # refused before everything was said, which is the point
        async with asyncio.timeout(10):
            try:
                return int((await answer).split()[1])
            except ConnectionError:
                return 0


async def _oversized(web: Program) -> int:
    return await _sent(web, _head(web, f"Content-Length: {10 * MEBIBYTE}"), *([b"a" * 65_536] * 160))


async def _chunked(web: Program) -> int:
    chunk = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
    return await _sent(web, _head(web, "Transfer-Encoding: chunked"), *([chunk] * 160), b"0\r\n\r\n")


async def _bomb(web: Program) -> int:
    body = gzip.compress(b"a=1&" * (25 * MEBIBYTE))
    return await _sent(web, _head(web, "Content-Encoding: gzip", f"Content-Length: {len(body)}"), body)


async def _fields(web: Program) -> int:
    body = b"a=1&" * 100_000
    return await _sent(web, _head(web, f"Content-Length: {len(body)}"), body)


async def _short_fields(web: Program) -> int:
    body = b"a&" * 30_000
    return await _sent(web, _head(web, f"Content-Length: {len(body)}", "X-Twilio-Signature: x"), body)


async def _bad_utf8(web: Program) -> int:
    body = b"From=\xff\xfe&To=%ff%fe"
    return await _sent(web, _head(web, f"Content-Length: {len(body)}", "X-Twilio-Signature: x"), body)


async def _news(office: LiveOffice, number: int) -> None:
    form = call_form(f"CA{number:032}", f"+1206555{number:04}", DialCallStatus="no-answer")
    assert (await office.post("voice/dial-action", form))[0] == 200


async def _drop_by_drop(web: Program) -> int:
    """Send a body byte by byte until it is given up; returns the status."""
    async with _connected(web) as (reader, writer):
        writer.write(_head(web, "Content-Length: 60000", "X-Twilio-Signature: x"))
        answer = asyncio.create_task(reader.readline())
        while not answer.done():
            writer.write(b"a")
            await asyncio.wait({answer}, timeout=0.2)
        return int((await answer).split()[1])


async def test_monstrous_bodies_are_refused_early_without_memory_and_without_holding_up_others(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        [web] = await office.start(workers=0)
        await asyncio.gather(*(_news(office, number) for number in range(100, 140)))
        before = web.memory()
        drops = asyncio.create_task(_drop_by_drop(web))
        kinds = (_oversized, _chunked, _bomb, _fields, _short_fields, _bad_utf8)
        allowed = ({0, 413}, {413}, {415}, {413}, {403, 413}, {400, 403})
        for round_number in range(4):
            news = asyncio.gather(*(_news(office, 200 + 10 * round_number + number) for number in range(10)))
            answers = await asyncio.gather(*(kind(web) for kind in kinds for _ in range(3)))
            await news
            for index, answer in enumerate(answers):
                assert answer in allowed[index // 3], f"{kinds[index // 3].__name__}: {answer}"
        assert await drops == 408
        assert web.memory() - before < 32 * MEBIBYTE
        assert await office.count(TAKEN_IN) == 80
