"""Businesses, numbers, people and tokens on the command line."""

from __future__ import annotations

import hashlib
import io

import asyncpg
import pytest

from frontdesk.kernel.auth import find_token
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from tests.cli.conftest import Terminal

ROLE_OF = "select role from members join users on users.id = members.user_id where users.email = $1"


async def test_a_first_start_makes_two_businesses_and_one_owner(terminal: Terminal) -> None:
    listed = await terminal.type("tenant", "list", "--json")
    assert [one["slug"] for one in listed.each("tenants")] == ["harbor-plumbing", "mesa-dental"]
    people = await terminal.type("user", "list", "--json")
    assert [one["email"] for one in people.each("users")] == ["ada@demo.frontdesk.test"]


async def test_settings_of_a_business_are_changed_checked_and_audited(terminal: Terminal) -> None:
    changed = await terminal.type("tenant", "set", "mesa-dental", "ring_seconds=30", "textback_enabled=false", "--json")
    assert (changed.document["ring_seconds"], changed.document["textback_enabled"]) == (30, False)
    assert (await terminal.type("tenant", "set", "mesa-dental", "ring_seconds=long")).code == 1
    assert (await terminal.type("tenant", "set", "mesa-dental", "id=1")).code == 2
    shown = await terminal.type("tenant", "show", "mesa-dental", "--json")
    assert shown.document["ring_seconds"] == 30
    audit = await terminal.type("export", "audit", "--tenant", "mesa-dental", "--verify", "--json")
    assert (audit.code, audit.document["intact"]) == (0, True)


async def test_a_number_is_given_to_a_business_once_and_nonsense_is_named(terminal: Terminal) -> None:
    added = await terminal.type("number", "add", "(212) 555-0177", "--tenant", "harbor-plumbing", "--json")
    assert added.document["phone_e164"] == "+12125550177"
    taken = await terminal.type("number", "add", "+12125550177", "--tenant", "mesa-dental", "--json")
    assert (taken.code, taken.at("error", "code")) == (1, "senders.number_taken")
    wrong = await terminal.type("number", "add", "12", "--tenant", "mesa-dental", "--json")
    assert (wrong.code, wrong.at("error", "code")) == (1, "contacts.phone_too_short")


async def test_a_token_is_shown_once_works_and_ends_when_revoked(terminal: Terminal) -> None:
    made = await terminal.type("token", "create", "reports", "--scope", "calls:read", "--json")
    secret, token_id = str(made.document["token"]), str(made.document["id"])
    system = await Database.open(terminal.database_url, role=Role.SYSTEM, clock=DatabaseClock(), max_size=1)
    async with system.transaction() as tx:
        found = await find_token(tx, secret=secret)
    assert found is not None
    assert (str(found.id), sorted(found.scopes)) == (token_id, ["calls:read"])
    listed = await terminal.type("token", "list")
    assert secret not in listed.out
    assert token_id in listed.out
    assert (await terminal.type("token", "revoke", token_id)).code == 0
    async with system.transaction() as tx:
        assert await find_token(tx, secret=secret) is None
    await system.close()
    assert (await terminal.type("token", "create", "x", "--scope", "everything")).code == 2


async def test_a_person_is_added_with_a_password_from_standard_input(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("plum-anchor-violet-kettle\n"))
    added = await terminal.type("user", "add", "Ben@Example.com", "--tenant", "harbor-plumbing", "--role", "manager")
    assert added.code == 0, added.err
    login = await asyncpg.connect(terminal.database_url)
    role = await login.fetchval(ROLE_OF, "ben@example.com")
    await login.close()
    assert role == "manager"
    for password in ("short", "football", "harbor-plumbing-1"):
        monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
        weak = await terminal.type("user", "password", "ben@example.com", "--json")
        assert (weak.code, weak.at("error", "code")) == (1, "auth.password_weak"), password


async def test_somebody_is_invited_by_a_link_that_opens_one_business(terminal: Terminal) -> None:
    asked = await terminal.type(
        "user", "invite", "Carla@Example.com", "--tenant", "harbor-plumbing", "--role", "auditor", "--json"
    )
    assert asked.code == 0, asked.err
    link = str(asked.at("link"))
    assert "/join/" in link
    login = await asyncpg.connect(terminal.database_url)
    row = await login.fetchrow("select email, role, token_hash from invitations")
    await login.close()
    assert row is not None
    secret = link.rpartition("/")[2]
    assert (row["email"], row["role"]) == ("carla@example.com", "auditor")
    assert row["token_hash"] == hashlib.sha256(secret.encode()).digest()
    assert (await terminal.type("user", "invite", "x", "--tenant", "harbor-plumbing", "--json")).code == 1
