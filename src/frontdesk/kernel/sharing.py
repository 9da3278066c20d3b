"""Looks that many share: whoever asks while one is under way gets the answer of the next, begun after they asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class Shared(Generic[Key, Answer]):
    """Looks things up once for all who ask in the same moment.

    Nothing is kept: an answer is never older than the question. Who gives up waiting takes the answer from nobody.
    """

    def __init__(self) -> None:
        self._running: dict[Key, asyncio.Task[Answer]] = {}
        self._next: dict[Key, asyncio.Task[Answer]] = {}

    async def ask(self, key: Key, look: Callable[[], Awaitable[Answer]]) -> Answer:
        """Answer with what `look` says, run by us or by another who asks the same; what it raises, all are told."""
        running = self._running.get(key)
        if running is None:
            task = self._running[key] = asyncio.create_task(self._look(key, look))
            task.add_done_callback(_note)
        elif key in self._next:
            task = self._next[key]
        else:
            task = self._next[key] = asyncio.create_task(self._look_after(running, key, look))
            task.add_done_callback(_note)
        return await asyncio.shield(task)

    async def _look(self, key: Key, look: Callable[[], Awaitable[Answer]]) -> Answer:
        try:
            return await look()
        finally:
            following = self._next.pop(key, None)
            if following is None:
                del self._running[key]
            else:
                self._running[key] = following

    async def _look_after(
        self, running: asyncio.Task[Answer], key: Key, look: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        await asyncio.wait([running])
        return await self._look(key, look)


def _note(task: asyncio.Task[Answer]) -> None:
    """Take note of a failure that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
