"""Who comes with an outside service's token may do what the person may to whom somebody linked them, and no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from frontdesk.kernel import auth
from frontdesk.kernel.errors import Refused
from tests.providers.clerk.publisher import AUDIENCE, ISSUER, SUBJECT, Publisher, claims_at, now, publishing, signed
from tests.support.actors import TEST_ACTS
from tests.support.house import ADA, ADMIN, House, open_house


@dataclass(frozen=True, slots=True)
class Guarded:
    """A house that believes a service."""

    house: House
    publisher: Publisher

    async def link(self, email: str, subject: str = SUBJECT) -> None:
        """Link a person."""
        async with self.house.parts.system.transaction() as tx:
            await auth.link_identity(tx, email=email, issuer=ISSUER, subject=subject, actor=TEST_ACTS)

    def visitor(self, **changed: object) -> httpx2.AsyncClient:
        """Make a client that comes with a token of now."""
        return self.house.client(Authorization=f"Bearer {signed(claims_at(now(), **changed))}")


@pytest.fixture
async def guarded(database_url: str, home: Path) -> AsyncIterator[Guarded]:
    async with publishing() as publisher:
        environ = {"CLERK_JWT_ISSUER": ISSUER, "CLERK_JWT_AUDIENCE": AUDIENCE, "CLERK_JWKS_URL": publisher.url}
        async with open_house(database_url, home, environ=environ) as house:
            yield Guarded(house, publisher)


async def test_a_linked_person_does_what_they_may_and_nobody_elses_business_is_there(guarded: Guarded) -> None:
    await guarded.link(ADA)
    visitor = guarded.visitor()
    me = (await visitor.get("/api/auth/me")).json()
    assert me["signature"] == ADA
    assert (await visitor.get("/api/contacts")).status_code == 200
    assert (await visitor.post("/api/contacts", json={"phone": "+12065550177"})).status_code == 201
    foreign = {"X-Tenant-Id": str(guarded.house.mallory.id)}
    assert (await visitor.get("/api/contacts", headers=foreign)).status_code == 404


async def test_nobody_is_made_by_a_token(guarded: Guarded) -> None:
    assert (await guarded.visitor().get("/api/auth/me")).status_code == 401
    await guarded.link(ADA)
    assert (await guarded.visitor(sub="user_2", email=ADA).get("/api/auth/me")).status_code == 401


async def test_platform_rights_do_not_come_along(guarded: Guarded) -> None:
    await guarded.link(ADMIN)
    visitor = guarded.visitor()
    assert (await visitor.get("/api/auth/me")).json()["platform_admin"] is False
    assert (await visitor.get("/api/contacts")).status_code in {400, 404}


async def test_who_is_barred_or_unlinked_is_out_at_once(guarded: Guarded) -> None:
    await guarded.link(ADA)
    visitor = guarded.visitor()
    assert (await visitor.get("/api/auth/me")).status_code == 200
    async with guarded.house.parts.system.transaction() as tx:
        assert await auth.unlink_identity(tx, issuer=ISSUER, subject=SUBJECT, actor=TEST_ACTS)
        assert not await auth.unlink_identity(tx, issuer=ISSUER, subject=SUBJECT, actor=TEST_ACTS)
    assert (await visitor.get("/api/auth/me")).status_code == 401


async def test_an_outage_of_the_service_keeps_nobody_out_who_was_known(guarded: Guarded) -> None:
    await guarded.link(ADA)
    assert (await guarded.visitor().get("/api/auth/me")).status_code == 200
    guarded.publisher.status = 503
    assert (await guarded.visitor().get("/api/auth/me")).status_code == 200


async def test_a_bad_token_is_turned_away_and_tokens_of_ours_go_on(guarded: Guarded) -> None:
    await guarded.link(ADA)
    assert (await guarded.visitor(aud="https://else.example.com").get("/api/auth/me")).status_code == 401
    assert (await guarded.visitor(exp=1).get("/api/auth/me")).status_code == 401
    ours = await guarded.house.as_program(auth.Scope.CONTACTS_READ, tenant_id=guarded.house.ada.id)
    assert (await ours.get("/api/contacts")).status_code == 200


async def test_a_name_is_one_persons(guarded: Guarded) -> None:
    await guarded.link(ADA)
    await guarded.link(ADA)
    for email in (ADMIN, "nobody@example.com"):
        with pytest.raises(Refused) as refusal:
            await guarded.link(email)
        assert refusal.value.code == "auth.identity_taken"
