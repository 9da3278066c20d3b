"""The desk where receipts are taken in: what comes while a group is being written is the next group."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from frontdesk.features import delivery
from frontdesk.kernel.clock import Clock
from frontdesk.kernel.db import UNAVAILABLE, Database, Transaction
from frontdesk.kernel.telemetry import get_logger

GROUP_SECONDS = 0.002  # how long the first receipt after a pause waits for company
GROUP_SIZE = 256

log = get_logger("webhooks")

Waiting = tuple[delivery.ReceiptNews, "asyncio.Future[bool]"]


class ReceiptDesk:
    """Writes receipts in groups, each one statement with one commit; nobody is answered before it.

    A group that fails is written one by one, so that a receipt that cannot be written stands in nobody else's way.
    """

    def __init__(self, system: Database, clock: Clock, *, heard: Sequence[str]) -> None:
        self._system = system
        self._clock = clock
        self._heard = heard
        self._waiting: list[Waiting] = []
        self._writer: asyncio.Task[None] | None = None

    async def take_in(self, news: delivery.ReceiptNews) -> bool:
        """Return once the receipt is committed: False if it was a repeat; fails as its own writing fails."""
        loop = asyncio.get_running_loop()
        written: asyncio.Future[bool] = loop.create_future()
        self._waiting.append((news, written))
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write_groups())
        return await written

    async def _write_groups(self) -> None:
        await self._clock.sleep(GROUP_SECONDS)
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP_SIZE], self._waiting[GROUP_SIZE:]
            await self._write(group)

    async def _write(self, group: list[Waiting]) -> None:
        async def work(tx: Transaction) -> list[bool]:
            return await delivery.take_in_receipts(tx, [news for news, _ in group], heard=self._heard)

        try:
            new = await self._system.perform_alone(work)
        except Exception as error:  # noqa: BLE001 - each webhook answers for its own
            if len(group) > 1 and not isinstance(error, UNAVAILABLE):
                log.warning("receipts_written_one_by_one", count=len(group), error=type(error).__name__)
                for one in group:
                    await self._write([one])
                return
            for _, written in group:
                if not written.done():
                    written.set_exception(error)
            return
        for (_, written), is_new in zip(group, new, strict=True):
            if not written.done():
                written.set_result(is_new)
