"""The fence: a database that was copied, restored or promoted acts only once a person has claimed it."""

from __future__ import annotations

from urllib.parse import urlsplit

import asyncpg
import pytest

from frontdesk.kernel import epoch
from frontdesk.kernel.audit import list_entries
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role, Transaction
from frontdesk.kernel.errors import Refused
from tests.support.actors import ADA_ACTS
from tests.support.database import clone_of


async def opened(url: str) -> Database:
    return await Database.open(url, role=Role.SYSTEM, clock=DatabaseClock(), max_size=2)


async def founded(url: str) -> Database:
    system = await opened(url)
    async with system.transaction() as tx:
        await epoch.found(tx)
    return system


async def claims(system: Database) -> tuple[bool, epoch.Epoch]:
    async with system.transaction() as tx:
        return await epoch.is_claimed(tx), await epoch.read_epoch(tx)


async def test_a_new_database_is_claimed_by_founding_it_and_stays_so(database_url: str) -> None:
    system = await founded(database_url)
    is_claimed, era = await claims(system)
    assert is_claimed
    assert era.claimed
    assert era.why_fenced == ""
    again = await founded(database_url)
    assert (await claims(again))[1] == era
    await system.close()
    await again.close()


async def test_a_copy_is_fenced_until_somebody_claims_it(database_server: str, database_url: str) -> None:
    system = await founded(database_url)
    await system.close()
    async with clone_of(database_server, urlsplit(database_url).path.removeprefix("/")) as copy:
        cloned = await founded(copy)
        is_claimed, era = await claims(cloned)
        assert not is_claimed
        assert "copied" in era.why_fenced
        async with cloned.transaction() as tx:
            assert (await epoch.claim(tx, by=ADA_ACTS, reason="moved to a new machine")).claimed
        assert (await claims(cloned))[0]
        async with cloned.transaction() as tx:
            [entry] = await list_entries(tx, tenant_id=None)
        assert (entry.action, entry.actor, entry.details["reason"]) == (
            "epoch.claimed",
            ADA_ACTS.id,
            "moved to a new machine",
        )
        await cloned.close()
    original = await opened(database_url)
    assert (await claims(original))[0]
    await original.close()


async def test_an_ended_epoch_fences_at_once_and_has_to_be_claimed(database_url: str) -> None:
    system = await founded(database_url)
    async with system.transaction() as tx:
        await epoch.end_epoch(tx, because="restored from a backup", by=ADA_ACTS)
    is_claimed, era = await claims(system)
    assert (is_claimed, era.why_fenced) == (False, "restored from a backup")
    async with system.transaction() as tx:
        await epoch.found(tx)
    assert not (await claims(system))[0]
    await system.close()


async def test_a_database_without_any_claim_can_be_fenced_too(database_url: str) -> None:
    system = await opened(database_url)
    async with system.transaction() as tx:
        await epoch.end_epoch(tx, because="restored from an old backup", by=ADA_ACTS)
        await epoch.found(tx)
    assert not (await claims(system))[0]
    await system.close()


async def test_a_claim_needs_a_reason_and_a_fence(database_url: str) -> None:
    system = await founded(database_url)

    async def refusal(reason: str) -> str:
        with pytest.raises(Refused) as refused:
            async with system.transaction() as tx:
                await epoch.claim(tx, by=ADA_ACTS, reason=reason)
        return refused.value.code

    assert await refusal(" ") == "epoch.no_reason"
    assert await refusal("because") == "epoch.claimed"
    await system.close()


async def test_a_session_that_does_not_know_its_server_is_fenced(database_url: str) -> None:
    system = await founded(database_url)
    await system.close()
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval(epoch.IS_CLAIMED) is False
    finally:
        await connection.close()


async def test_the_application_may_look_at_the_fence_and_not_move_it(database_url: str) -> None:
    system = await founded(database_url)
    app = await Database.open(database_url, role=Role.APP, clock=DatabaseClock(), max_size=1)

    async def end(tx: Transaction) -> None:
        await tx.execute(epoch.END, tx.now, "because")

    async with app.transaction() as tx:
        assert await epoch.is_claimed(tx)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.perform(end)
    await app.close()
    await system.close()
