"""Letting people back in on the command line: a link to a new password, a login without a lost phone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from frontdesk.kernel import auth
from frontdesk.kernel.audit import list_entries
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.keys import SigningKeys
from tests.cli.conftest import Terminal

ADA = "ada@demo.frontdesk.test"


@pytest.fixture
async def system(terminal: Terminal) -> AsyncIterator[Database]:
    database = await Database.open(terminal.database_url, role=Role.SYSTEM, clock=DatabaseClock(), max_size=1)
    yield database
    await database.close()


async def test_a_link_for_a_new_password_works_once_and_is_audited(terminal: Terminal, system: Database) -> None:
    earlier = str((await terminal.type("user", "reset-link", ADA, "--json")).document["link"])
    link = str((await terminal.type("user", "reset-link", ADA, "--json")).document["link"])
    hashed = await auth.Passwords().hash("brook-ladder-saffron-window")
    async with system.transaction() as tx:
        assert await auth.find_reset(tx, token=earlier.rpartition("/")[2]) is None
        await auth.reset_password(tx, token=link.rpartition("/")[2], password_hash=hashed)
        assert await auth.find_reset(tx, token=link.rpartition("/")[2]) is None
        entries = await list_entries(tx, tenant_id=None, limit=1000)
    assert [one.action for one in entries].count("auth.reset_issued") == 2
    assert link.startswith("http")
    shown = await terminal.type("user", "reset-link", ADA)
    assert "It works once, for 30 minutes." in shown.out


async def test_nobody_gets_a_link_who_is_not_here(terminal: Terminal) -> None:
    for verb in (("user", "reset-link"), ("user", "factors", "remove"), ("user", "factors", "show")):
        answer = await terminal.type(*verb, "nobody@example.com", "--json")
        assert (answer.code, answer.at("error", "code")) == (1, "auth.user_unknown")


async def test_a_locked_out_person_is_left_with_the_password_alone(terminal: Terminal, system: Database) -> None:
    vault = auth.factor_vault(SigningKeys("k" * 43))
    async with system.transaction() as tx:
        user = await auth.find_user(tx, email=ADA)
        assert user is not None
        await auth.begin_totp(tx, vault, user_id=user.id)
        await tx.execute("update totp_factors set confirmed_at = now()")
    shown = await terminal.type("user", "factors", "show", ADA, "--json")
    assert shown.document["app_since"] is not None
    assert (await terminal.type("user", "factors", "remove", ADA)).code == 0
    after = await terminal.type("user", "factors", "show", ADA, "--json")
    assert (after.document["app_since"], after.document["passkeys"]) == (None, [])
    async with system.transaction() as tx:
        assert "auth.factors_removed" in [one.action for one in await list_entries(tx, tenant_id=None, limit=1000)]
