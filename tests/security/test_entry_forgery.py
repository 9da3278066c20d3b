"""Other sites: they make nobody's browser change anything, frame none of our pages and are never led to."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from frontdesk.web.app import create_app
from tests.security.test_access_matrix import rows_of
from tests.support.entry import keep_passkey
from tests.support.house import ADA, PASSWORD, House

FOREIGN = ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"})
# Our own ways in. Whoever books, pays or signs up is known by what they were sent, not by a cookie.
WAYS_IN = ("/login", "/forgot", "/reset", "/api/auth")
EVIL = [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "\\\\evil",
]


async def test_no_way_in_is_used_from_another_sites_page(house: House) -> None:
    ways = [row for row in rows_of(create_app(house.parts)) if row.access == "open" and row.path.startswith(WAYS_IN)]
    posts = [row for row in ways if row.changes]
    assert {row.path for row in posts} >= {"/login", "/login/code", "/login/passkey", "/forgot", "/reset/{reset_token}"}
    for row in posts:
        for mark in FOREIGN:
            path = row.path.format(reset_token="x")
            who = {"email": ADA, "password": PASSWORD}
            asked: dict[str, object] = {"credential": {}} if row.path == "/login/passkey" else dict(who)
            if row.path.startswith(("/api/", "/login/passkey")):
                answer = await house.client(**mark).post(path, json=asked)
            else:
                answer = await house.client(**mark).post(path, data=who)
            assert answer.status_code == 403, (row, mark, answer.text)
            assert "set-cookie" not in answer.headers


async def test_a_body_in_disguise_changes_no_account(house: House) -> None:
    ada = await house.as_person(ADA)
    del ada.headers["X-CSRF-Token"]
    for path in ("/account/password", "/account/app", "/account/sessions/end-others", "/account/passkeys"):
        for kind in ("text/plain", "application/octet-stream", "application/x-www-form-urlencoded; charset=x"):
            answer = await ada.post(
                path, content="csrf=x&password=brook-ladder-saffron", headers={"Content-Type": kind}
            )
            assert answer.status_code == 403, (path, kind, answer.text)


async def test_no_change_of_an_account_is_made_by_a_link(house: House) -> None:
    ada = await house.as_person(ADA)
    for row in rows_of(create_app(house.parts)):
        if row.changes and row.path.startswith("/account") and row.path not in {"/account/app", "/account/prove"}:
            path = row.path.format(session_id="x", passkey_id="x")
            assert (await ada.get(path)).status_code in {404, 405}, row


@pytest.mark.parametrize("wanted", EVIL)
async def test_no_login_leads_to_another_site(house: House, wanted: str) -> None:
    form = {"email": ADA, "password": PASSWORD, "next": wanted}
    assert (await house.client().post("/login", data=form)).headers["location"] == "/"
    ada = await house.as_person(ADA)
    assert (await ada.get(f"/login?next={quote(wanted)}")).headers["location"] == "/"
    device = await keep_passkey(ada, house)
    asked = (await ada.post("/login/passkey/challenge")).json()
    by_passkey = await house.client().post("/login/passkey", json={"credential": device.answer(asked), "next": wanted})
    assert by_passkey.json() == {"next": "/"}
    page = await ada.get(f"/account/prove?next={quote(wanted)}")
    assert 'name="next" value="/"' in page.text
    proven = await ada.post("/account/prove", data={"secret": PASSWORD, "next": wanted})
    assert proven.headers["location"] == "/"


async def test_every_page_of_getting_in_may_be_framed_by_nobody_and_runs_our_scripts_alone(house: House) -> None:
    ada = await house.as_person(ADA)
    for client, path in (
        (house.client(), "/login"), (house.client(), "/forgot"), (house.client(), "/reset/x"),
        (ada, "/account"), (ada, "/account/prove"), (ada, f"/businesses/{house.ada.id}/settings/tokens"),
    ):  # fmt: skip
        page = await client.get(path)
        policy = page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "object-src 'none'" in policy
        assert "form-action 'self'" in policy
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"
        for inline in ("<style", " style=", "onclick=", "onload=", "javascript:", "<script>"):
            assert inline not in page.text, (path, inline)
