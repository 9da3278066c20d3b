"""A running twin under a referee, its control client, our side of the wire, and the official SDK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from frontdesk.kernel.clock import SystemClock
from frontdesk.providers.twin import TwinConfig, TwinControl, TwinServer
from tests.providers.twin.contract import Referee
from tests.providers.twin.ours import Ours
from tests.providers.twin.sdk import Sdk

BUSINESS = "+15005550006"
CAROL = "+12065550100"


def basic_auth(user: str, password: str) -> dict[str, str]:
    """Make the header that opens the API."""
    return {"Authorization": aiohttp.encode_basic_auth(user, password)}


class GateClock(SystemClock):
    """The machine's clock, but every wait of a second or more lasts until the test opens the gate."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.gate = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Note the wish; hold long waits at the gate."""
        self.asked.append(seconds)
        if seconds >= 1:
            await self.gate.wait()


@pytest.fixture
async def clock() -> GateClock:
    return GateClock()


@pytest.fixture
async def twin(clock: GateClock) -> AsyncIterator[TwinServer]:
    config = TwinConfig()
    referee = Referee([config.auth_token, "rotated-token", "shared-key-secret"])
    server = TwinServer(config, clock=clock, on_answer=referee.see_answer, on_webhook=referee.see_webhook)
    async with server:
        yield server
    assert referee.complaints == []


@pytest.fixture
async def ours() -> AsyncIterator[Ours]:
    async with Ours() as ours:
        yield ours


@pytest.fixture
async def line(control: TwinControl, ours: Ours) -> str:
    """Give the business a number whose calls and texts reach our side."""
    await control.configure_number(
        BUSINESS, voice_url=ours.url + "/voice", sms_url=ours.url + "/sms", status_callback=ours.url + "/calls"
    )
    return BUSINESS


@pytest.fixture
def sdk(twin: TwinServer) -> Iterator[Sdk]:
    sdk = Sdk(twin.url, twin.config.account_sid, twin.config.auth_token)
    yield sdk
    sdk.close()


@pytest.fixture
def test_sdk(twin: TwinServer) -> Iterator[Sdk]:
    sdk = Sdk(twin.url, twin.config.test_account_sid, twin.config.test_auth_token)
    yield sdk
    sdk.close()


@pytest.fixture
async def web_client(twin: TwinServer) -> AsyncIterator[aiohttp.ClientSession]:
    """Lend a bare HTTP client with the account's credentials, at the account's address."""
    auth = basic_auth(twin.config.account_sid, twin.config.auth_token)
    base = f"{twin.url}/2010-04-01/Accounts/{twin.config.account_sid}/"
    async with aiohttp.ClientSession(base, headers=auth) as session:
        yield session
