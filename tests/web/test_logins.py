"""Logging in: cookies that cannot be planted, tries that are counted, changes that only our own pages can make."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from frontdesk.kernel.auth import Scope
from frontdesk.web.entry.desk import own_path
from tests.support.house import ADA, BEN, PASSWORD, House, open_house


async def test_a_login_gives_a_cookie_that_scripts_cannot_read(house: House) -> None:
    answer = await house.client().post("/api/auth/login", json={"email": ADA, "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("session_id=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert answer.json()["signature"] == ADA
    assert answer.json()["roles"] == {str(house.ada.id): "owner"}


async def test_behind_https_the_cookie_is_bound_to_this_host(database_url: str, home: Path) -> None:
    environ = {"PUBLIC_BASE_URL": "https://frontdesk.example"}
    async with open_house(database_url, home, environ=environ) as house:
        answer = await house.client().post("/api/auth/login", json={"email": ADA, "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-session_id=")
        assert "Secure" in cookie
        assert "Domain" not in cookie
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        plain = cookie.split(";")[0].partition("=")[2]
        planted = await house.client(Cookie=f"session_id={plain}").get("/api/auth/me")
        assert planted.status_code == 401


async def test_a_wrong_password_and_an_unknown_person_are_told_the_same(house: House) -> None:
    wrong = await house.client().post("/api/auth/login", json={"email": ADA, "password": "not the password"})
    nobody = await house.client().post("/api/auth/login", json={"email": "x@example.com", "password": PASSWORD})
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.json()["detail"] == nobody.json()["detail"]
    assert wrong.json()["code"] == "auth.login_refused"
    assert "set-cookie" not in wrong.headers


async def test_too_many_tries_are_turned_away_for_a_while(house: House) -> None:
    client = house.client()
    for _ in range(10):
        await client.post("/api/auth/login", json={"email": ADA, "password": "wrong every time"})
    answer = await client.post("/api/auth/login", json={"email": ADA, "password": PASSWORD})
    assert answer.status_code == 429
    assert answer.json()["retry_after_seconds"] > 0


async def test_a_planted_session_is_never_taken_over_by_a_login(house: House) -> None:
    client = house.client(Cookie="session_id=planted-by-mallory")
    answer = await client.post("/api/auth/login", json={"email": ADA, "password": PASSWORD})
    assert answer.status_code == 200
    assert "planted" not in answer.headers["set-cookie"]
    assert (await house.client(Cookie="session_id=planted-by-mallory").get("/api/auth/me")).status_code == 401


async def test_after_a_logout_the_cookie_opens_nothing(house: House) -> None:
    client = await house.as_person(ADA)
    kept = client.cookies["session_id"]
    assert (await client.post("/api/auth/logout")).status_code == 204
    assert (await house.client(Cookie=f"session_id={kept}").get("/api/auth/me")).status_code == 401


async def test_the_login_form_works_without_scripts(house: House) -> None:
    client = house.client(Accept="text/html")
    first = await client.get("/?thread=x")
    assert first.status_code == 303
    assert first.headers["location"] == "/login?next=%2F%3Fthread%3Dx"
    page = await client.get(first.headers["location"])
    assert 'name="password"' in page.text
    wrong = await client.post("/login", data={"email": ADA, "password": "no", "next": "/docs"})
    assert wrong.status_code == 401
    assert "is wrong" in wrong.text
    right = await client.post("/login", data={"email": ADA, "password": PASSWORD, "next": "/docs"})
    assert right.status_code == 303
    assert right.headers["location"] == "/docs"
    assert (await client.get("/docs")).status_code == 200
    assert (await client.get("/login")).status_code == 303


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/a\nb", "/a\\b", ""]
)
def test_a_login_leads_to_no_other_site(wanted: str) -> None:
    assert own_path(wanted) == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-CSRF-Token": "0" * 64},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_session_changes_nothing_unless_the_request_comes_from_our_pages(
    house: House, headers: dict[str, str]
) -> None:
    client = await house.as_person(ADA)
    token = client.headers.pop("X-CSRF-Token")
    if "Origin" in headers or "Sec-Fetch-Site" in headers:
        client.headers["X-CSRF-Token"] = token
    answer = await client.patch(f"/api/tenants/{house.ada.id}", json={"name": "Mallory was here"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "auth.csrf"
    assert (await client.get(f"/api/tenants/{house.ada.id}")).json()["name"] == "Harbor Plumbing"


async def test_the_token_may_stand_in_a_form_or_in_a_header(house: House) -> None:
    client = await house.as_person(ADA)
    token = client.headers.pop("X-CSRF-Token")
    form = {"csrf": token, "reason": "by hand"}
    answer = await client.post(f"/businesses/{house.ada.id}/pause", data=form, headers={"Origin": house.url})
    assert answer.status_code == 303
    header = await client.post(f"/tenants/{house.ada.id}/resume", headers={"X-CSRF-Token": token})
    assert header.json()["paused"] is False


async def test_a_body_in_disguise_is_not_read_as_json(house: House) -> None:
    disguised = {"Content-Type": "text/plain", "Sec-Fetch-Site": "none"}
    body = f'{{"email":"{ADA}","password":"{PASSWORD}"}}'
    answer = await house.client().post("/api/auth/login", content=body, headers=disguised)
    assert answer.status_code == 422


async def test_another_site_cannot_log_a_visitor_in(house: House) -> None:
    headers = {"Origin": "https://evil.example"}
    form = {"email": BEN, "password": PASSWORD}
    assert (await house.client().post("/login", data=form, headers=headers)).status_code == 403
    answer = await house.client().post("/api/auth/login", json=form, headers=headers)
    assert answer.json()["code"] == "auth.csrf"


async def test_a_token_is_shown_once_limited_and_revoked_at_once(house: House) -> None:
    ada = await house.as_person(ADA)
    issued = await ada.post("/api/tokens", json={"name": "reports", "scopes": ["calls:read"], "days": 7})
    assert issued.status_code == 201
    program = house.client(Authorization=f"Bearer {issued.json()['token']}")
    assert (await program.get("/api/calls")).status_code == 200
    assert (await program.get("/api/contacts")).json()["code"] == "auth.scope_missing"
    listed = (await ada.get("/api/tokens")).json()
    assert [token["name"] for token in listed] == ["reports"]
    assert "token" not in listed[0]
    assert (await ada.delete(f"/api/tokens/{issued.json()['id']}")).status_code == 204
    assert (await program.get("/api/calls")).status_code == 401


async def test_nobody_hands_out_more_than_they_hold(house: House) -> None:
    narrow = await house.as_program(Scope.TOKENS_WRITE, tenant_id=house.ada.id)
    answer = await narrow.post("/api/tokens", json={"name": "more", "scopes": ["messages:send"]})
    assert answer.status_code == 403
    assert answer.json()["code"] == "auth.token_scopes"


async def test_whoever_sees_several_businesses_says_which_one_is_meant(house: House) -> None:
    program = await house.as_program(Scope.CALLS_READ)
    unclear = await program.get("/api/calls")
    assert unclear.status_code == 400
    assert unclear.json()["code"] == "tenants.choose"
    named = await program.get("/api/calls", headers={"X-Tenant-Id": str(house.ada.id)})
    assert named.status_code == 200
    for nonsense in ("00000000-0000-0000-0000-000000000001", "not-an-id"):
        answer: httpx2.Response = await program.get("/api/calls", headers={"X-Tenant-Id": nonsense})
        assert answer.status_code == 404
