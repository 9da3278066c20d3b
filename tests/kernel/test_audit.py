"""The audit log shows every way of tampering with it, even by someone who owns the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.kernel.actor import person
from frontdesk.kernel.audit import (
    Broken,
    ChainCheck,
    ChainHead,
    Damage,
    Intact,
    Link,
    canonical_json,
    export_line,
    genesis,
    link_hash,
    list_entries,
    verify_chain,
    verify_export,
    write_entry,
)
from frontdesk.kernel.clock import SystemClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.ids import new_id
from tests.support.actors import ADA_ACTS, MALLORY_ACTS

ADA, MALLORY = UUID(int=1), UUID(int=2)


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url, role=Role.APP, clock=SystemClock())
    yield database
    await database.close()


@pytest.fixture
async def system(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url, role=Role.SYSTEM, clock=SystemClock())
    yield database
    await database.close()


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def superuser(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url, role=Role.LOGIN, clock=SystemClock())
    yield database
    await database.close()


class Undo(Exception):
    """Ends a transaction without its changes."""


async def write_some(database: Database, tenant: UUID | None = ADA, count: int = 5) -> None:
    for number in range(count):
        async with database.transaction(tenant) as tx:
            await write_entry(
                tx,
                actor=ADA_ACTS,
                action="delivery.paused",
                subject=f"tenant:{number}",
                details={"reason": "test", "n": number, "ratio": 0.1, "list": [1, None, True]},
            )


async def state_of(database: Database, tenant: UUID | None = ADA, anchor: ChainHead | None = None) -> Intact | Broken:
    async with database.transaction(tenant) as tx:
        return await verify_chain(tx, tenant_id=tenant, anchors=[anchor] if anchor else [])


async def test_an_untouched_chain_is_intact_for_the_app_and_for_the_platform(app: Database, system: Database) -> None:
    assert await state_of(app) == Intact(None)
    await write_some(app)
    await write_some(system, None, count=2)
    tenant_state, platform_state = await state_of(app), await state_of(system, None)
    assert isinstance(tenant_state, Intact)
    assert tenant_state.head is not None
    assert tenant_state.head.seq == 5
    assert isinstance(platform_state, Intact)
    assert platform_state.head is not None
    assert platform_state.head.seq == 2


async def test_an_entry_belongs_to_the_transaction_of_its_change(app: Database) -> None:
    await write_some(app, count=1)
    with suppress(Undo):
        async with app.transaction(ADA) as tx:
            await write_entry(tx, actor=ADA_ACTS, action="x", subject="y")
            raise Undo
    await write_some(app, count=1)
    state = await state_of(app)
    assert isinstance(state, Intact)
    assert state.head is not None
    assert state.head.seq == 2


async def test_concurrent_writers_of_one_chain_leave_no_gap(app: Database) -> None:
    await asyncio.gather(*(write_some(app, count=4) for _ in range(10)))
    state = await state_of(app)
    assert isinstance(state, Intact)
    assert state.head is not None
    assert state.head.seq == 40


async def test_checking_while_others_write_raises_no_false_alarm(app: Database) -> None:
    async def check() -> list[Intact | Broken]:
        return [await state_of(app) for _ in range(15)]

    *_, states = await asyncio.gather(*(write_some(app, count=10) for _ in range(3)), check())
    assert states
    assert all(isinstance(state, Intact) for state in states)


ATTACKS = [
    ("update audit_log set details = '{}' where seq = 3", Broken(3, Damage.COLUMNS)),
    ("update audit_log set actor = 'user:mallory' where seq = 3", Broken(3, Damage.COLUMNS)),
    ("update audit_log set at = at - interval '1 hour' where seq = 3", Broken(3, Damage.COLUMNS)),
    ("update audit_log set canonical = replace(canonical, 'ada', 'eve') where seq = 3", Broken(3, Damage.CHANGED)),
    (
        "update audit_log set canonical = '{}', hash = sha256(prev_hash || int8send(seq) || '{}') where seq = 3",
        Broken(3, Damage.COLUMNS),
    ),
    (
        """update audit_log set subject = 'tenant:9', canonical = replace(canonical, 'tenant:2', 'tenant:9'),
           hash = sha256(prev_hash || int8send(seq)
                         || convert_to(replace(canonical, 'tenant:2', 'tenant:9'), 'UTF8')) where seq = 3""",
        Broken(4, Damage.DETACHED),
    ),
    ("delete from audit_log where seq = 3", Broken(3, Damage.MISSING)),
    ("delete from audit_log where seq = 1", Broken(1, Damage.MISSING)),
    ("update audit_log set seq = seq + 100 where seq in (2, 3)", Broken(2, Damage.MISSING)),
    (
        """update audit_log set seq = 100 where seq = 2; update audit_log set seq = 2 where seq = 3;
           update audit_log set seq = 3 where seq = 100""",
        Broken(2, Damage.CHANGED),
    ),
    ("delete from audit_log where seq >= 4", Broken(4, Damage.MISSING)),
    ("truncate audit_log", Broken(1, Damage.MISSING)),
    ("delete from chain_heads", Broken(5, Damage.HEAD)),
    ("update chain_heads set seq = 4", Broken(5, Damage.HEAD)),
    ("update chain_heads set hash = sha256('x')", Broken(5, Damage.HEAD)),
]


async def test_a_superuser_who_edits_deletes_reorders_or_truncates_is_found_at_the_first_broken_link(
    app: Database, superuser: Database
) -> None:
    await write_some(app)
    for attack, found in ATTACKS:
        with suppress(Undo):
            async with superuser.transaction(ADA) as tx:
                await tx.execute(attack)
                assert await verify_chain(tx, tenant_id=ADA) == found, attack
                raise Undo
    assert isinstance(await state_of(app), Intact)


async def test_a_chain_cut_together_with_its_head_is_found_by_an_anchor_kept_elsewhere(
    app: Database, owner: asyncpg.Connection
) -> None:
    await write_some(app)
    before = await state_of(app)
    assert isinstance(before, Intact)
    await owner.execute(
        """delete from audit_log where seq > 3;
           update chain_heads set seq = 3, hash = (select hash from audit_log where seq = 3)"""
    )
    assert isinstance(await state_of(app), Intact)
    assert await state_of(app, anchor=before.head) == Broken(4, Damage.ANCHOR)
    await write_some(app, count=2)
    assert await state_of(app, anchor=before.head) == Broken(5, Damage.ANCHOR)


REFUSED = [
    "update audit_log set actor = 'x'",
    "delete from audit_log",
    "truncate audit_log",
    "delete from chain_heads",
    "truncate chain_heads",
    "update chain_heads set seq = 1",
    "update chain_heads set hash = sha256('x')",
    "update chain_heads set seq = seq + 1",
    "drop trigger audit_log_no_change on audit_log",
    "alter table audit_log disable trigger all",
]


async def test_our_own_roles_cannot_change_history(app: Database, system: Database) -> None:
    await write_some(app, count=2)
    for database in (app, system):
        for attack in REFUSED:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction(ADA) as tx:
                    await tx.execute(attack)
    assert isinstance(await state_of(app), Intact)


async def test_even_the_tables_owner_is_refused_unless_a_superuser(app: Database, owner: asyncpg.Connection) -> None:
    await write_some(app)
    await owner.execute("create role table_owner; alter table audit_log owner to table_owner")
    async with owner.transaction():
        await owner.execute("set local role table_owner")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="history is only ever added to"):
            async with owner.transaction():
                await owner.execute("truncate audit_log")
        # Forced row security hides the rows from their owner, who holds no policy.
        assert await owner.execute("delete from audit_log") == "DELETE 0"
    await owner.execute("reset role; alter table audit_log owner to current_user; drop role table_owner")
    assert isinstance(await state_of(app), Intact)


async def test_mallory_sees_nothing_of_ada_and_cannot_write_into_her_chain(app: Database) -> None:
    await write_some(app)
    async with app.transaction(MALLORY) as tx:
        assert await list_entries(tx, tenant_id=ADA) == []
        assert await tx.fetchval("select count(*) from chain_heads") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with app.transaction(MALLORY) as tx:
            await tx.fetchrow("select seq from chain_append('audit', $1, 'x')", ADA)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with app.transaction() as tx:
            await write_entry(tx, actor=MALLORY_ACTS, action="x", subject="y")


async def test_odd_text_is_kept_in_a_form_that_verifies(app: Database) -> None:
    details = {"text": "nul \x00 and \ud800 and é and \u2028", "big": 10**20, "tiny": 1e-7, "exp": 1e22}
    async with app.transaction(ADA) as tx:
        await write_entry(tx, actor=person(ADA, "a\x00b"), action="x", subject="\udfff", details=details)
    assert isinstance(await state_of(app), Intact)


async def test_python_and_sql_compute_the_same_links(app: Database) -> None:
    previous = genesis("anything", ADA)
    async with app.transaction(ADA) as tx:
        for seq, canonical in enumerate(["", "é", "x" * 10_000], start=1):
            row = await tx.fetchrow("select seq, prev_hash, hash from chain_append('anything', $1, $2)", ADA, canonical)
            assert row is not None
            assert (row["seq"], row["prev_hash"]) == (seq, previous)
            assert row["hash"] == link_hash(previous, seq, canonical)
            previous = row["hash"]


async def test_an_export_is_verified_without_a_database(app: Database) -> None:
    await write_some(app)
    async with app.transaction(ADA) as tx:
        entries = await list_entries(tx, tenant_id=ADA)
    lines = [export_line(entry.link) for entry in entries]
    head = ChainHead(entries[-1].seq, entries[-1].link.hash)

    def verdict(changed: list[str]) -> Intact | Broken:
        return verify_export(changed, chain="audit", tenant_id=ADA, head=head)

    assert verdict(lines) == Intact(head)
    assert verdict([lines[0], lines[2], lines[1], *lines[3:]]) == Broken(2, Damage.MISSING)
    assert verdict(lines[:-1]) == Broken(5, Damage.MISSING)
    assert verdict([*lines[:2], lines[2].replace("tenant:2", "tenant:7"), *lines[3:]]) == Broken(3, Damage.CHANGED)
    assert verdict([*lines[:2], "not json", *lines[3:]]) == Broken(3, Damage.CHANGED)
    other = verify_export(lines, chain="audit", tenant_id=MALLORY, head=head)
    assert other == Broken(1, Damage.DETACHED)


@given(st.lists(st.text(max_size=20), min_size=2, max_size=6), st.data())
def test_any_single_change_to_a_chain_is_found(texts: list[str], data: st.DataObject) -> None:
    tenant, previous, links = new_id(), b"", []
    previous = genesis("c", tenant)
    for seq, text in enumerate(texts, start=1):
        canonical = canonical_json({"t": text})
        links.append(Link(seq, canonical, previous, link_hash(previous, seq, canonical)))
        previous = links[-1].hash
    head = ChainHead(len(links), links[-1].hash)
    victim = data.draw(st.integers(0, len(links) - 1))
    damaged = data.draw(
        st.sampled_from(
            [
                links[:victim] + links[victim + 1 :],
                [
                    *links[:victim],
                    Link(victim + 1, "{}", links[victim].prev_hash, links[victim].hash),
                    *links[victim + 1 :],
                ],
                [*links, links[victim]],
            ]
        )
    )
    check = ChainCheck("c", tenant)
    first = next((broken for broken in map(check.take, damaged) if broken is not None), None)
    assert isinstance(first or check.finish(head), Broken)


def test_numbers_that_json_cannot_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"x": float("nan")})
    with pytest.raises(TypeError):
        canonical_json({"x": datetime.now(UTC)})
