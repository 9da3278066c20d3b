"""Letters to people: written beside the answer, laid down in the database, and carried from there by a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from frontdesk.kernel.db import Database, Tx
from frontdesk.kernel.telemetry import get_logger
from frontdesk.ports.mail import Letter
from frontdesk.wiring.letters import OutTray

MOST_WAITING = 50

log = get_logger("web")


class Letterbox:
    """Has letters written, one after the other, and laid down; more than 50 that wait to be written are dropped."""

    def __init__(self, system: Database, tray: OutTray) -> None:
        self._system = system
        self._tray = tray
        self._turn = asyncio.Lock()
        self._waiting: set[asyncio.Task[None]] = set()

    async def lay_down(self, tx: Tx, letter: Letter) -> None:
        """Lay a letter down in the transaction of what it tells of: it leaves if, and only if, that is committed."""
        await self._tray.lay_down(tx, letter)

    def post(self, write: Callable[[], Awaitable[Letter | None]]) -> None:
        """Have `write` called later, so that the answer takes as long as without a letter; None is no letter."""
        if len(self._waiting) >= MOST_WAITING:
            log.warning("entry.letter_dropped")
            return
        task = asyncio.create_task(self._write(write))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _write(self, write: Callable[[], Awaitable[Letter | None]]) -> None:
        async with self._turn:
            try:
                letter = await write()
                if letter is not None:
                    async with self._system.transaction() as tx:
                        await self._tray.lay_down(tx, letter)
            except Exception:
                log.exception("entry.letter_failed")
