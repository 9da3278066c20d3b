"""Where a worker works in a test: real database, the twin as carrier, one business."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from frontdesk.kernel.settings import load_settings
from frontdesk.providers.twin import TwinConfig, TwinControl, TwinServer
from frontdesk.wiring import Frontdesk, assemble
from tests.support.office import ACCOUNT, ADAS_NUMBER, TOKEN, business
from tests.worker.queueing import add_business, queue_text


@dataclass
class Workplace:
    """A worker's parts, its carrier, and the database as its owner sees it."""

    parts: Frontdesk
    twin: TwinControl
    login: asyncpg.Connection

    async def eventually(self, question: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(20):
            while not await question():
                await asyncio.sleep(0.01)

    async def queue(self, recipient: str) -> None:
        await queue_text(self.parts, slug="harbor", sender=ADAS_NUMBER, recipient=recipient)

    async def status_is(self, recipient: str, status: str) -> None:
        async def look() -> bool:
            found = await self.login.fetchval("select status from send_jobs where recipient_e164 = $1", recipient)
            return bool(found == status)

        await self.eventually(look)


@asynccontextmanager
async def workplace(database_url: str, home: Path) -> AsyncIterator[Workplace]:
    async with AsyncExitStack() as stack:
        carrier = await stack.enter_async_context(TwinServer(TwinConfig(account_sid=ACCOUNT, auth_token=TOKEN)))
        settings = load_settings(
            {
                "TWILIO_ACCOUNT_SID": ACCOUNT,
                "TWILIO_AUTH_TOKEN": TOKEN,
                "TWILIO_API_BASE_URL": carrier.url,
                "EMBEDDER": "none",
            },
            home,
        )
        parts = await assemble(
            stack,
            settings=settings,
            database_url=database_url,
            kind="worker",
            public_base_url="http://127.0.0.1:9",
            home=home,
        )
        await add_business(parts, business(name="Harbor Plumbing", slug="harbor"), ADAS_NUMBER)
        twin = await stack.enter_async_context(TwinControl(carrier.url))
        await twin.configure_number(ADAS_NUMBER)
        login = await asyncpg.connect(database_url)
        stack.push_async_callback(login.close)
        yield Workplace(parts, twin, login)
