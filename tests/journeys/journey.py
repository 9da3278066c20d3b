"""What a journey works with: a whole installation, its carrier, its API and the business that is called."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from frontdesk.cli.bench.callers import MAX_CALLERS, caller_number
from frontdesk.cli.calling import Caller
from frontdesk.cli.installation import Installation, running
from frontdesk.cli.play import CallReport, Calls, CallSeen, Tenant
from frontdesk.cli.play_scene import Text, Texts, Thread
from frontdesk.cli.seeding import DEMO_BUSINESSES
from frontdesk.kernel.settings import load_settings
from frontdesk.providers.twin import TwinControl

SOURCE = str(Path(__file__).parents[2] / "src")
Kind = TypeVar("Kind")


@dataclass
class Journey:
    """One installation and the demo business Harbor Plumbing in it."""

    installation: Installation
    twin: TwinControl
    api: Caller
    number: str

    def somebody(self) -> str:
        """Make up a customer whom nobody has met."""
        return caller_number(secrets.randbelow(MAX_CALLERS))

    async def posts_to(self, customer: str) -> int:
        """Count the requests to send to a customer that the carrier received, whatever became of them."""
        return len(await self.twin.journal(operation="messages.create", to=customer))

    async def ask(self, path: str, kind: type[Kind]) -> Kind:
        """Read a document of our API."""
        return msgspec.convert(await self.api.get_json(path), kind)

    async def calls_of(self, customer: str) -> list[CallSeen]:
        """List a customer's calls, newest first."""
        page = await self.ask("/api/calls?limit=200", Calls)
        return [call for call in page.items if call.caller_e164 == customer]

    async def report(self, call: CallSeen) -> CallSeen:
        """Read a call with what became of it."""
        return (await self.ask(f"/api/calls/{call.id}", CallReport)).call

    async def texts_with(self, customer: str) -> list[Text]:
        """List the texts of a customer's thread, newest first."""
        for thread in await self.ask("/api/conversations", list[Thread]):
            if thread.phone_e164 == customer:
                return (await self.ask(f"/api/conversations/{thread.id}/messages", Texts)).items
        return []

    async def eventually(self, question: Callable[[], Awaitable[bool]], *, seconds: float = 30) -> None:
        """Wait until an answer is yes."""
        async with asyncio.timeout(seconds):
            while not await question():
                await asyncio.sleep(0.02)


@asynccontextmanager
async def begin(database_url: str) -> AsyncIterator[Journey]:
    """Bring a whole installation up on a database, as `frontdesk up` does."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fd-", ignore_cleanup_errors=True))
        os.environ["PYTHONPATH"] = SOURCE  # the children's
        settings = load_settings({"DATABASE_URL": database_url, "PORT": "0"}, Path(folder))
        installation = await stack.enter_async_context(running(settings))
        assert installation.twin is not None
        twin = TwinControl(installation.twin.url, token=installation.twin.control_token)
        await stack.enter_async_context(twin)
        api = Caller(installation.url, token=installation.welcome.api_token)
        await stack.enter_async_context(api)
        business = DEMO_BUSINESSES[0]
        known = msgspec.convert(await api.get_json("/api/tenants"), list[Tenant])
        api.speak_for(next(tenant.id for tenant in known if tenant.slug == business.slug))
        yield Journey(installation=installation, twin=twin, api=api, number=business.phone_e164)
