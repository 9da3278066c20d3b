"""One try: what counts as told, what does not, and how little of an answer is read."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trustme

from frontdesk.ports.hooks import HookOutcome, HookReply
from frontdesk.providers.hooks import HookClient
from frontdesk.providers.hooks.exchange import MAX_REPLY_BYTES, Exchange

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[str]:
    """Listen on loopback and give the address."""

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except ConnectionError:
            return
        finally:
            writer.close()

    listening = await asyncio.start_server(welcome, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/in"


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Read one request with its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    return head + await reader.readexactly(length)


def answering(*pieces: bytes) -> Serve:
    """Answer any request with these bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return serve


async def post_to(url: str, *, deadline_seconds: float = 15, body: bytes = b'{"a":1}') -> HookReply:
    """Post as a herald does."""
    client = HookClient(allow_loopback=True, deadline_seconds=deadline_seconds)
    try:
        return await client.post(url=url, headers={"webhook-id": "msg_1"}, body=body)
    finally:
        client.close()


@pytest.mark.parametrize(
    ("answer", "outcome", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "delivered", 200),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "delivered", 204),
        (b"HTTP/1.1 202 Accepted\r\n\r\n", "delivered", 202),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "delivered", 200),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "redirected", 301),
        (b"HTTP/1.1 307 Moved\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", "redirected", 307),
        (b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", "refused", 400),
        (b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", "refused", 410),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "refused", 503),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "not_http", None),
        (b"", "not_http", None),
        (b"HTTP/1.1 200", "not_http", None),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "not_http", None),
    ],
)
async def test_only_a_2xx_counts_as_told(answer: bytes, outcome: str, status: int | None) -> None:
    async with server(answering(answer)) as url:
        reply = await post_to(url)
    assert (reply.outcome, reply.status_code) == (outcome, status)


async def test_the_request_is_one_post_with_its_body_and_no_more() -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read_request(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert await reader.read() == b""

    async with server(serve) as url:
        await post_to(f"{url}?key=1")
    [request] = seen
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /in?key=1 HTTP/1.1\r\n")
    assert b"webhook-id: msg_1" in head
    assert body == b'{"a":1}'


async def test_of_an_endless_answer_no_more_than_64_kb_is_read() -> None:
    cut_off = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
                await writer.drain()
        except ConnectionError:
            cut_off.set()

    async with server(serve) as url:
        reply = await post_to(url)
        await asyncio.wait_for(cut_off.wait(), 10)
    assert (reply.outcome, reply.status_code) == (HookOutcome.DELIVERED, 200)


async def test_the_room_that_is_lent_for_an_answer_ends_at_64_kb() -> None:
    exchange = Exchange(b"", loop=asyncio.get_running_loop())
    lent = 0
    while not exchange.status.done():
        room = exchange.get_buffer(1 << 20)
        head = b"HTTP/1.1 200 OK\r\n\r\n" if lent == 0 else b""
        room[:] = head + b"x" * (len(room) - len(head))
        lent += len(room)
        exchange.buffer_updated(len(room))
    assert (lent, exchange.status.result()) == (MAX_REPLY_BYTES, 200)


async def test_endless_headers_end_as_no_answer() -> None:
    async with server(answering(b"HTTP/1.1 200 OK\r\n", *[b"X: " + b"y" * 1000 + b"\r\n"] * 100)) as url:
        assert (await post_to(url)).outcome is HookOutcome.NOT_HTTP


async def test_whoever_says_nothing_or_trickles_is_given_up_in_time() -> None:
    released = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        await released.wait()

    async def trickling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        await released.wait()

    for serve in (silent, trickling):
        async with server(serve) as url:
            reply = await post_to(url, deadline_seconds=0.2)
            released.set()
        assert (reply.outcome, reply.status_code) == (HookOutcome.TIMED_OUT, None)
        assert reply.took_ms >= 150
        released.clear()


async def test_a_slow_name_server_is_given_up_in_time() -> None:
    async def resolve(_name: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    client = HookClient(resolve=resolve, deadline_seconds=0.05)
    reply = await client.post(url="https://slow.example.com/", headers={}, body=b"")
    assert reply.outcome is HookOutcome.TIMED_OUT


async def test_a_name_that_nobody_has_and_a_port_that_nobody_listens_on() -> None:
    async def resolve(_name: str) -> list[str]:
        return []

    client = HookClient(resolve=resolve)
    reply = await client.post(url="https://nobody.example.com/", headers={}, body=b"")
    assert reply.outcome is HookOutcome.NO_SUCH_HOST
    async with server(answering(b"")) as url:
        pass
    assert (await post_to(url)).outcome is HookOutcome.UNREACHABLE


async def answer_over_tls(certificate: trustme.LeafCert, trusted: ssl.SSLContext | None) -> HookReply:
    """Post over TLS to a server on localhost that shows a certificate."""
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(shown)

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(welcome, "127.0.0.1", 0, ssl=shown)
    async with listening:
        client = HookClient(allow_loopback=True, ssl_context=trusted)
        port = listening.sockets[0].getsockname()[1]
        reply = await client.post(url=f"https://localhost:{port}/in", headers={}, body=b"{}")
        client.close()
    return reply


async def test_a_certificate_must_be_vouched_for_and_name_the_host() -> None:
    authority = trustme.CA()
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    assert (await answer_over_tls(authority.issue_cert("localhost"), trusted)).outcome is HookOutcome.DELIVERED
    for certificate, context in (
        (authority.issue_cert("localhost"), None),
        (authority.issue_cert("other.example"), trusted),
        (trustme.CA().issue_cert("localhost"), trusted),
    ):
        assert (await answer_over_tls(certificate, context)).outcome is HookOutcome.TLS_FAILED
