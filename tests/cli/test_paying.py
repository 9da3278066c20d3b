"""Payments and outside logins on the command line."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from frontdesk.features import billing
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from tests.cli.conftest import Terminal

SLUG = "harbor-plumbing"


async def asked(terminal: Terminal) -> UUID:
    """Ask for a payment."""
    system = await Database.open(terminal.database_url, role=Role.SYSTEM, clock=DatabaseClock(), max_size=1)
    async with system.transaction() as tx:
        tenant_id = await tx.fetchval("select id from tenants where slug = $1", SLUG)
        assert isinstance(tenant_id, UUID)
        request = await billing.request_payment(
            tx,
            tenant_id=tenant_id,
            purpose="deposit",
            reference=uuid4(),
            contact_id=None,
            amount_cents=2500,
            currency="usd",
            description="Deposit",
            expires_at=tx.now + timedelta(hours=1),
            now=tx.now,
        )
    await system.close()
    return request.id


async def test_payments_are_listed_without_their_links(terminal: Terminal) -> None:
    payment_id = await asked(terminal)
    listed = await terminal.type("payments", "list", "--json")
    [one] = listed.each("payments")
    assert (one["tenant"], one["id"], one["amount_cents"], one["status"]) == (SLUG, str(payment_id), 2500, "requested")
    assert "pay_token" not in listed.out
    shown = await terminal.type("payments", "list", "--tenant", SLUG)
    assert "25.00 USD" in shown.out


async def test_what_cannot_be_given_back_is_named(terminal: Terminal) -> None:
    payment_id = await asked(terminal)
    told = ("--tenant", SLUG, "--reason", "rain", "--json")
    unpaid = await terminal.type("payments", "refund", str(payment_id), *told)
    assert (unpaid.code, unpaid.at("error", "code")) == (1, "billing.not_paid")
    unknown = await terminal.type("payments", "refund", str(uuid4()), *told)
    assert (unknown.code, unknown.at("error", "code")) == (1, "billing.payment_unknown")
    assert (await terminal.type("payments", "refund", "x", *told)).code == 2


async def test_a_replay_reaches_back_as_far_as_the_company_remembers(terminal: Terminal) -> None:
    old = await terminal.type("payments", "replay", "--since", "2020-01-01T00:00:00Z", "--json")
    assert (old.code, old.at("error", "code")) == (1, "billing.replay_since")
    assert (await terminal.type("payments", "replay", "--since", "yesterday")).code == 2


async def test_a_person_is_linked_to_an_outside_name_once(terminal: Terminal) -> None:
    await terminal.type("user", "add", "dana@example.com", "--json")
    told = ("--subject", "user_1", "--issuer", "https://clerk.example.com", "--json")
    assert (await terminal.type("user", "link", "nobody@example.com", *told)).at(
        "error", "code"
    ) == "auth.identity_taken"
    listed = await terminal.type("user", "list", "--json")
    email = str(listed.each("users")[0]["email"])
    linked = await terminal.type("user", "link", email, *told)
    assert (linked.code, linked.at("subject")) == (0, "user_1")
    assert (await terminal.type("user", "unlink", *told)).at("was_linked") is True
    assert (await terminal.type("user", "unlink", *told)).at("was_linked") is False
    nameless = await terminal.type("user", "link", email, "--subject", "user_1", "--json")
    assert nameless.at("error", "code") == "auth.no_issuer"
