"""The fault proxy does what its toxics say, without a test waiting for real time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.fault_proxy import (
    Bandwidth,
    Direction,
    FaultProxy,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    Timeout,
    Toxic,
)


class Naps:
    """A sleep that only takes notes."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
async def proxy(naps: Naps) -> AsyncIterator[FaultProxy]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with FaultProxy("127.0.0.1", port, sleep=naps) as proxy:
            yield proxy


async def say(proxy: FaultProxy, line: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        writer.write(line)
        await writer.drain()
        async with asyncio.timeout(5):
            return await reader.read(-1) if line.endswith(b"!\n") else await reader.readline()
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def test_without_toxics_everything_passes_in_both_directions(proxy: FaultProxy) -> None:
    assert await say(proxy, b"hello\n") == b"hello\n"
    assert proxy.passed == {Direction.UPSTREAM: 6, Direction.DOWNSTREAM: 6}


@pytest.mark.parametrize(
    ("toxic", "expected"),
    [(Latency(30.0), [30.0]), (Bandwidth(2.0), [3.0]), (Slicer(1, 0.5), [0.5] * 6)],
)
async def test_slow_toxics_wait_as_long_as_they_say_and_lose_nothing(
    proxy: FaultProxy, naps: Naps, toxic: Toxic, expected: list[float]
) -> None:
    proxy.add(toxic)
    assert await say(proxy, b"hello\n") == b"hello\n"
    assert naps.taken == expected


async def test_a_limit_closes_the_connection_after_its_bytes(proxy: FaultProxy) -> None:
    proxy.add(LimitData(3))
    assert await say(proxy, b"hello!\n") == b"hel"


async def test_a_reset_peer_sees_a_connection_reset(proxy: FaultProxy) -> None:
    proxy.add(ResetPeer())
    with pytest.raises(ConnectionResetError):
        await say(proxy, b"hello!\n")


async def test_a_timeout_swallows_what_was_said_and_then_closes(proxy: FaultProxy, naps: Naps) -> None:
    proxy.add(Timeout(15.0))
    assert await say(proxy, b"hello!\n") == b""
    assert naps.taken == [15.0]


async def test_a_request_is_swallowed_on_its_way_up(proxy: FaultProxy) -> None:
    proxy.add(Timeout(1.0), Direction.UPSTREAM)
    assert await say(proxy, b"hello!\n") == b""
    assert proxy.passed[Direction.UPSTREAM] == 0


async def test_cleared_toxics_spare_the_next_connection(proxy: FaultProxy) -> None:
    proxy.add(LimitData(1))
    proxy.clear()
    assert await say(proxy, b"hello\n") == b"hello\n"
    assert proxy.accepted == 1
