"""Invitations over real HTTP: one link, once, for a week, worth no more than whoever sent it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from frontdesk.kernel import auth
from frontdesk.kernel.auth import Role, Scope
from tests.support.actors import TEST_ACTS
from tests.support.house import ADA, BEN, MALLORY, OLIVE, PASSWORD, House, open_house
from tests.support.office import TravelClock

DANA = "dana@example.com"
DANAS_PASSWORD = "copper-lantern-orchard-seven"


@pytest.fixture
def clock() -> TravelClock:
    return TravelClock()


@pytest.fixture
async def house(database_url: str, home: Path, clock: TravelClock) -> AsyncIterator[House]:
    async with open_house(database_url, home, clock=clock) as opened:
        yield opened


async def invite(house: House, *, email: str = DANA, role: Role = Role.AGENT, by: str = ADA) -> str:
    """Invite somebody and give back the path of the link."""
    inviter = await house.as_person(by)
    made = await inviter.post("/api/invitations", json={"email": email, "role": role})
    assert made.status_code == 201, made.text
    assert made.json()["mailed"] is False
    link: str = made.json()["link"]
    return link.removeprefix(house.url)


async def join(house: House, path: str, **fields: str) -> httpx2.Response:
    """Answer an invitation with a new account."""
    return await house.client(Accept="text/html").post(
        path, data={"name": "Dana", "password": DANAS_PASSWORD, **fields}
    )


async def roles_of(house: House, email: str) -> dict[UUID, Role]:
    """List what somebody is where."""
    async with house.parts.system.transaction() as tx:
        user = await auth.find_user(tx, email=email)
        assert user is not None
        rows = await tx.fetch("select tenant_id, role from members where user_id = $1", user.id)
    return {row["tenant_id"]: Role(row["role"]) for row in rows}


async def test_a_link_makes_an_account_with_the_role_and_works_once(house: House) -> None:
    path = await invite(house)
    page = await house.client(Accept="text/html").get(path)
    assert "Join Harbor Plumbing" in page.text
    assert "answers customers" in page.text
    joined = await join(house, path)
    assert joined.status_code == 303, joined.text
    assert await roles_of(house, DANA) == {house.ada.id: Role.AGENT}
    dana = house.client()
    entered = await dana.post("/api/auth/login", json={"email": DANA, "password": DANAS_PASSWORD})
    assert entered.json()["roles"] == {str(house.ada.id): "agent"}
    again = await join(house, path, password="another-lantern-orchard-nine")
    assert again.status_code == 409
    assert "This invitation is over" in again.text


async def test_a_link_is_over_after_a_week_when_taken_back_and_when_asked_anew(
    house: House, clock: TravelClock
) -> None:
    ada = await house.as_person(ADA)
    first = await invite(house)
    second = await invite(house)
    assert (await join(house, first)).status_code == 409, "who is asked anew has one good link"
    [waiting] = (await ada.get("/api/invitations")).json()
    assert (waiting["email"], waiting["role"], waiting["invited_by"]) == (DANA, "agent", ADA)
    assert (await ada.delete(f"/api/invitations/{waiting['id']}")).status_code == 204
    assert (await ada.delete(f"/api/invitations/{waiting['id']}")).status_code == 404
    assert (await join(house, second)).status_code == 409
    third = await invite(house)
    clock.ahead = timedelta(days=7, seconds=1)
    assert (await join(house, third)).status_code == 409
    assert (await join(house, "/join/" + "x" * 43)).status_code == 409


async def test_whoever_has_an_account_logs_in_to_join_and_nobody_joins_for_them(house: House) -> None:
    path = await invite(house, email=MALLORY, role=Role.AUDITOR)
    page = await house.client(Accept="text/html").get(path)
    assert "Log in to join" in page.text
    tried = await join(house, path)
    assert "Log in to join" in tried.text, "a password chosen on this page is not taken"
    assert house.ada.id not in await roles_of(house, MALLORY)
    entered = house.client()
    assert (await entered.post("/api/auth/login", json={"email": MALLORY, "password": PASSWORD})).status_code == 200
    ben = await house.as_person(BEN)
    assert (await ben.post(path)).status_code == 403, "it is for somebody else"
    mallory = await house.as_person(MALLORY)
    token = mallory.headers.pop("X-CSRF-Token")
    assert (await mallory.post(path, data={"csrf": "x"})).status_code == 403
    assert (await mallory.post(path, data={"csrf": token})).status_code == 303
    assert await roles_of(house, MALLORY) == {house.mallory.id: Role.OWNER, house.ada.id: Role.AUDITOR}


async def test_an_invitation_takes_no_role_away(house: House) -> None:
    path = await invite(house, email=MALLORY, role=Role.AUDITOR)
    async with house.parts.system.transaction(house.ada.id) as tx:
        user = await auth.find_user(tx, email=MALLORY)
        assert user is not None
        await auth.put_member(tx, user_id=user.id, role=Role.MANAGER, actor=TEST_ACTS)
    mallory = await house.as_person(MALLORY)
    assert (await mallory.post(path)).status_code == 303
    assert (await roles_of(house, MALLORY))[house.ada.id] is Role.MANAGER


async def test_nobody_invites_above_themselves_and_an_invitation_falls_with_its_inviter(house: House) -> None:
    async with house.parts.system.transaction(house.ada.id) as tx:
        ben = await auth.find_user(tx, email=BEN)
        assert ben is not None
        await auth.put_member(tx, user_id=ben.id, role=Role.MANAGER, actor=TEST_ACTS)
    manager = await house.as_person(BEN)
    above = await manager.post("/api/invitations", json={"email": DANA, "role": "owner"})
    assert (above.status_code, above.json()["code"]) == (403, "auth.role_beyond")
    path = await invite(house, by=BEN, role=Role.MANAGER)
    async with house.parts.system.transaction(house.ada.id) as tx:
        await auth.put_member(tx, user_id=ben.id, role=Role.AGENT, actor=TEST_ACTS)
    assert (await join(house, path)).status_code == 409, "whoever may do less asks nobody in above themselves"
    async with house.parts.system.transaction(house.ada.id) as tx:
        await auth.put_member(tx, user_id=ben.id, role=Role.MANAGER, actor=TEST_ACTS)
    assert (await join(house, path)).status_code == 303


async def test_who_only_looks_and_who_works_elsewhere_invites_nobody(house: House) -> None:
    olive = await house.as_person(OLIVE)
    assert (await olive.post("/api/invitations", json={"email": DANA, "role": "agent"})).status_code == 403
    mallory = await house.as_person(MALLORY)
    there = {"X-Tenant-Id": str(house.ada.id)}
    order = {"email": DANA, "role": "agent"}
    assert (await mallory.post("/api/invitations", json=order, headers=there)).status_code == 404
    known = await (await house.as_person(ADA)).post("/api/invitations", json={"email": BEN, "role": "agent"})
    assert (known.status_code, known.json()["code"]) == (409, "auth.member_exists")
    program = await house.as_program(Scope.MEMBERS_WRITE, tenant_id=house.ada.id)
    beyond = await program.post("/api/invitations", json=order)
    assert beyond.status_code == 403, "a program gives no role that may do more than it"


async def test_only_so_many_invitations_wait_at_once(house: House) -> None:
    ada = await house.as_person(ADA)
    for number in range(50):
        made = await ada.post("/api/invitations", json={"email": f"dana{number}@example.com", "role": "agent"})
        assert made.status_code == 201
    full = await ada.post("/api/invitations", json={"email": DANA, "role": "agent"})
    assert (full.status_code, full.json()["code"]) == (409, "auth.invitations_full")
    anew = await ada.post("/api/invitations", json={"email": "dana7@example.com", "role": "agent"})
    assert anew.status_code == 201, "asking the same person anew takes no more room"


async def test_the_link_is_kept_nowhere(house: House) -> None:
    path = await invite(house)
    secret = path.rpartition("/")[2]
    async with house.parts.system.transaction() as tx:
        rows = await tx.fetch("select to_jsonb(invitations)::text as row from invitations")
        logged = await tx.fetch("select to_jsonb(audit_log)::text as row from audit_log")
    assert rows
    assert not any(secret in row["row"] for row in [*rows, *logged])


@pytest.mark.parametrize("name", ["", "Da\x00na"])
async def test_a_name_that_cannot_be_is_told_beside_its_field(house: House, name: str) -> None:
    answer = await join(house, await invite(house), name=name)
    assert answer.status_code in {400, 422}
    weak = await join(house, await invite(house), password="harbor plumbing")
    assert weak.status_code == 422
    assert "password" in weak.text
