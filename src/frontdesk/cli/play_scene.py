"""What a play is played with: a customer's phone at the twin, our API, and patience."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from frontdesk.cli.calling import Caller
from frontdesk.cli.seeding import DemoBusiness
from frontdesk.providers.twin import TwinControl

PACE_SECONDS = 0.01
OK = 200

Seen = TypeVar("Seen")
Told = tuple[str, float | None]


class NotSeen(Exception):
    """What a step waited for did not happen."""


class Text(msgspec.Struct):
    """One text of a thread, as our API tells it."""

    direction: str
    body: str
    status: str | None = None
    failure_code: str | None = None


class Texts(msgspec.Struct):
    """A page of texts."""

    items: list[Text]


class Thread(msgspec.Struct):
    """One thread, as our API tells it."""

    id: str
    phone_e164: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One customer and one business, as seen through the twin and through our API."""

    api: Caller
    twin: TwinControl
    customer: str
    business: DemoBusiness
    patience: float

    async def say(self, body: str) -> Told:
        """Let the customer write; tells how long our webhook took (ms)."""
        report = await self.twin.send_text(customer=self.customer, to=self.business.phone_e164, body=body)
        if report.status != OK:
            raise NotSeen(f"our webhook answered {report.status} {report.error}")
        return f"“{body}”", round(report.latency_ms, 1)

    async def thread(self) -> list[Text]:
        """Read the customer's thread, newest text first."""
        threads = msgspec.convert(await self.api.get_json("/api/conversations"), list[Thread])
        for thread in threads:
            if thread.phone_e164 == self.customer:
                page = await self.api.get_json(f"/api/conversations/{thread.id}/messages")
                return msgspec.convert(page, Texts).items
        return []

    async def ours(self) -> list[Text]:
        """List what we wrote to the customer, newest first."""
        return [text for text in await self.thread() if text.direction == "outbound"]

    async def until(self, look: Callable[[], Awaitable[Seen | None]], otherwise: str) -> Seen:
        """Look until something is seen; raises `NotSeen` with `otherwise` when patience is over."""
        try:
            async with asyncio.timeout(self.patience):
                while (seen := await look()) is None:  # noqa: ASYNC110 - another program is watched
                    await asyncio.sleep(PACE_SECONDS)
        except TimeoutError:
            raise NotSeen(otherwise) from None
        return seen
