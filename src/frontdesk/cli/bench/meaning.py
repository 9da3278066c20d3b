"""What search by meaning finds that words do not, on the labelled set of a source checkout; how fast, with how much."""

from __future__ import annotations

import asyncio
import json
import os
import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psutil

from frontdesk.cli.bench.callers import caller_number
from frontdesk.cli.bench.drain import ClosedLane, open_databases
from frontdesk.cli.bench.figures import latencies_ms
from frontdesk.cli.office import read_settings
from frontdesk.cli.seeding import BY, DEMO_BUSINESSES, DemoBusiness, seed
from frontdesk.features import conversations, insights, tenants
from frontdesk.kernel.db import Database
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.journal import Journal
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.ports import InboundText
from frontdesk.ports.embedding import Embedder, Wording
from frontdesk.schema.migrate import migrate
from frontdesk.wiring.models import open_meanings

FOLDER = Path("tests") / "fixtures" / "meanings"
SHOWN = 5  # of what words find, too: as many as meaning shows
SPARE = 1.7  # of a hundred made-up messages 60 are of the kind that is read
AT_ONCE = 1_000
ROUNDS = 30
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the set: which half it belongs to, its language, and the texts that answer it."""

    half: str
    language: str
    words: str
    texts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Answered:
    """What was found for a question, as texts of the set."""

    asked: Asked
    by_words: frozenset[str]
    by_meaning: frozenset[str]


async def run_meaning(*, folder: Path, texts: int) -> dict[str, object]:
    """Read the set, look each question up by words and by meaning; then search among `texts` made-up vectors."""
    labelled, questions = _read(folder)
    async with AsyncExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="fd-bench-", ignore_cleanup_errors=True)
        home = Path(stack.enter_context(temporary))
        meanings = open_meanings(stack, read_settings(home), kind="bench")
        embedder = meanings.embedder
        if embedder is None:
            raise Refused("bench.no_embedder", "search by meaning is off: install the extra `ai`, or set EMBEDDER")
        server = EmbeddedPostgres(home)
        stack.push_async_callback(server.stop)
        url = await server.start()
        await migrate(url)
        system, app = await open_databases(stack, url)
        await seed(system, home)
        small, large = [await _find(system, demo) for demo in DEMO_BUSINESSES[:2]]
        before = _memory_mib()
        took = await _embed(embedder, [body for _, body in labelled])
        loaded = _memory_mib()
        async with system.transaction(large) as tx:
            number = DEMO_BUSINESSES[1].phone_e164
            await insights.make_up_history(tx, people=2_000, messages=int(texts * SPARE), number_e164=number, by=BY)
        kept = await _keep(system, app, large, embedder, at_random=True)
        waits = await _search(app, large, meanings)
        journal = Journal(home / "journal")
        stack.push_async_callback(journal.close)
        await _say(app, small, labelled, journal)
        await _keep(system, app, small, embedder)
        answered = [await _ask(system, app, small, meanings, one, labelled) for one in questions]
        peak = _memory_mib()
    return {
        "model": embedder.model,
        "least_similarity": embedder.least_similarity,
        **latencies_ms(took, prefix="embed_"),
        "texts_compared": min(kept, conversations.MOST_COMPARED),
        **latencies_ms(waits, prefix="search_"),
        "model_memory_mib": round(loaded - before, 1),
        "memory_mib": round(peak, 1),
        **_score(answered),
        "violations": 0,
    }


def _read(folder: Path) -> tuple[list[tuple[str, str]], list[Asked]]:
    texts = [(name, body) for name, body in json.loads((folder / "texts.json").read_text(encoding="utf-8"))]
    asked = json.loads((folder / "queries.json").read_text(encoding="utf-8"))
    return texts, [Asked(half, language, words, frozenset(right)) for half, language, words, right in asked]


def _memory_mib() -> float:
    return float(psutil.Process(os.getpid()).memory_info().rss) / MIB


async def _find(system: Database, demo: DemoBusiness) -> UUID:
    async with system.transaction() as tx:
        found = await tenants.find_tenant_by_slug(tx, slug=demo.slug)
    if found is None:
        raise Refused("bench.no_demo", "the demo business is not there")
    return found.id


async def _embed(embedder: Embedder, texts: Sequence[str]) -> list[float]:
    """Read texts one by one, after one that loads the model; seconds each."""
    await embedder.embed([texts[0]], Wording.TEXT)
    took = []
    for text in texts:
        began = time.perf_counter()
        await embedder.embed([text], Wording.TEXT)
        took.append(time.perf_counter() - began)
    return took


async def _say(app: Database, tenant: UUID, texts: Sequence[tuple[str, str]], journal: Journal) -> None:
    """Let a different person say each text, so that each has a thread."""
    demo = DEMO_BUSINESSES[0]
    business = conversations.Business(name=demo.name, phone=demo.forwarding_e164)
    for place, (name, body) in enumerate(texts):
        text = InboundText(
            provider="bench",
            provider_message_id=name,
            sender_e164=caller_number(place),
            recipient_e164=demo.phone_e164,
            body=body,
        )
        async with app.transaction(tenant) as tx:
            await conversations.receive_text(tx, text, business=business, journal=journal, lane=ClosedLane())


async def _keep(system: Database, app: Database, tenant: UUID, embedder: Embedder, *, at_random: bool = False) -> int:
    """Write down what the unread texts of a business mean, or as many directions at random; returns how many."""
    chance, kept = random.Random(1), 0  # noqa: S311 - directions for a measurement
    [probe] = await embedder.embed(["hello"], Wording.TEXT)
    while True:
        async with system.transaction() as tx:
            unread = await conversations.claim_unread(tx, model=embedder.model, limit=AT_ONCE)
        if unread is None:
            return kept
        if at_random:
            vectors: list[Sequence[float]] = [[chance.gauss(0.0, 1.0) for _ in probe] for _ in unread.texts]
        else:
            vectors = await embedder.embed([body for _, body in unread.texts], Wording.TEXT) if unread.texts else []
        async with app.transaction(unread.tenant_id) as tx:
            await conversations.keep_meanings(tx, unread, vectors)
        kept += len(vectors) if unread.tenant_id == tenant else 0


async def _ask(
    system: Database,
    app: Database,
    tenant: UUID,
    meanings: conversations.Meanings,
    asked: Asked,
    labelled: Sequence[tuple[str, str]],
) -> Answered:
    """Look a question up as the inbox does, meaning also for what words find: what each finds alone is compared."""
    async with system.transaction(tenant) as tx:
        places = await conversations.find_words(tx, words=asked.words, limit=SHOWN)
    question = await meanings.read(asked.words)
    async with app.transaction(tenant) as tx:
        found = await conversations.show_words(tx, places, words=asked.words)
        meant = await conversations.find_alike(tx, question)
    said = {caller_number(place): name for place, (name, _) in enumerate(labelled)}
    return Answered(
        asked,
        frozenset(said[one.phone_e164] for one in found if one.phone_e164 in said),
        frozenset(said[one.phone_e164] for one in meant.texts if one.phone_e164 in said),
    )


async def _search(app: Database, tenant: UUID, meanings: conversations.Meanings) -> list[float]:
    """Search by meaning again and again, the question's own reading left out; seconds each."""
    question = await meanings.read("somebody asks for a price")
    waits = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        async with app.transaction(tenant) as tx:
            await conversations.find_alike(tx, question)
        waits.append(time.perf_counter() - began)
        await asyncio.sleep(0)
    return waits


def _score(answered: Sequence[Answered]) -> dict[str, object]:
    figures: dict[str, object] = {}
    for half in ("tune", "held"):
        mine = [one for one in answered if one.asked.half == half]
        asked = [one for one in mine if one.asked.texts]
        shown = sum(len(one.by_meaning) for one in asked)
        right = sum(len(one.by_meaning & one.asked.texts) for one in asked)
        figures |= {
            f"{half}_questions": len(asked),
            f"{half}_answered_by_words": sum(bool(one.by_words & one.asked.texts) for one in asked),
            f"{half}_answered_by_meaning": sum(bool(one.by_meaning & one.asked.texts) for one in asked),
            f"{half}_answered_by_either": sum(bool((one.by_words | one.by_meaning) & one.asked.texts) for one in asked),
            f"{half}_right_of_shown": round(right / shown, 3) if shown else 0.0,
            f"{half}_shown_where_nothing_fits": sum(len(one.by_meaning) for one in mine if not one.asked.texts),
        }
    return figures
