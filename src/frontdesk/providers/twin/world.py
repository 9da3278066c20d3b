"""The twin's world: its clock, what is due later, its faults and its journal."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from datetime import datetime

from frontdesk.kernel.clock import Clock, SystemClock
from frontdesk.providers.twin.config import TwinConfig
from frontdesk.providers.twin.faults import FaultBook
from frontdesk.providers.twin.journal import Journal
from frontdesk.providers.twin.wire import Settings

_log = logging.getLogger(__name__)


class World:
    """Everything the companies in the twin share; one per twin, used on one event loop."""

    def __init__(self, config: TwinConfig, clock: Clock | None = None) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self.settings = Settings()
        self.journal = Journal(config.journal_size)
        self.faults = FaultBook(config.seed)
        self.chance = random.Random(config.seed)  # noqa: S311 - replayable, not a secret
        self.base_url = ""
        self._timers: set[asyncio.TimerHandle] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Tell the carrier's time of day, in UTC."""
        return self.clock.now()

    def now_us(self) -> int:
        """Tell Unix microseconds."""
        return int(self.clock.now().timestamp() * 1_000_000)

    def monotonic_us(self) -> int:
        """Tell microseconds of the machine-wide monotonic clock."""
        return int(self.clock.monotonic() * 1_000_000)

    @property
    def pending(self) -> int:
        """Count steps and webhooks that are still due or on their way."""
        return len(self._timers) + len(self._tasks)

    def after(self, seconds: float, step: Callable[[], None]) -> None:
        """Take `step` in `seconds` of real time."""

        def take() -> None:
            try:
                step()
            finally:
                # Only now: whoever waits for quiet must not wake between a step and the one it schedules.
                self._timers.discard(timer)
                self.changed()

        timer = asyncio.get_running_loop().call_later(seconds, take)
        self._timers.add(timer)

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run `work` beside everything else; a failure is logged, never lost."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a step of the twin failed", exc_info=error)
        self.changed()

    def changed(self) -> None:
        """Let everybody who waits look again."""
        if not self._waiters:
            return
        for waiter in list(self._waiters):
            met, future = waiter
            if not future.done() and met():
                future.set_result(None)

    async def wait_until(self, met: Callable[[], bool], deadline: float) -> bool:
        """Wait for `met` at most `deadline` seconds; tell whether it came true."""
        if met():
            return True
        waiter = (met, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(deadline):
                await waiter[1]
        except TimeoutError:
            return met()
        finally:
            self._waiters.remove(waiter)
        return True

    async def stop(self) -> None:
        """Drop everything that is due and everything on its way."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def reset(self) -> None:
        """Return to the first moment: nothing due, no faults, empty journal, default settings."""
        await self.stop()
        self.settings = Settings()
        self.faults.clear()
        self.journal.clear()
        self.chance.seed(self.config.seed)
        self.changed()
