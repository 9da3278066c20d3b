"""What a token may do is what it was given: a matrix of scopes and operations, and every way to get more."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from frontdesk.kernel import auth
from frontdesk.kernel.auth import PLATFORM_SCOPES, ROLE_SCOPES, Role, Scope
from frontdesk.kernel.auth.model import SHOWN_PREFIX_LENGTH, token_hash
from frontdesk.web.app import create_app
from frontdesk.web.docs import describe_api
from tests.security.test_access_matrix import BODIES
from tests.support.actors import TEST_ACTS
from tests.support.house import ADA, BEN, House

NOWHERE = "00000000-0000-7000-8000-000000000000"
METHODS = {"get", "post", "put", "patch", "delete"}


def operations(house: House) -> list[tuple[str, str, Scope, str]]:
    """List (method, path, scope, access) of every operation with a scope that the OpenAPI document names."""
    document = describe_api(create_app(house.parts), cookie="session_id")
    paths = document["paths"]
    assert isinstance(paths, dict)
    return [
        (method, path, Scope(operation["x-scope"]), operation["x-access"])
        for path, item in paths.items()
        for method, operation in item.items()
        if method in METHODS and "x-scope" in operation
    ]


def address(path: str, tenant_id: object) -> str:
    """Fill a path with ids of nothing, so that whoever is let in finds nothing and changes nothing."""
    filled = path.replace("{tenant_id}", str(tenant_id)).replace("{channel}", "pigeon")
    return "/".join(NOWHERE if part.startswith("{") else part for part in filled.split("/"))


async def test_each_scope_opens_the_operations_that_name_it_and_no_other(house: House) -> None:
    listed = operations(house)
    assert len(listed) > 70
    scopes = sorted(Scope)
    assert set(scopes) == {needed for _, _, needed, _ in listed}, "a scope that opens nothing protects nothing"
    programs = {held: await house.as_program(held) for held in scopes}
    for number, (method, path, needed, _) in enumerate(listed):
        where = address(path, house.mallory.id)
        # By a scope for itself, and by a few others, each time other ones; the access matrix tries all others together.
        others = [scopes[(number + step) % len(scopes)] for step in (0, 7, 13)]
        for held in {needed, *others}:
            if held is needed and method != "get":
                continue  # that it is let in is shown by looking alone
            answer = await programs[held].request(
                method,
                where,
                json=BODIES.get(path),
                headers={"X-Tenant-Id": str(house.mallory.id)},
            )
            refused = answer.status_code == 403 and answer.json()["code"] == "auth.scope_missing"
            assert refused is (held is not needed), (held, method, path, answer.status_code, answer.text[:200])


async def test_a_token_never_issues_a_wider_a_longer_or_a_stranger_one(house: House) -> None:
    program = await house.as_program(Scope.TOKENS_WRITE, Scope.CALLS_READ, tenant_id=house.ada.id)
    for scope in set(Scope) - {Scope.TOKENS_WRITE, Scope.CALLS_READ}:
        for wanted in ([scope], [Scope.CALLS_READ, scope]):
            answer = await program.post("/api/tokens", json={"name": "x", "scopes": wanted, "days": 1})
            assert (answer.status_code, answer.json()["code"]) == (403, "auth.token_scopes"), scope
    longer = await program.post("/api/tokens", json={"name": "x", "scopes": ["calls:read"], "days": 2})
    assert (longer.status_code, longer.json()["code"]) == (403, "auth.token_expiry")
    elsewhere = await program.post(
        "/api/tokens",
        json={"name": "x", "scopes": ["calls:read"], "days": 1},
        headers={"X-Tenant-Id": str(house.mallory.id)},
    )
    assert elsewhere.status_code == 404
    everywhere = await program.post("/api/tokens", json={"name": "x", "scopes": ["calls:read"], "tenant_id": None})
    assert everywhere.status_code == 422
    async with house.parts.system.transaction() as tx:
        assert await tx.fetchval("select count(*) from api_tokens where name = 'x'") == 0


async def test_a_token_that_may_see_to_people_makes_nobody_more_than_itself(house: House) -> None:
    ada = await house.as_person(ADA)
    people = (await ada.get("/api/members")).json()["items"]
    ben = next(one["user_id"] for one in people if one["role"] == "agent")
    program = await house.as_program(Scope.MEMBERS_WRITE, Scope.MEMBERS_READ, tenant_id=house.ada.id)
    for role in Role:
        wider = not ROLE_SCOPES[role] <= {Scope.MEMBERS_WRITE, Scope.MEMBERS_READ}
        assert wider, "every role may do more than this token"
        new = await program.post("/api/members", json={"email": f"{role}@example.com", "role": role})
        changed = await program.patch(f"/api/members/{ben}", json={"role": role})
        assert (new.status_code, changed.status_code) == (403, 403), (role, new.text, changed.text)
    assert (await program.get(f"/api/members/{ben}")).json()["role"] == "agent"


async def test_no_role_of_a_business_reaches_the_platform(house: House) -> None:
    for role in Role:
        assert not ROLE_SCOPES[role] & PLATFORM_SCOPES
    ada = await house.as_person(ADA)
    for scope in PLATFORM_SCOPES:
        answer = await ada.post("/api/tokens", json={"name": "x", "scopes": [scope]})
        assert answer.status_code == 403
    owners = await house.as_program(*(set(Scope) - PLATFORM_SCOPES), tenant_id=house.ada.id)
    for method, path, _, access in operations(house):
        if access == "platform":
            answer = await owners.request(method, address(path, house.ada.id), json=BODIES.get(path))
            assert answer.status_code == 403, (method, path)


async def test_a_secret_is_shown_once_and_kept_as_a_hash(house: House, database_url: str) -> None:
    ada = await house.as_person(ADA)
    issued = (await ada.post("/api/tokens", json={"name": "reports", "scopes": ["calls:read"]})).json()
    secret = issued["token"]
    assert len(secret) >= 43, "256 random bits"
    assert issued["prefix"] == secret[:SHOWN_PREFIX_LENGTH]
    assert secret not in (await ada.get("/api/tokens")).text
    assert secret not in (await ada.get("/api/audit-log")).text
    owner = await asyncpg.connect(database_url)
    kept = await owner.fetchval("select token_hash from api_tokens where id = $1", issued["id"])
    tables = [one[0] for one in await owner.fetch("select tablename from pg_tables where schemaname = 'public'")]
    for table in tables:
        asked = f'select count(*) from "{table}" as row where position($1 in row::text) > 0'  # noqa: S608 - from the catalogue
        found = await owner.fetchval(asked, secret)
        assert found == 0, f"{table} holds the secret"
    await owner.close()
    assert kept == token_hash(secret)


async def test_a_token_shows_when_it_was_used_and_ends_with_its_time(house: House) -> None:
    ada = await house.as_person(ADA)
    issued = (await ada.post("/api/tokens", json={"name": "reports", "scopes": ["calls:read"], "days": 1})).json()
    assert issued["last_used_at"] is None
    program = house.client(Authorization=f"Bearer {issued['token']}")
    assert (await program.get("/api/calls")).status_code == 200
    assert (await ada.get("/api/tokens")).json()[0]["last_used_at"] is not None
    async with house.parts.system.transaction() as tx:
        await tx.execute(
            "update api_tokens set expires_at = $2 where id = $1", issued["id"], tx.now - timedelta(seconds=1)
        )
    ended = await program.get("/api/calls")
    assert (ended.status_code, ended.json()["code"]) == (401, "auth.login_required")


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
async def test_a_token_beside_a_cookie_is_what_counts(house: House, scheme: str) -> None:
    """Otherwise a page's cookie would lend a narrow token the rights of its person."""
    ada = await house.as_person(ADA)
    async with house.parts.system.transaction(house.ada.id) as tx:
        issued = await auth.create_token(
            tx,
            name="narrow",
            scopes=frozenset({Scope.CALLS_READ}),
            grantable=frozenset(Scope),
            expires_at=tx.now + timedelta(days=1),
            actor=TEST_ACTS,
        )
    answer = await ada.get("/api/contacts", headers={"Authorization": f"{scheme} {issued.secret}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.scope_missing")
    wrong = await ada.get("/api/contacts", headers={"Authorization": f"{scheme} fd_{'x' * 43}"})
    assert wrong.status_code == 401, "a wrong token does not fall back to the cookie"


async def test_whoever_works_there_issues_no_token_at_all(house: House) -> None:
    ben = await house.as_person(BEN)
    answer = await ben.post("/api/tokens", json={"name": "x", "scopes": ["calls:read"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.scope_missing")
