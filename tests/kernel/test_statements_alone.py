"""A statement that runs without a transaction sees one tenant, and leaves nothing behind for the next."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest

from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Overtaken, Role, Transaction
from frontdesk.kernel.events import Event

ADA, MALLORY = UUID(int=0xADA), UUID(int=0x3A11)
SEEN = "select current_setting('app.tenant_id', true)"
ARCHIVE = """
    insert into webhook_events (id, tenant_id, provider, kind, dedupe_key, body, correlation_id, received_at)
    values (gen_random_uuid(), $1, 'twilio', 'test', $2, '', gen_random_uuid(), now())
"""


async def open_app(database_url: str, *, connections: int = 1) -> Database:
    """Open the database as the application does."""
    return await Database.open(database_url, role=Role.APP, clock=DatabaseClock(), max_size=connections)


async def seen(tx: Transaction) -> object:
    """Tell which tenant the database believes to serve."""
    return await tx.fetchval(SEEN)


async def test_it_sees_its_own_tenant_and_the_next_one_sees_the_next(database_url: str) -> None:
    app = await open_app(database_url)
    try:
        for tenant in (ADA, ADA, MALLORY, None, ADA):
            assert await app.perform_alone(seen, tenant_id=tenant) == ("" if tenant is None else str(tenant))
    finally:
        await app.close()


async def test_a_transaction_after_it_does_not_inherit_its_tenant(database_url: str) -> None:
    app = await open_app(database_url)
    try:
        await app.perform_alone(seen, tenant_id=ADA)
        async with app.transaction() as tx:
            assert await seen(tx) == ""
        async with app.transaction(MALLORY) as tx:
            assert await seen(tx) == str(MALLORY)
        assert await app.perform_alone(seen, tenant_id=ADA) == str(ADA)
    finally:
        await app.close()


async def test_it_cannot_write_for_another_tenant(database_url: str) -> None:
    app = await open_app(database_url)

    async def forge(tx: Transaction) -> str:
        return await tx.execute(ARCHIVE, ADA, "forged")

    try:
        for tenant in (MALLORY, None):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.perform_alone(forge, tenant_id=tenant)
    finally:
        await app.close()


async def test_a_thousand_interleaved_ones_on_two_connections_each_see_their_own(database_url: str) -> None:
    app = await open_app(database_url, connections=2)
    tenants = [(ADA, MALLORY, None)[number % 3] for number in range(1000)]

    async def look(number: int) -> object:
        if number % 5:
            return await app.perform_alone(seen, tenant_id=tenants[number])
        async with app.transaction(tenants[number]) as tx:
            return await seen(tx)

    try:
        found = await asyncio.gather(*(look(number) for number in range(1000)))
    finally:
        await app.close()
    assert found == ["" if tenant is None else str(tenant) for tenant in tenants]


async def test_it_is_committed_when_it_returns_and_run_again_when_it_was_overtaken(database_url: str) -> None:
    app = await open_app(database_url)
    tries: list[int] = []

    async def write(tx: Transaction) -> str:
        tries.append(len(tries))
        if len(tries) < 3:
            raise Overtaken
        return await tx.execute(ARCHIVE, ADA, "once")

    try:
        assert await app.perform_alone(write, tenant_id=ADA) == "INSERT 0 1"
    finally:
        await app.close()
    assert tries == [0, 1, 2]
    owner = await asyncpg.connect(database_url)
    try:
        assert await owner.fetchval("select count(*) from webhook_events where dedupe_key = 'once'") == 1
    finally:
        await owner.close()


async def test_one_that_announces_is_a_bug_and_says_so(database_url: str) -> None:
    app = await open_app(database_url)

    async def announce(tx: Transaction) -> None:
        tx.announce(Event())

    try:
        with pytest.raises(LookupError):
            await app.perform_alone(announce, tenant_id=ADA)
    finally:
        await app.close()
