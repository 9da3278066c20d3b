"""What a program's token may do, for how long, and who may hand it out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from frontdesk.kernel.auth import (
    PLATFORM_SCOPES,
    ROLE_SCOPES,
    Role,
    Scope,
    create_token,
    find_token,
    list_tokens,
    revoke_token,
)
from frontdesk.kernel.db import Database
from frontdesk.kernel.db import Role as DatabaseRole
from frontdesk.kernel.errors import Refused
from tests.support.actors import ADA_ACTS, MALLORY_ACTS

SHOP, OTHER_SHOP = UUID(int=1), UUID(int=2)
OWNER_SCOPES = ROLE_SCOPES[Role.OWNER]


class StoppedClock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))

    def advance(self, step: timedelta) -> None:
        self._now += step


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
async def system(database_url: str, clock: StoppedClock) -> AsyncIterator[Database]:
    database = await Database.open(database_url, role=DatabaseRole.SYSTEM, clock=clock)
    yield database
    await database.close()


async def test_a_token_works_within_its_tenant_scopes_and_time(system: Database, clock: StoppedClock) -> None:
    async with system.transaction(SHOP) as tx:
        issued = await create_token(
            tx, name="reporting", scopes=frozenset({Scope.CALLS_READ}), grantable=OWNER_SCOPES,
            expires_at=tx.now + timedelta(days=30), actor=ADA_ACTS,
        )  # fmt: skip
    assert issued.secret.startswith("fd_")
    assert issued.secret.startswith(issued.token.prefix)
    assert issued.secret not in repr(issued)
    async with system.transaction() as tx:
        token = await find_token(tx, secret=issued.secret)
        assert token is not None
        assert token.scopes_for(SHOP) == {Scope.CALLS_READ}
        assert token.scopes_for(OTHER_SHOP) == frozenset()
        assert token.scopes_for(None) == frozenset()
        assert await find_token(tx, secret=issued.secret + "x") is None
        assert await find_token(tx, secret="fd_") is None
    async with system.transaction(SHOP) as tx:
        assert [listed.last_used_at for listed in await list_tokens(tx)] == [clock.now()]
    clock.advance(timedelta(days=30))
    async with system.transaction() as tx:
        assert await find_token(tx, secret=issued.secret) is None


async def test_a_revoked_token_is_dead_and_another_tenant_cannot_revoke_it(system: Database) -> None:
    async with system.transaction(SHOP) as tx:
        issued = await create_token(
            tx, name="t", scopes=frozenset({Scope.SIMULATE}), grantable=OWNER_SCOPES,
            expires_at=tx.now + timedelta(days=1), actor=ADA_ACTS,
        )  # fmt: skip
    for tenant in (OTHER_SHOP, None):
        with pytest.raises(Refused) as refusal:
            async with system.transaction(tenant) as tx:
                await revoke_token(tx, token_id=issued.token.id, actor=MALLORY_ACTS)
        assert refusal.value.status == 404
    async with system.transaction(SHOP) as tx:
        await revoke_token(tx, token_id=issued.token.id, actor=ADA_ACTS)
    async with system.transaction() as tx:
        assert await find_token(tx, secret=issued.secret) is None


@pytest.mark.parametrize(
    ("name", "scopes", "grantable", "days", "code", "status"),
    [
        ("", {Scope.CALLS_READ}, OWNER_SCOPES, 1, "auth.token_name", 422),
        ("x" * 101, {Scope.CALLS_READ}, OWNER_SCOPES, 1, "auth.token_name", 422),
        ("t", set(), OWNER_SCOPES, 1, "auth.token_scopes", 422),
        ("t", {Scope.MESSAGES_SEND}, ROLE_SCOPES[Role.AUDITOR], 1, "auth.token_scopes", 403),
        ("t", {Scope.METRICS_READ}, frozenset(Scope), 1, "auth.token_scopes", 403),
        ("t", {Scope.CALLS_READ}, OWNER_SCOPES, 0, "auth.token_expiry", 422),
        ("t", {Scope.CALLS_READ}, OWNER_SCOPES, 367, "auth.token_expiry", 422),
    ],
)
async def test_a_token_that_reaches_too_far_is_refused(
    system: Database, name: str, scopes: set[Scope], grantable: frozenset[Scope], days: int, code: str, status: int
) -> None:
    with pytest.raises(Refused) as refusal:
        async with system.transaction(SHOP) as tx:
            await create_token(
                tx, name=name, scopes=frozenset(scopes), grantable=grantable,
                expires_at=tx.now + timedelta(days=days), actor=ADA_ACTS,
            )  # fmt: skip
    assert (refusal.value.code, refusal.value.status) == (code, status)


def test_roles_only_ever_hold_less_than_the_owner_and_never_the_platform() -> None:
    assert set(ROLE_SCOPES) == set(Role)
    for scopes in ROLE_SCOPES.values():
        assert scopes <= OWNER_SCOPES
        assert not scopes & PLATFORM_SCOPES
    assert all(scope.endswith(":read") for scope in ROLE_SCOPES[Role.AUDITOR])
    assert Scope.DELIVERY_PAUSE in ROLE_SCOPES[Role.AGENT]
    assert Scope.DELIVERY_RESUME not in ROLE_SCOPES[Role.AGENT]


async def test_the_app_role_reaches_no_person_session_or_token(database_url: str, clock: StoppedClock) -> None:
    app = await Database.open(database_url, role=DatabaseRole.APP, clock=clock)
    try:
        for table in ("users", "sessions", "api_tokens", "login_attempts"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with app.transaction(SHOP) as tx:
                    await tx.fetch(f"select 1 from {table}")  # noqa: S608 - names of the list above
        async with app.transaction(SHOP) as tx:
            assert await tx.fetch("select user_id from members") == []
    finally:
        await app.close()
