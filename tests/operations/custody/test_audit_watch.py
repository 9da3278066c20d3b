"""Whoever changes history is found within one turn, with the row named, and nothing is repaired unseen."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from frontdesk.kernel import audit
from frontdesk.kernel.audit import AnchorBook
from frontdesk.kernel.db import Database
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.upkeep import Finding, Severity
from frontdesk.operations.checking.looking import look
from frontdesk.operations.checking.registry import get_check
from frontdesk.operations.custody import queries
from frontdesk.operations.custody.model import ANCHORS, PLATFORM
from frontdesk.operations.custody.verifying import Custodian, acknowledge_break
from tests.support.actors import ADA_ACTS

ADA, MALLORY = UUID(int=0xADA), UUID(int=0xBAD)
CHECK = get_check("custody.audit_is_unbroken")


@pytest.fixture
def book(home: Path) -> AnchorBook:
    """Lend the heads kept outside the database."""
    return audit.open_book(home)


@pytest.fixture
def custodian(system: Database, home: Path, book: AnchorBook) -> Custodian:
    """Lend whoever verifies."""
    return Custodian(system, book, folder=home / "evidence")


async def write_some(system: Database, tenant: UUID | None, count: int = 5) -> None:
    for number in range(count):
        async with system.transaction(tenant) as tx:
            await audit.write_entry(tx, actor=ADA_ACTS, action="delivery.paused", subject=f"tenant:{number}")


async def as_owner(database_url: str, statement: str) -> None:
    """Do what only the owner of the database can: history's own triggers are off."""
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute("set session_replication_role = replica")
        await owner.execute(statement.replace("ADAS", f"tenant_id = '{ADA}'"))
    finally:
        await owner.close()


async def seen(system: Database) -> Finding:
    return await look(system, CHECK)


ATTACKS = {
    "edited": ("update audit_log set actor = 'user:mallory' where seq = 3 and ADAS", 3),
    "deleted": ("delete from audit_log where seq = 2 and ADAS", 2),
    "reordered": (
        """update audit_log set seq = 100 where seq = 2 and ADAS;
            update audit_log set seq = 2 where seq = 3 and ADAS;
            update audit_log set seq = 3 where seq = 100 and ADAS""",
        2,
    ),
    "cut off": ("delete from audit_log where seq >= 4 and ADAS", 5),
    "truncated": ("truncate audit_log", 5),
    "rewritten with its head": (
        """delete from audit_log where seq > 3 and ADAS;
            update chain_heads set seq = 3, hash = (select hash from audit_log where seq = 3 and ADAS)
            where ADAS""",
        5,
    ),
    "emptied with its head and what was verified": (
        "truncate audit_log; truncate chain_heads; truncate chain_verifications",
        1,
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_owner_who_changes_history_is_found_at_the_next_turn_with_the_row_named(
    attack: str, system: Database, custodian: Custodian, database_url: str, home: Path
) -> None:
    statement, entry = ATTACKS[attack]
    await write_some(system, ADA)
    await write_some(system, MALLORY)
    assert await custodian.verify_once() == 0
    assert (await seen(system)).severity is Severity.OK
    await as_owner(database_url, statement)
    assert await custodian.verify_once() or await custodian.verify_once()
    found = await seen(system)
    assert found.severity is Severity.CRITICAL
    broken = {one["whose"]: one for one in json.loads(json.dumps(found.evidence["broken"]))}
    assert broken[str(ADA)]["entry"] == entry
    assert f"entry {entry}" in found.words
    kept = {str(path): path.stat().st_mode & 0o077 for path in (home / "evidence").glob("*.jsonl")}
    assert kept == {one["evidence"]: 0 for one in broken.values()}


async def test_what_is_new_is_verified_without_reading_the_old_again(system: Database, custodian: Custodian) -> None:
    await write_some(system, ADA, 3)
    await custodian.verify_once()
    await write_some(system, ADA, 2)
    await custodian.verify_once()
    async with system.transaction() as tx:
        kept = await queries.find_verification(tx, whose=str(ADA))
    assert kept is not None
    assert kept.verified is not None
    assert kept.verified.seq == 5
    assert kept.broken is None


async def test_a_break_stays_and_nothing_is_repaired_until_a_person_has_acknowledged_it(
    system: Database, custodian: Custodian, book: AnchorBook, database_url: str
) -> None:
    await write_some(system, ADA)
    await custodian.verify_once()
    await as_owner(database_url, "delete from audit_log where seq = 2")
    assert await custodian.verify_once() == 1
    assert await custodian.verify_whole() == 1
    async with system.transaction(ADA) as tx:
        known = await acknowledge_break(tx, book, whose=str(ADA), by=ADA_ACTS, reason="a mistake with a script")
        entries = await audit.list_entries(tx, tenant_id=ADA)
    assert known.seq == 2
    assert [entry.seq for entry in entries] == [1, 3, 4, 5, 6], "what is gone stays gone, for everybody to see"
    assert entries[-1].action == "custody.break_acknowledged"
    assert await custodian.verify_once() == 0
    assert await custodian.verify_whole() == 0
    assert (await seen(system)).severity is Severity.OK
    await write_some(system, ADA, 2)
    await as_owner(database_url, "update audit_log set action = 'x' where seq = 7")
    assert await custodian.verify_once() == 1, "behind the known break everything is verified as before"


async def test_nobody_acknowledges_what_is_not_broken(system: Database, book: AnchorBook) -> None:
    async with system.transaction() as tx:
        with pytest.raises(Refused, match="No break"):
            await acknowledge_break(tx, book, whose=PLATFORM, by=ADA_ACTS, reason="none")


async def test_the_heads_outside_are_watched_themselves(
    system: Database, custodian: Custodian, book: AnchorBook, home: Path
) -> None:
    await write_some(system, ADA)
    assert await custodian.verify_whole() == 0
    [journal] = (home / "journal").glob("audit-heads-*.jsonl")
    journal.write_text(journal.read_text(encoding="utf-8").replace('"seq":5', '"seq":4', 1), encoding="utf-8")
    assert await custodian.verify_whole() == 1
    assert "journal of heads" in (await seen(system)).words
    async with system.transaction() as tx:
        await acknowledge_break(tx, book, whose=ANCHORS, by=ADA_ACTS, reason="a broken disk")
    assert await custodian.verify_whole() == 0
    journal.unlink()
    assert await custodian.verify_whole() == 1, "a journal that is gone is no journal that is well"


async def test_the_evidence_is_believed_or_not_without_a_database(
    system: Database, custodian: Custodian, database_url: str, home: Path
) -> None:
    await write_some(system, ADA)
    await custodian.verify_once()
    await as_owner(
        database_url, "update audit_log set canonical = replace(canonical, 'paused', 'resumed') where seq = 4"
    )
    await custodian.verify_once()
    [file] = (home / "evidence").glob("*.jsonl")
    *lines, last = file.read_text(encoding="utf-8").splitlines()
    head = audit.ChainHead(json.loads(last)["entries"], bytes.fromhex(json.loads(last)["head"]))
    state = audit.verify_export(lines, chain="audit", tenant_id=ADA, head=head)
    assert state == audit.Broken(4, audit.Damage.CHANGED)
    rows = json.loads(file.with_suffix(".rows.json").read_text(encoding="utf-8"))
    assert [row["seq"] for row in rows] == [2, 3, 4, 5]


async def test_a_disk_that_takes_no_evidence_hides_no_break(
    system: Database, book: AnchorBook, database_url: str, home: Path
) -> None:
    (home / "evidence").write_text("a file where a folder has to be", encoding="utf-8")
    custodian = Custodian(system, book, folder=home / "evidence")
    await write_some(system, ADA)
    await custodian.verify_once()
    await as_owner(database_url, "delete from audit_log where seq = 2")
    assert await custodian.verify_once() == 1
    assert (await seen(system)).severity is Severity.CRITICAL


async def test_one_process_verifies_at_a_time(system: Database, custodian: Custodian) -> None:
    await write_some(system, ADA)
    async with system.transaction() as tx:
        assert await queries.take_turn(tx)
        assert await custodian.verify_once() is None
    assert await custodian.verify_once() == 0
