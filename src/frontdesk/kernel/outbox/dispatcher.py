"""The dispatcher: claims due events and runs their handlers, each in a transaction of its own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from frontdesk.kernel.db import UNAVAILABLE, Database
from frontdesk.kernel.events import Event
from frontdesk.kernel.outbox import store
from frontdesk.kernel.outbox.catalogue import Catalogue, MalformedEvent, UnknownEvent, encode
from frontdesk.kernel.outbox.handlers import Handler, Handlers, NewsOf
from frontdesk.kernel.outbox.store import OutboxRow
from frontdesk.kernel.telemetry import get_logger

MAX_ATTEMPTS = 10  # ~8 minutes of backoff; then a person looks
MAX_CRASHES = 3  # a row that took three processes with it is not executed again
IDLE_SECONDS = 0.02

log = get_logger("outbox")


@dataclass(frozen=True, slots=True)
class EventRejected(Event):
    """An outbox row did not fit the catalogue; `original` is what it held, as text."""

    name: ClassVar[str] = "outbox.event_rejected.v1"
    original_name: str
    original: str


def backoff(attempts: int) -> timedelta:
    """Wait 1 s, 2 s, 4 s … up to 2 min, with full jitter."""
    return timedelta(seconds=random.SystemRandom().uniform(0.2, 1.0) * min(2.0**attempts, 120.0))


class Dispatcher:
    """Hands due events to their handlers: in batches, `concurrency` at a time.

    A tenant's event is handled in that tenant's own view of the database, any other in the system's.
    """

    def __init__(
        self,
        *,
        system: Database,
        app: Database,
        catalogue: Catalogue,
        handlers: Handlers,
        process_id: UUID,
        batch_size: int = 100,
        concurrency: int = 2,
    ) -> None:
        self._system = system
        self._app = app
        self._catalogue = catalogue
        self._handlers = handlers
        self._owner = process_id
        self._batch_size = batch_size
        self._concurrency = concurrency
        self._finished: list[UUID] = []
        self._interrupted = False

    async def run(self, stop: asyncio.Event) -> None:
        """Dispatch until `stop` is set; a failing database is waited for, never spun on."""
        while not stop.is_set():
            try:
                busy = await self.dispatch_batch() == self._batch_size
            except UNAVAILABLE as error:
                log.warning("outbox_waits_for_database", error=type(error).__name__)
                await self._system.clock.sleep(0.5)
                continue
            except Exception:
                log.exception("outbox_batch_failed")
                await self._system.clock.sleep(0.5)
                continue
            if not busy:
                await self._system.clock.sleep(IDLE_SECONDS)

    async def dispatch_batch(self) -> int:
        """Claim one batch, run its handlers, and return how many events it held.

        Events that a process died over come first and one by one. What a failed batch had claimed is due again at once.
        """
        if self._interrupted:
            async with self._system.transaction() as tx:
                await store.give_back(tx, owner=self._owner)
        self._interrupted = True
        seen = await self._dispatch_batch()
        self._interrupted = False
        return seen

    async def _dispatch_batch(self) -> int:
        await self._work_through_suspects()
        async with self._system.transaction() as tx:
            rows = await store.claim_due(tx, limit=self._batch_size, owner=self._owner)
        if not rows:
            return 0
        queue = iter(rows)
        self._finished = []
        lanes = [self._work_through(queue) for _ in range(min(self._concurrency, len(rows)))]
        ends = await asyncio.gather(*lanes, return_exceptions=True)
        await self._note_finished()
        for end in ends:
            if end is not None:
                raise end
        return len(rows)

    async def _work_through_suspects(self) -> None:
        while True:
            async with self._system.transaction() as tx:
                suspect = await store.claim_suspect(tx, owner=self._owner)
            if suspect is None:
                return
            self._finished = []
            await self._dispatch(suspect)
            await self._note_finished()

    async def _note_finished(self) -> None:
        if self._finished:
            async with self._system.transaction() as tx:
                await store.finish(tx, event_ids=self._finished, owner=self._owner)

    async def _work_through(self, queue: Iterator[OutboxRow]) -> None:
        for row in queue:  # all lanes share one iterator
            await self._dispatch(row)

    async def _dispatch(self, row: OutboxRow) -> None:
        if row.claims > MAX_CRASHES:
            await self._bury(row, f"held by {row.claims - 1} processes that crashed")
            return
        try:
            event = self._catalogue.decode(row.name, row.payload)
        except (UnknownEvent, MalformedEvent) as error:
            await self._bury(row, f"{type(error).__name__}: {error}")
            return
        for handler in self._handlers.of(row.name):
            if handler.name in row.handled:
                continue
            try:
                await self._run(handler, event, row)
            except Exception as error:  # noqa: BLE001 - a handler's fault is its event's, not the dispatcher's
                await self._fail(row, handler, error)
                return
        self._finished.append(row.id)

    async def _run(self, handler: Handler, event: Event, row: OutboxRow) -> None:
        database = self._system if row.tenant_id is None else self._app
        async with database.transaction(row.tenant_id, correlation_id=row.correlation_id, causation_id=row.id) as tx:
            if await store.mark_handled(tx, event_id=row.id, owner=self._owner, handler=handler.name):
                await handler.work(tx, NewsOf(event, row.id))

    async def _fail(self, row: OutboxRow, handler: Handler, error: Exception) -> None:
        reason = f"{handler.name}: {type(error).__name__}: {error}"[:500]
        log.warning("event_not_handled", event_name=row.name, handler=handler.name, error=type(error).__name__)
        if row.attempts + 1 >= MAX_ATTEMPTS:
            await self._bury(row, reason)
            return
        async with self._system.transaction() as tx:
            await store.postpone(
                tx, event_id=row.id, owner=self._owner, error=reason, until=tx.now + backoff(row.attempts)
            )

    async def _bury(self, row: OutboxRow, reason: str) -> None:
        """Move a poison event aside; what does not fit the catalogue is wrapped in an event that does."""
        name, payload = row.name, row.payload
        try:
            self._catalogue.decode(name, payload)
        except (UnknownEvent, MalformedEvent):
            wrapped = EventRejected(original_name=name, original=payload)
            name, payload = wrapped.name, encode(wrapped)
        log.error("event_buried", event_name=row.name, reason=reason)
        async with self._system.transaction() as tx:
            await store.bury(tx, event_id=row.id, owner=self._owner, name=name, payload=payload, error=reason)
