"""What the client makes of well-behaved servers, on both event loops."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from socket import create_server

import pytest

from frontdesk.providers.http import HttpClient, HttpResponse, MaybeSent, NotSent, Origin
from tests.providers.http.scripted_server import Peer, Script, answering, reply_with, serving


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    one = HttpClient(connections_per_origin=2)
    yield one
    await one.close()


async def get(client: HttpClient, origin: Origin, target: str = "/", deadline_seconds: float = 10.0) -> HttpResponse:
    return await client.request(method="GET", origin=origin, target=target, deadline_seconds=deadline_seconds)


async def test_a_request_is_framed_as_asked_and_its_reply_comes_back_whole(client: HttpClient) -> None:
    async with serving(answering(reply_with(b'{"a":1}', status="201 Created", extra=b"X-Seen: Yes\r\n"))) as server:
        reply = await client.request(
            method="POST", origin=server.origin, target="/a?b=c", headers=(("X-Own", "1"),), body=b"k=v"
        )
    assert (reply.status, reply.body, reply.header("x-sEEN"), reply.header("absent")) == (201, b'{"a":1}', "Yes", None)
    assert server.requests == [
        b"POST /a?b=c HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: identity\r\nX-Own: 1\r\nContent-Length: 3\r\n\r\nk=v"
        % server.origin.authority.encode()
    ]


INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
FRAMINGS: list[tuple[bytes, bool]] = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", True),
    (b"HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello", True),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: t\r\n\r\n", True),
    (INTERIM + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", True),
    (b"HTTP/1.0 200 OK\r\n\r\nhello", False),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", False),
    (b"HTTP/1.1 200 OK\r\n\r\nhello", False),
    (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", False),
]


@pytest.mark.parametrize(("raw", "keeps"), FRAMINGS)
@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_every_framing_in_any_pieces_gives_the_same_body(
    client: HttpClient, raw: bytes, size: int, *, keeps: bool
) -> None:
    async def script(peer: Peer) -> None:
        while True:
            await peer.read_request()
            await peer.write(*(raw[at : at + size] for at in range(0, len(raw), size)))
            if not keeps:
                return

    async with serving(script) as server:
        for _ in range(2):
            reply = await get(client, server.origin)
            assert (reply.status, reply.body) == (200, b"hello")
    assert server.connections == (1 if keeps else 2)


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_a_status_without_a_body_ends_with_its_head_and_keeps_the_connection(
    client: HttpClient, status: str
) -> None:
    raw = f"HTTP/1.1 {status}\r\n\r\n".encode()
    async with serving(answering(raw, raw)) as server:
        assert [(await get(client, server.origin)).body for _ in range(2)] == [b"", b""]
    assert server.connections == 1


@pytest.mark.parametrize("status", ["301 Moved", "307 Again", "429 Slow", "500 Oops", "503 Busy"])
async def test_a_redirect_or_an_error_is_a_plain_reply_to_the_one_request(client: HttpClient, status: str) -> None:
    async with serving(answering(reply_with(b"<html>", status=status, extra=b"Location: /elsewhere\r\n"))) as server:
        reply = await get(client, server.origin)
    assert (str(reply.status), reply.header("location"), len(server.requests)) == (status[:3], "/elsewhere", 1)


async def test_the_start_of_a_request_is_told_once_at_the_moment_it_is_written(client: HttpClient) -> None:
    moments: list[float] = []
    before = time.monotonic()
    async with serving(answering(reply_with(b""))) as server:
        await client.request(method="GET", origin=server.origin, target="/", on_request_started=moments.append)
    assert len(moments) == 1
    assert before <= moments[0] <= time.monotonic()


class CalledOff(Exception):
    """Raised by a caller that changed its mind."""


async def test_a_request_called_off_at_its_start_leaves_nothing_and_keeps_the_connection(client: HttpClient) -> None:
    def call_off(_: float) -> None:
        raise CalledOff

    async with serving(answering(reply_with(b"1"), reply_with(b"2"))) as server:
        await get(client, server.origin)
        with pytest.raises(CalledOff):
            await client.request(method="GET", origin=server.origin, target="/", on_request_started=call_off)
        assert (await get(client, server.origin)).body == b"2"
    assert (server.connections, len(server.requests)) == (1, 2)


async def test_connections_to_an_origin_stay_within_the_limit_and_every_request_gets_its_turn(
    client: HttpClient,
) -> None:
    async def script(peer: Peer) -> None:
        while True:
            request = await peer.read_request()
            await peer.write(reply_with(request.split(b" ")[1]))

    async with serving(script) as server:
        replies = await asyncio.gather(*(get(client, server.origin, f"/{number}") for number in range(40)))
    assert [reply.body for reply in replies] == [b"/%d" % number for number in range(40)]
    assert server.connections == 2


async def test_waiting_in_vain_for_a_free_connection_is_not_sent() -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.read_request()
        reached.set()
        await go_on.wait()
        await peer.write(reply_with(b"late"))
        await peer.read_request()
        await peer.write(reply_with(b"next"))

    client = HttpClient(connections_per_origin=1)
    async with serving(script) as server:
        first = asyncio.ensure_future(get(client, server.origin))
        await reached.wait()
        with pytest.raises(NotSent, match="became free"):
            await get(client, server.origin, deadline_seconds=0.05)
        go_on.set()
        assert (await first).body == b"late"
        assert (await get(client, server.origin)).body == b"next"
        await client.close()
    assert len(server.requests) == 2


async def test_a_cancelled_request_drops_its_connection_and_frees_its_place() -> None:
    reached = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.read_request()
        if peer.number == 1:
            reached.set()
            assert await peer.read_to_the_end() == b""
        else:
            await peer.write(reply_with(b"second"))

    client = HttpClient(connections_per_origin=1)
    async with serving(script) as server:
        first = asyncio.ensure_future(get(client, server.origin))
        await reached.wait()
        second = asyncio.ensure_future(get(client, server.origin))
        first.cancel()
        assert (await second).body == b"second"
        await client.close()
    assert server.connections == 2


async def test_an_idle_connection_is_closed_after_its_time() -> None:
    ended = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.write(reply_with(b""))
        assert await peer.read_to_the_end() == b""
        ended.set()

    client = HttpClient(idle_seconds=0.01)
    async with serving(script) as server:
        await get(client, server.origin)
        await ended.wait()
        await client.close()


async def test_a_kept_connection_that_the_server_closed_is_seen_before_anything_is_written(client: HttpClient) -> None:
    closed = threading.Event()
    listener = create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(2):
            peer, _ = listener.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(reply_with(b"ok"))
            closed.set()

    thread = threading.Thread(target=serve)
    thread.start()
    origin = Origin("http", "127.0.0.1", listener.getsockname()[1])
    assert (await get(client, origin)).body == b"ok"
    closed.wait()  # blocks the event loop too, which therefore cannot have seen the close
    assert (await get(client, origin)).body == b"ok"
    thread.join()
    listener.close()


async def test_bytes_behind_a_reply_are_never_taken_for_the_next_one(client: HttpClient) -> None:
    poison = reply_with(b"first") + reply_with(b"forged")
    async with serving(answering(poison)) as server:
        assert (await get(client, server.origin)).body == b"first"
        assert (await get(client, server.origin)).body == b"first"
    assert server.connections == 2


async def test_a_closed_client_sends_nothing_and_ends_what_is_in_flight() -> None:
    reached = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.read_request()
        reached.set()
        await peer.read_to_the_end()

    client = HttpClient(connections_per_origin=1)
    async with serving(script) as server:
        first = asyncio.ensure_future(get(client, server.origin))
        await reached.wait()
        second = asyncio.ensure_future(get(client, server.origin))
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(MaybeSent):
            await first
        with pytest.raises(NotSent):
            await second
        with pytest.raises(NotSent):
            await get(client, server.origin)
        with pytest.raises(NotSent):
            await get(client, Origin("http", "127.0.0.1", 1))
    assert len(server.requests) == 1


def hanging() -> Script:
    """Make a script that reads and never answers."""

    async def script(peer: Peer) -> None:
        await peer.read_to_the_end()

    return script


async def test_no_reply_until_the_deadline_may_have_been_sent(client: HttpClient) -> None:
    async with serving(hanging()) as server:
        with pytest.raises(MaybeSent, match="deadline"):
            await get(client, server.origin, deadline_seconds=0.05)
