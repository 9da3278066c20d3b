"""Many ask this process for one time at once: one of them books while the others wait for what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.kernel.errors import Refused
from frontdesk.kernel.sharing import Shared

TURNS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A time that somebody asks for."""

    tenant_id: UUID
    service_id: UUID
    resource_id: UUID | None
    starts_at: datetime


class Rush:
    """Spares the database those who come too late; it decides nothing.

    Whether a time is free is looked up once for all who wait, and begun after they asked. Who else may ask in another
    process, and who wins, is known to PostgreSQL alone.
    """

    def __init__(self) -> None:
        self._looks: Shared[Wanted, Refused | None] = Shared()
        self._turns: dict[Wanted, asyncio.Event] = {}

    async def look(self, wanted: Wanted, look: Callable[[], Awaitable[Refused | None]]) -> Refused | None:
        """Tell why a time cannot be had if it is taken already; None when it looks free, and it is our turn to ask.

        Nobody waits for more than 20 others: then they ask at the same time.
        """
        for _ in range(TURNS):
            before = self._turns.get(wanted)
            if before is not None:
                await before.wait()
            taken = await self._looks.ask(wanted, look)
            if taken is not None or wanted not in self._turns:
                return taken
        return None

    @contextmanager
    def turn(self, wanted: Wanted) -> Iterator[None]:
        """Let others wait while we ask for a time."""
        if wanted in self._turns:
            yield
            return
        over = self._turns[wanted] = asyncio.Event()
        try:
            yield
        finally:
            del self._turns[wanted]
            over.set()
