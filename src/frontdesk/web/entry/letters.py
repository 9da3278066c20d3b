"""Letters on their way: carried beside the answer, so that no answer takes longer when there is one to carry."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from frontdesk.kernel.telemetry import get_logger
from frontdesk.ports import ProviderError
from frontdesk.ports.mail import Letter, Postman

MOST_WAITING = 50

log = get_logger("web")


class Letterbox:
    """Has letters written and carried, one after the other; more than 50 that wait are dropped."""

    def __init__(self, postman: Postman) -> None:
        self._postman = postman
        self._turn = asyncio.Lock()
        self._waiting: set[asyncio.Task[None]] = set()

    def post(self, write: Callable[[], Awaitable[Letter | None]]) -> None:
        """Have `write` called later; what it returns is carried, None is no letter."""
        if len(self._waiting) >= MOST_WAITING:
            log.warning("entry.letter_dropped")
            return
        task = asyncio.create_task(self._carry(write))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _carry(self, write: Callable[[], Awaitable[Letter | None]]) -> None:
        async with self._turn:
            try:
                letter = await write()
                if letter is not None:
                    await self._postman.carry(letter)
            except ProviderError as error:
                log.warning("entry.letter_refused", error=str(error))
            except Exception:
                log.exception("entry.letter_failed")
