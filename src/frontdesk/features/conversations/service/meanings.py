"""Search by meaning: texts are read for it in the background, a question is compared with the newest of them."""

from __future__ import annotations

import asyncio
from array import array
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from frontdesk.features.conversations.model import Alike, Meaning, Unread
from frontdesk.features.conversations.queries import meanings as queries
from frontdesk.features.conversations.service.searching import MAX_WORDS
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.telemetry import get_logger
from frontdesk.ports import ProviderError
from frontdesk.ports.embedding import Embedder, Wording

MOST_COMPARED = 20_000
"""How many texts of a business a question is compared with, the newest; older ones are not read either."""

SHOWN = 5
CANDIDATES = 40  # several may stand in one thread
KEPT_QUESTIONS = 256
LEASE = timedelta(seconds=90)
LARGEST = 127  # of a signed byte
ROWS = 1024  # as wide numbers they fit a processor's cache
BILLION = 1_000_000_000
NO_MEANING = Meaning(0, b"")

log = get_logger("meaning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is looked for, as its meaning; without a vector `because` says why meaning is left out."""

    model: str = ""
    vector: Sequence[float] = ()
    least: float = 1.0
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What means alike, closest first; `because` says why nothing was looked for, `reading` that more is to be read."""

    texts: Sequence[Alike] = ()
    because: str = ""
    reading: bool = False


class Meanings:
    """Reads questions for their meaning, and says why it does not where there is no embedder."""

    def __init__(self, embedder: Embedder | None, *, because: str = "") -> None:
        self.embedder = embedder
        self.because = because
        self._asked: OrderedDict[str, Question] = OrderedDict()

    async def read(self, words: str) -> Question:
        """Read what somebody looks for; never refuses: whatever is wrong, words are still searched."""
        wanted = " ".join(words.split())[:MAX_WORDS]
        if self.embedder is None or not wanted:
            return Question(because=self.because)
        if (known := self._asked.get(wanted)) is not None:
            self._asked.move_to_end(wanted)
            return known
        try:
            [vector] = await self.embedder.embed([wanted], Wording.QUESTION)
        except ProviderError as refusal:
            log.warning("meaning.question_not_read", error=str(refusal))
            return Question(because=f"Search by meaning is not available right now: {refusal}.")
        question = Question(model=self.embedder.model, vector=vector, least=self.embedder.least_similarity)
        self._asked[wanted] = question
        if len(self._asked) > KEPT_QUESTIONS:
            self._asked.popitem(last=False)
        return question


async def find_alike(
    tx: Transaction, question: Question, *, apart_from: Collection[UUID] = (), limit: int = SHOWN
) -> Meant:
    """Find the texts closest in meaning, one a thread, among the newest 20,000; `apart_from` were found by words."""
    if not question.vector:
        return Meant(because=question.because)
    reading = await queries.is_reading(tx, model=question.model)
    packed = await queries.read_newest(tx, model=question.model, dimensions=len(question.vector), limit=MOST_COMPARED)
    if packed is None:
        return Meant(reading=reading)
    close = await asyncio.to_thread(_closest, packed, question, CANDIDATES + len(apart_from))
    close = [one for one in close if one[0] not in apart_from][:CANDIDATES]
    texts: dict[UUID, Alike] = {}
    for one in await queries.list_alike(tx, close=close) if close else []:
        texts.setdefault(one.conversation_id, one)
    return Meant(texts=list(texts.values())[:limit], reading=reading)


async def claim_unread(system: Transaction, *, model: str, limit: int, most: int = MOST_COMPARED) -> Unread | None:
    """Lease a few texts of one business that are to be read, new ones before old ones; None if nothing is left.

    `system` is a transaction of the system role. Old texts are read until `most` are known, or a few more. Whoever
    dies with a lease is waited for for 90 s.
    """
    await queries.add_marks(system, model=model)
    until = system.now + LEASE
    mark = await queries.claim_new(system, model=model, until=until)
    if mark is not None:
        new = await queries.list_new(system, tenant_id=mark.tenant_id, model=model, after=mark.newest_at, limit=limit)
        return Unread(
            tenant_id=mark.tenant_id,
            model=model,
            texts=tuple((one.id, one.body) for one in new),
            newest_at=new[-1].created_at if len(new) == limit else system.now,
            oldest_at=mark.oldest_at,
        )
    await queries.advance_marks(system, model=model)
    mark = await queries.claim_old(system, model=model, until=until)
    if mark is None or mark.oldest_at is None:
        return None
    newer = await queries.count_newer(system, tenant_id=mark.tenant_id, model=model, since=mark.oldest_at, most=most)
    old = await queries.list_old(
        system, tenant_id=mark.tenant_id, model=model, until=mark.oldest_at, limit=min(limit, most - newer)
    )
    return Unread(
        tenant_id=mark.tenant_id,
        model=model,
        texts=tuple((one.id, one.body) for one in old),
        newest_at=mark.newest_at,
        oldest_at=old[-1].created_at if len(old) == limit else None,
    )


async def keep_meanings(tx: Transaction, unread: Unread, vectors: Sequence[Sequence[float]]) -> None:
    """Write down what leased texts mean, in order, and that they are read; an empty vector says that none was made."""
    made = [(text_id, pack(vector)) for (text_id, _), vector in zip(unread.texts, vectors, strict=True)]
    if made:
        await queries.add_meanings(tx, model=unread.model, meanings=made)
    await queries.move_mark(tx, model=unread.model, newest_at=unread.newest_at, oldest_at=unread.oldest_at)


async def note_unreadable(tx: Transaction, unread: Unread, failure: str) -> None:
    """Write down why leased texts could not be read; they stay to be read."""
    await queries.note_failure(tx, model=unread.model, failure=failure)


async def forget_failures(system: Transaction) -> None:
    """Forget why texts could not be read, of every business: they can be again, or nobody wants them to be."""
    await queries.forget_failures(system)


def pack(vector: Sequence[float]) -> Meaning:
    """Write a vector as one signed byte a dimension; its cosines stay right to some 0.001."""
    largest = max((abs(value) for value in vector), default=0.0)
    if largest == 0.0:
        return NO_MEANING
    scale = largest / LARGEST
    return Meaning(round(scale * BILLION), array("b", [round(value / scale) for value in vector]).tobytes())


def _closest(packed: queries.Packed, question: Question, limit: int) -> list[tuple[UUID, float]]:
    """Compare a question with many texts; those at least as close as the model says, closest first."""
    import numpy as np  # noqa: PLC0415 - an extra, and 20 MB of memory for whoever searches by meaning

    asked = np.asarray(question.vector, dtype=np.float32)
    scales = np.frombuffer(packed.scales, dtype=">i4")
    vectors = np.frombuffer(packed.vectors, dtype=np.int8).reshape(len(scales), len(asked))
    parts = [vectors[at : at + ROWS].astype(np.float32) @ asked for at in range(0, len(vectors), ROWS)]
    cosines = np.concatenate(parts) * (scales / BILLION)
    found = np.flatnonzero(cosines >= question.least)
    best = found[np.argsort(-cosines[found], kind="stable")][:limit]
    return [(UUID(bytes=packed.ids[16 * one : 16 * one + 16]), float(cosines[one])) for one in best.tolist()]
