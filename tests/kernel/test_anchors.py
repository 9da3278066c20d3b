"""Heads of chains outside the database: what they find that the database's own hashes cannot."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from frontdesk.kernel.audit import JOURNAL, AnchorBook, Broken, Damage, Intact, verify_chain, write_entry
from frontdesk.kernel.clock import SystemClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.journal import Journal
from tests.support.actors import ADA_ACTS, MALLORY_ACTS

ADA, MALLORY = UUID(int=1), UUID(int=2)
KEY = "outside the database"


@pytest.fixture
async def system(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url, role=Role.SYSTEM, clock=SystemClock())
    yield database
    await database.close()


@pytest.fixture
async def journal(home: Path) -> AsyncIterator[Journal]:
    kept = Journal(home, JOURNAL)
    yield kept
    await kept.close()


async def write_some(system: Database, tenant: UUID | None, count: int, *, reason: str = "test") -> None:
    for number in range(count):
        async with system.transaction(tenant) as tx:
            await write_entry(
                tx, actor=ADA_ACTS, action="delivery.paused", subject=f"tenant:{number}", details={"reason": reason}
            )


async def note(system: Database, book: AnchorBook) -> int:
    async with system.transaction() as tx:
        return await book.note_heads(tx)


async def test_every_chain_is_noted_once_per_head(system: Database, journal: Journal, home: Path) -> None:
    book = AnchorBook(journal, key=KEY)
    assert await note(system, book) == 0
    for tenant in (None, ADA, MALLORY):
        await write_some(system, tenant, 2)
    assert await note(system, book) == 3
    assert await note(system, book) == 0
    await write_some(system, ADA, 1)
    assert await note(system, book) == 1
    reading = AnchorBook(Journal(home, JOURNAL), key=KEY).read()
    assert reading.damage == ()
    assert [head.seq for head in reading.of("audit", ADA)] == [2, 3]
    assert [head.seq for head in reading.of("audit", None)] == [2]


async def test_a_history_that_was_rewritten_as_a_whole_is_found(
    system: Database, journal: Journal, database_url: str
) -> None:
    book = AnchorBook(journal, key=KEY)
    await write_some(system, ADA, 4)
    await note(system, book)
    await write_some(system, ADA, 2)
    anchors = book.read().of("audit", ADA)
    async with system.transaction() as tx:
        assert isinstance(await verify_chain(tx, tenant_id=ADA, anchors=anchors), Intact)
    owner = await asyncpg.connect(database_url)
    await owner.execute("set session_replication_role = replica; delete from audit_log; delete from chain_heads")
    await owner.close()
    await write_some(system, ADA, 6, reason="what never was")
    async with system.transaction() as tx:
        assert isinstance(await verify_chain(tx, tenant_id=ADA), Intact), "its own hashes hold"
        assert await verify_chain(tx, tenant_id=ADA, anchors=anchors) == Broken(4, Damage.ANCHOR)


async def test_an_emptied_chain_is_found(system: Database, journal: Journal, database_url: str) -> None:
    book = AnchorBook(journal, key=KEY)
    await write_some(system, ADA, 4)
    await note(system, book)
    owner = await asyncpg.connect(database_url)
    await owner.execute("set session_replication_role = replica; delete from audit_log; delete from chain_heads")
    await owner.close()
    async with system.transaction() as tx:
        assert await verify_chain(tx, tenant_id=ADA, anchors=book.read().of("audit", ADA)) == Broken(1, Damage.ANCHOR)


async def test_an_anchor_without_the_key_is_named_and_not_believed(system: Database, journal: Journal) -> None:
    book = AnchorBook(journal, key=KEY)
    await write_some(system, ADA, 2)
    await note(system, book)
    await write_some(system, ADA, 1)
    await note(system, AnchorBook(journal, key="guessed"))
    await journal.append({"chain": "audit", "tenant_id": str(ADA), "seq": 9, "hash": "00"}, at=datetime.now(UTC))
    await journal.append({"mac": "é"}, at=datetime.now(UTC))
    reading = book.read()
    assert [head.seq for head in reading.of("audit", ADA)] == [2]
    assert [sentence.split(" was ")[0] for sentence in reading.damage] == [
        "journal entry 2", "journal entry 3", "journal entry 4",
    ]  # fmt: skip


def only_file(home: Path) -> Path:
    [file] = home.glob(f"{JOURNAL}-*.jsonl")
    return file


async def test_a_line_that_was_changed_or_taken_out_is_named(system: Database, journal: Journal, home: Path) -> None:
    book = AnchorBook(journal, key=KEY)
    for _ in range(3):
        await write_some(system, ADA, 1)
        await note(system, book)
    file = only_file(home)
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text(lines[0] + lines[2], encoding="utf-8")
    assert "line 2: does not follow" in book.read().damage[0]
    changed = json.loads(lines[1])
    changed["entry"]["seq"] = 7
    file.write_text(lines[0] + json.dumps(changed) + "\n" + lines[2], encoding="utf-8")
    assert "line 2: is not what was written" in book.read().damage[0]


async def test_mallorys_anchors_say_nothing_of_ada(system: Database, journal: Journal) -> None:
    book = AnchorBook(journal, key=KEY)
    async with system.transaction(MALLORY) as tx:
        await write_entry(tx, actor=MALLORY_ACTS, action="x", subject="y")
    await note(system, book)
    assert book.read().of("audit", ADA) == ()
    assert len(book.read().of("audit", MALLORY)) == 1
