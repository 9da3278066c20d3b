"""A twin that is closed while it posts takes its connections along and posts nothing afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest

from frontdesk.providers.twin import TwinControl, TwinServer
from frontdesk.providers.twin.wire import SendText, TextReport

BUSINESS = "+12125550100"
CAROL = "+12065550100"


class SilentOurs:
    """Takes connections and requests, answers nothing, and counts both."""

    def __init__(self) -> None:
        self.url = ""
        self.connections = 0
        self.requests = 0
        self._changed = asyncio.Condition()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read what comes over one connection until the other side closes it."""
        await self._count(connections=1)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await self._count(requests=1)
            await reader.read()
        writer.close()
        await self._count(connections=-1)

    async def _count(self, *, connections: int = 0, requests: int = 0) -> None:
        async with self._changed:
            self.connections += connections
            self.requests += requests
            self._changed.notify_all()

    async def until(self, met: Callable[[], bool]) -> None:
        """Wait for `met`; fails after 5 s."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(met)


@pytest.fixture
async def ours() -> AsyncIterator[SilentOurs]:
    ours = SilentOurs()
    server = await asyncio.start_server(ours.take, "127.0.0.1", 0)
    ours.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/sms"
    async with server:
        yield ours


@pytest.fixture(params=["twilio", "telnyx"])
async def twin(request: pytest.FixtureRequest, ours: SilentOurs) -> AsyncIterator[TwinServer]:
    """Start a twin with one number of the company, whose texts are posted to us."""
    async with TwinServer() as twin:
        async with TwinControl(twin.url) as control:
            await control.configure_number(BUSINESS, sms_url=ours.url, provider=request.param)
        yield twin


def send_text(twin: TwinServer) -> asyncio.Task[TextReport]:
    """Let Carol write to whichever company has the number."""
    company = twin.telnyx if twin.telnyx.has(BUSINESS) else twin.carrier
    return asyncio.create_task(company.send_text(SendText(customer=CAROL, to=BUSINESS, body="hello")))


async def test_a_twin_closed_while_it_posts_takes_its_connections_along(twin: TwinServer, ours: SilentOurs) -> None:
    under_way = [send_text(twin) for _ in range(3)]
    await ours.until(lambda: ours.requests == 3)
    await twin.close()
    await ours.until(lambda: ours.connections == 0)
    assert [task.cancelled() for task in under_way] == [True] * 3


async def test_a_closed_twin_opens_no_connection(twin: TwinServer, ours: SilentOurs) -> None:
    await twin.close()
    report = await send_text(twin)
    assert (report.status, report.error, ours.requests) == (0, "ct", 0)


async def test_a_text_that_comes_while_the_twin_closes_leaves_no_connection(twin: TwinServer, ours: SilentOurs) -> None:
    first = send_text(twin)
    await ours.until(lambda: ours.requests == 1)
    closing = asyncio.create_task(twin.close())
    late = [send_text(twin) for _ in range(20)]
    await closing
    await asyncio.wait([first, *late])
    await ours.until(lambda: ours.connections == 0)
    assert all(task.cancelled() or task.result().error == "ct" for task in late)
