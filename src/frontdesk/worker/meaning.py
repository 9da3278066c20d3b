"""Reads texts for their meaning, in the background: a few at a time, with rests, so that nothing else waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from frontdesk.features import conversations
from frontdesk.features.conversations import Unread
from frontdesk.kernel.clock import Clock
from frontdesk.kernel.db import Database
from frontdesk.kernel.loops import Loop, Tempo
from frontdesk.kernel.telemetry import get_logger
from frontdesk.ports import ProviderError
from frontdesk.ports.embedding import Embedder, Wording
from frontdesk.wiring import Frontdesk

PER_SECOND = 20.0
RESTS = 2.0  # times as long as the reading took: a third of one processor at most
QUICK_SECONDS, SLOW_SECONDS = 0.5, 2.0
FAILED_SECONDS = 30.0
LONGEST_SECONDS = 600.0  # whatever an endpoint asks for
OFF_SECONDS = 3600.0
PROBE = "hello"
FOR_ITS_TEXT = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY})

log = get_logger("meaning")


class MeaningReader:
    """Reads what is unread, business by business; several workers may each have one."""

    def __init__(
        self,
        embedder: Embedder,
        *,
        system: Database,
        app: Database,
        clock: Clock,
        most: int = conversations.MOST_COMPARED,
    ) -> None:
        self._most = most
        self._embedder = embedder
        self._system = system
        self._app = app
        self._clock = clock
        self._tempo = Tempo(quick=QUICK_SECONDS, slow=SLOW_SECONDS)
        self._found = False
        self._failed = False
        self._noted = True  # what an earlier process noted is looked at anew

    async def turn(self) -> float:
        """Read a few texts of one business; returns the seconds to rest."""
        async with self._system.transaction() as tx:
            unread = await conversations.claim_unread(
                tx, model=self._embedder.model, limit=self._embedder.batch, most=self._most
            )
        self._found = unread is not None
        if unread is None:
            return self._tempo.after(found_work=False)
        self._tempo.after(found_work=True)
        begun = self._clock.monotonic()
        try:
            vectors = await self._read(unread)
        except ProviderError as refusal:
            return await self._give_up(unread, refusal)
        async with self._app.transaction(unread.tenant_id) as tx:
            await conversations.keep_meanings(tx, unread, vectors)
        if vectors:
            await self._recover()
        took = self._clock.monotonic() - begun
        return max(len(vectors) / PER_SECOND - took, took * RESTS)

    async def read_all(self) -> None:
        """Take turns without a rest until nothing is unread, or texts cannot be read."""
        while True:
            await self.turn()
            if not self._found or self._failed:
                return

    async def _read(self, unread: Unread) -> list[Sequence[float]]:
        bodies = [body for _, body in unread.texts]
        if not bodies:
            return []
        try:
            return await self._embedder.embed(bodies, Wording.TEXT)
        except ProviderError as refusal:
            if refusal.http_status not in FOR_ITS_TEXT:
                raise
        return [await self._read_alone(body) for body in bodies]

    async def _read_alone(self, body: str) -> Sequence[float]:
        """Read one text; one that alone is refused has no meaning, and nobody tries it again."""
        try:
            [vector] = await self._embedder.embed([body], Wording.TEXT)
        except ProviderError as refusal:
            if refusal.http_status not in FOR_ITS_TEXT:
                raise
            await self._embedder.embed([PROBE], Wording.TEXT)  # refused as well: it is not the text
            return ()
        return vector

    async def _give_up(self, unread: Unread, refusal: ProviderError) -> float:
        if not self._failed:
            log.warning("meaning.texts_not_read", error=str(refusal), effect="search finds words alone")
        self._failed = self._noted = True
        async with self._app.transaction(unread.tenant_id) as tx:
            await conversations.note_unreadable(tx, unread, str(refusal))
        return min(max(FAILED_SECONDS, refusal.retry_after or 0.0), LONGEST_SECONDS)

    async def _recover(self) -> None:
        self._failed = False
        if self._noted:
            self._noted = False
            async with self._system.transaction() as tx:
                await conversations.forget_failures(tx)


def reading(parts: Frontdesk) -> Loop:
    """Make the loop that reads texts for their meaning; without an embedder it forgets what went wrong with one."""
    embedder = parts.meanings.embedder
    if embedder is not None:
        reader = MeaningReader(embedder, system=parts.system, app=parts.app, clock=parts.clock)
        return Loop("read texts for their meaning", reader.turn)

    async def turn() -> float:
        async with parts.system.transaction() as tx:
            await conversations.forget_failures(tx)
        return OFF_SECONDS

    return Loop("read texts for their meaning", turn)
