"""Every way an exchange can fail is told apart: nothing left, or something may have."""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from socket import create_server

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.providers.http import HttpClient, HttpResponse, MaybeSent, NotSent, Origin
from frontdesk.providers.http.message import encode_request
from tests.providers.http.scripted_server import Peer, answering, reply_with, serving


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    one = HttpClient()
    yield one
    await one.close()


async def post(client: HttpClient, origin: Origin, *, deadline_seconds: float = 10.0) -> HttpResponse:
    return await client.request(
        method="POST",
        origin=origin,
        target="/",
        body=b"a=1",
        deadline_seconds=deadline_seconds,
        max_response_bytes=1000,
    )


MAYBE_SENT_REPLIES = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
    "no last chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a broken length": b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    "too much announced": reply_with(b"x" * 1001),
    "too much to the end": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001,
    "a boundless head": b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200_000,
    "boundless interims": b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    "boundless chunk extensions": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 200_000,
}


@pytest.mark.parametrize("raw", MAYBE_SENT_REPLIES.values(), ids=MAYBE_SENT_REPLIES.keys())
async def test_a_reply_that_is_not_whole_and_sound_may_have_been_sent_and_is_not_repeated(
    client: HttpClient, raw: bytes
) -> None:
    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.write(raw)

    async with serving(script) as server:
        with pytest.raises(MaybeSent):
            await post(client, server.origin)
    assert (server.connections, len(server.requests)) == (1, 1)


async def test_a_reset_in_the_middle_of_a_body_may_have_been_sent(client: HttpClient) -> None:
    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        peer.reset()

    async with serving(script) as server:
        with pytest.raises(MaybeSent):
            await post(client, server.origin)


async def test_a_trickle_of_bytes_does_not_stretch_the_deadline(client: HttpClient) -> None:
    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
        while True:
            await peer.write(b"x")
            await asyncio.sleep(0.02)

    async with serving(script) as server:
        with pytest.raises(MaybeSent, match="deadline"):
            await post(client, server.origin, deadline_seconds=0.2)


async def test_requests_in_flight_end_each_at_its_own_deadline(client: HttpClient) -> None:
    async def script(peer: Peer) -> None:
        await peer.read_request()
        await asyncio.sleep(10)

    ended: list[float] = []

    async def ask(seconds: float) -> None:
        with pytest.raises(MaybeSent, match="deadline"):
            await post(client, server.origin, deadline_seconds=seconds)
        ended.append(seconds)

    async with serving(script) as server:
        await asyncio.gather(ask(0.4), ask(0.1), ask(0.25))
    assert ended == [0.1, 0.25, 0.4]


async def test_a_kept_connection_closed_at_the_very_moment_of_the_next_request_may_have_been_sent(
    client: HttpClient,
) -> None:
    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.write(reply_with(b""))
        await peer.read_request()

    async with serving(script) as server:
        await post(client, server.origin)
        with pytest.raises(MaybeSent):
            await post(client, server.origin)
    assert (server.connections, len(server.requests)) == (1, 2)


async def test_a_failure_leaves_the_origin_usable(client: HttpClient) -> None:
    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.write(reply_with(b"ok") if peer.number > 1 else b"nonsense")

    async with serving(script) as server:
        with pytest.raises(MaybeSent):
            await post(client, server.origin)
        assert (await post(client, server.origin)).body == b"ok"


async def test_a_refused_connection_is_not_sent_and_no_start_is_told(client: HttpClient) -> None:
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    moments: list[float] = []
    with pytest.raises(NotSent):
        await client.request(
            method="POST", origin=Origin("http", "127.0.0.1", port), target="/", on_request_started=moments.append
        )
    assert moments == []


@pytest.mark.parametrize("host", ["no-such-name.localhost", "empty..localhost", f"{'x' * 64}.localhost"])
async def test_a_name_that_leads_nowhere_is_not_sent(client: HttpClient, host: str) -> None:
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSent):
        await post(client, Origin("http", host, port))


async def test_a_handshake_that_never_ends_is_not_sent(client: HttpClient) -> None:
    async def script(peer: Peer) -> None:
        await peer.read_to_the_end()

    async with serving(script) as server:
        with pytest.raises(NotSent, match="deadline"):
            await post(client, Origin("https", "127.0.0.1", server.origin.port), deadline_seconds=0.1)


async def test_a_handshake_with_a_server_that_speaks_plain_http_is_not_sent(client: HttpClient) -> None:
    async def script(peer: Peer) -> None:
        await peer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serving(script) as server:
        with pytest.raises(NotSent):
            await post(client, Origin("https", "127.0.0.1", server.origin.port))
    assert server.requests == []


AUTHORITY = trustme.CA()
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def server_side(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def client_side(authority: trustme.CA = AUTHORITY) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_trusted_certificate_carries_requests_over_one_kept_connection(host: str) -> None:
    client = HttpClient(ssl_context=client_side())
    certificate = server_side(AUTHORITY.issue_cert(host))
    async with serving(answering(reply_with(b"1"), reply_with(b"2")), ssl_context=certificate, host=host) as server:
        assert [(await post(client, server.origin)).body for _ in range(2)] == [b"1", b"2"]
        await client.close()
    assert server.connections == 1


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
async def test_a_request_leaves_in_the_very_step_that_tells_its_start(*, secure: bool) -> None:
    ends: list[socket.socket] = []

    async def script(peer: Peer) -> None:
        ends.append(peer.writer.get_extra_info("socket"))
        await answering(reply_with(b"1"), reply_with(b"2"))(peer)

    client = HttpClient(ssl_context=client_side())
    certificate = server_side(AUTHORITY.issue_cert("127.0.0.1")) if secure else None
    async with serving(script, ssl_context=certificate) as server:
        await post(client, server.origin)
        arrived: list[bool] = []
        second = asyncio.create_task(post(client, server.origin))
        asyncio.get_running_loop().call_soon(lambda: arrived.append(_is_readable(ends[0])))
        await second
        await client.close()
    assert arrived == [True]


def _is_readable(sock: socket.socket) -> bool:
    poller = select.poll()
    poller.register(sock.fileno(), select.POLLIN)
    return bool(poller.poll(0))


BAD_CERTIFICATES: dict[str, Callable[[], trustme.LeafCert]] = {
    "expired": lambda: AUTHORITY.issue_cert("127.0.0.1", not_before=LONG_AGO, not_after=LONG_AGO + timedelta(days=1)),
    "another name": lambda: AUTHORITY.issue_cert("example.org"),
    "another authority": lambda: trustme.CA().issue_cert("127.0.0.1"),
}


@pytest.mark.parametrize("issue", BAD_CERTIFICATES.values(), ids=BAD_CERTIFICATES.keys())
async def test_a_certificate_that_does_not_check_out_is_not_sent(issue: Callable[[], trustme.LeafCert]) -> None:
    client = HttpClient(ssl_context=client_side())
    async with serving(answering(reply_with(b"")), ssl_context=server_side(issue())) as server:
        with pytest.raises(NotSent, match="TLS"):
            await post(client, server.origin)
        await client.close()
    assert server.requests == []


async def test_without_a_context_of_its_own_the_client_trusts_no_private_authority(client: HttpClient) -> None:
    certificate = server_side(AUTHORITY.issue_cert("127.0.0.1"))
    async with serving(answering(reply_with(b"")), ssl_context=certificate) as server:
        with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            await post(client, server.origin)


@given(st.text(), st.text())
def test_no_header_can_break_the_framing_of_a_request(name: str, value: str) -> None:
    try:
        raw = encode_request(method="GET", authority="a", target="/", headers=((name, value),))
    except ValueError:
        return
    lines = raw.split(b"\r\n")
    assert lines == [
        b"GET / HTTP/1.1",
        b"Host: a",
        b"Accept-Encoding: identity",
        f"{name}: {value}".encode("ascii"),
        b"",
        b"",
    ]
    assert not set(raw.replace(b"\r\n", b"")) & set(b"\r\n\0")


@pytest.mark.parametrize("target", ["", "a", "/a b", "/a\r\nX: y", "/é", "http://elsewhere/"])
def test_a_target_that_would_break_the_request_line_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="request"):
        encode_request(method="GET", authority="a", target=target)


@pytest.mark.parametrize("url", ["", "ftp://a", "//a", "https://", "http://user:secret@a/", "http://a:99999/", "a"])
def test_only_an_absolute_http_url_without_credentials_has_an_origin(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Origin.parse(url)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://A.example/x", "a.example"),
        ("https://a:443", "a"),
        ("https://a:80", "a:80"),
        ("http://[::1]:8", "[::1]:8"),
    ],
)
def test_an_origin_spells_the_host_header_as_the_standard_says(url: str, authority: str) -> None:
    assert Origin.parse(url).authority == authority
