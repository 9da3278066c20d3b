"""A twin under Telnyx's referee, its control client, our ear, and the official library."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from telnyx import AsyncTelnyx

from frontdesk.providers.twin import TwinConfig, TwinControl, TwinServer
from tests.providers.conformance.listener import Listener
from tests.providers.telnyx.contract import Referee

BUSINESS = "+12125550100"
CAROL = "+12065550100"


@pytest.fixture
async def twin() -> AsyncIterator[TwinServer]:
    config = TwinConfig()
    referee = Referee(config.telnyx_public_key)
    server = TwinServer(config, on_telnyx_answer=referee.see_answer, on_telnyx_webhook=referee.see_webhook)
    async with server:
        yield server
    assert referee.complaints == []


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with Listener() as listener:
        yield listener


@pytest.fixture
async def line(control: TwinControl, listener: Listener) -> str:
    """Give the business a number at Telnyx whose messages reach our side."""
    await control.configure_number(BUSINESS, sms_url=f"{listener.url}/sms", provider="telnyx")
    return BUSINESS


@pytest.fixture
async def sdk(twin: TwinServer) -> AsyncIterator[AsyncTelnyx]:
    client = AsyncTelnyx(
        api_key=twin.config.telnyx_api_key,
        public_key=twin.config.telnyx_public_key,
        base_url=f"{twin.url}/v2",
        max_retries=0,
    )
    async with client:
        yield client
