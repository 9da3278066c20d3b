"""A person's own account: what lets them in, changed only by whoever has just proven to be them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from frontdesk.kernel.audit import list_entries
from frontdesk.kernel.auth import Scope
from frontdesk.web.devices import device_words
from frontdesk.web.pages.account_views import SCOPE_WORDS
from tests.support.entry import pass_by, renew_csrf, set_up_app
from tests.support.house import ADA, BEN, MALLORY, OLIVE, PASSWORD, House, open_house
from tests.support.office import TravelClock

NEW_PASSWORD = "brook-ladder-saffron-window"
HTML = {"Accept": "text/html"}


@pytest.fixture
def clock() -> TravelClock:
    return TravelClock()


@pytest.fixture
async def house(database_url: str, home: Path, clock: TravelClock) -> AsyncIterator[House]:
    async with open_house(database_url, home, clock=clock) as opened:
        yield opened


async def log_in(house: House, *, password: str = PASSWORD, code: str = "") -> httpx2.Response:
    told = {"email": ADA, "password": password} | ({"code": code} if code else {})
    return await house.client().post("/api/auth/login", json=told)


async def actions(house: House) -> list[str]:
    async with house.parts.system.transaction() as tx:
        return [one.action for one in await list_entries(tx, tenant_id=None, limit=1000)]


async def test_an_app_is_set_up_and_asked_for_ever_after(house: House, clock: TravelClock) -> None:
    ada = await house.as_person(ADA)
    app, codes = await set_up_app(ada, clock)
    assert len(set(codes)) == 10
    assert (await log_in(house)).json()["code"] == "auth.code_needed"
    assert (await log_in(house, code=app.code())).status_code == 200
    page = (await ada.get("/account", headers=HTML)).text
    assert "10 of 10 recovery codes are left" in page
    assert app.secret not in page
    assert "auth.totp_added" in await actions(house)


async def test_an_app_that_shows_the_wrong_code_is_not_believed(house: House) -> None:
    ada = await house.as_person(ADA)
    await ada.post("/account/app")
    wrong = await ada.post("/account/app/confirm", data={"code": "000000"})
    assert wrong.status_code == 422
    assert "not the code that the app shows" in wrong.text
    assert (await log_in(house)).status_code == 200


async def test_the_second_step_works_as_a_form(house: House, clock: TravelClock) -> None:
    app, codes = await set_up_app(await house.as_person(ADA), clock)
    client = house.client(Accept="text/html")
    half = await client.post("/login", data={"email": ADA, "password": PASSWORD, "next": "/docs"})
    assert (half.status_code, half.headers["location"]) == (303, "/login/code?next=%2Fdocs")
    asked = await client.get(half.headers["location"])
    assert 'autocomplete="one-time-code"' in asked.text
    wrong = await client.post("/login/code", data={"code": "000000", "next": "/docs"})
    assert wrong.status_code == 401
    assert "This code is wrong or was used." in wrong.text
    right = await client.post("/login/code", data={"code": app.code(), "next": "/docs"})
    assert (right.status_code, right.headers["location"]) == (303, "/docs")
    assert (await client.get("/docs")).status_code == 200
    other = house.client(Accept="text/html")
    await other.post("/login", data={"email": ADA, "password": PASSWORD})
    recovered = await other.post("/login/code", data={"code": codes[0].upper().replace("-", " "), "how": "recovery"})
    assert recovered.status_code == 303
    assert "9 of 10 recovery codes are left" in (await other.get("/account")).text


async def test_new_recovery_codes_void_the_earlier_ones(house: House, clock: TravelClock) -> None:
    ada = await house.as_person(ADA)
    _, codes = await set_up_app(ada, clock)
    renewed = await ada.post("/account/app/codes")
    assert renewed.status_code == 200
    assert codes[0] not in renewed.text
    assert (await log_in(house, code=codes[0])).json()["code"] == "auth.code_refused"


async def test_an_app_is_removed_by_whoever_knows_the_password_or_has_a_code(house: House, clock: TravelClock) -> None:
    ada = await house.as_person(ADA)
    app, _ = await set_up_app(ada, clock)
    refused = await ada.post("/account/app/remove", data={"secret": "not the password"})
    assert refused.status_code == 403
    assert "neither your password nor a code" in refused.text
    removed = await ada.post("/account/app/remove", data={"secret": app.code()})
    assert removed.status_code == 303
    assert (await log_in(house)).status_code == 200
    assert "auth.totp_removed" in await actions(house)


async def test_a_new_password_ends_every_other_login(house: House) -> None:
    ada, elsewhere = await house.as_person(ADA), await house.as_person(ADA)
    weak = await ada.post("/account/password", data={"password": "harbor plumbing"}, headers=HTML)
    assert weak.status_code == 422
    assert "easy to guess" in weak.text
    changed = await ada.post("/account/password", data={"password": NEW_PASSWORD})
    assert changed.headers["location"] == "/account?said=password"
    assert (await ada.get("/api/auth/me")).status_code == 200
    assert (await elsewhere.get("/api/auth/me")).status_code == 401
    assert (await log_in(house)).status_code == 401
    assert (await log_in(house, password=NEW_PASSWORD)).status_code == 200


CHANGES = [
    ("/account/password", {"password": NEW_PASSWORD}),
    ("/account/app", {}),
    ("/account/app/confirm", {"code": "000000"}),
    ("/account/app/codes", {}),
    ("/account/passkeys/01890000-0000-7000-8000-000000000000/remove", {}),
]


@pytest.mark.parametrize(("path", "form"), CHANGES)
async def test_after_ten_minutes_a_change_wants_a_new_proof(
    house: House, clock: TravelClock, path: str, form: dict[str, str]
) -> None:
    ada = await house.as_person(ADA)
    pass_by(clock, 601)
    page = (await ada.get("/account", headers=HTML)).text
    assert "Confirm it is you" in page
    assert "New password" not in page
    answer = await ada.post(path, data=form)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/account/prove?next=/account")


async def test_a_proof_renews_the_sessions_token_and_counts_for_ten_minutes(house: House, clock: TravelClock) -> None:
    ada = await house.as_person(ADA)
    pass_by(clock, 601)
    before = ada.cookies["session_id"]
    wrong = await ada.post("/account/prove", data={"secret": "wrong", "next": "/account"}, headers=HTML)
    assert wrong.status_code == 403
    assert ada.cookies["session_id"] == before
    proven = await ada.post("/account/prove", data={"secret": PASSWORD, "next": "https://evil.example/"})
    assert (proven.status_code, proven.headers["location"]) == (303, "/")
    assert ada.cookies["session_id"] != before
    assert (await house.client(Cookie=f"session_id={before}").get("/api/auth/me")).status_code == 401
    page = (await ada.get("/account", headers=HTML)).text
    assert "New password" in page
    renew_csrf(ada, page)
    assert (await ada.post("/account/password", data={"password": NEW_PASSWORD})).status_code == 303


async def test_a_login_elsewhere_is_seen_and_ended(house: House) -> None:
    ada = await house.as_person(ADA)
    phone = house.client(**{"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 Safari/604.1"})
    await phone.post("/api/auth/login", json={"email": ADA, "password": PASSWORD})
    page = (await ada.get("/account", headers=HTML)).text
    assert "Safari on iPhone" in page
    assert page.count("This one") == 1
    ending = re.search(r"/account/sessions/([0-9a-f-]+)/end\"", page)
    assert ending is not None
    assert (await ada.post(f"/account/sessions/{ending[1]}/end")).status_code == 303
    assert (await phone.get("/api/auth/me")).status_code == 401
    again = await ada.post(f"/account/sessions/{ending[1]}/end")
    assert again.json()["code"] == "auth.session_unknown"


async def test_all_other_logins_end_at_once_and_this_one_stays(house: House) -> None:
    ada, ben = await house.as_person(ADA), await house.as_person(BEN)
    others = [await house.as_person(ADA) for _ in range(3)]
    assert (await ada.post("/account/sessions/end-others")).status_code == 303
    assert [(await one.get("/api/auth/me")).status_code for one in others] == [401, 401, 401]
    assert (await ada.get("/api/auth/me")).status_code == (await ben.get("/api/auth/me")).status_code == 200


async def test_nobody_ends_a_strangers_login(house: House) -> None:
    ada, mallory = await house.as_person(ADA), await house.as_person(MALLORY)
    me = (await ada.get("/account", headers=HTML)).text
    await house.as_person(ADA)
    ids = re.findall(r"/account/sessions/([0-9a-f-]+)/end\"", (await ada.get("/account", headers=HTML)).text)
    assert ids
    assert "Mallory" not in me
    for one in ids:
        assert (await mallory.post(f"/account/sessions/{one}/end")).status_code == 404
    assert (await ada.get("/account", headers=HTML)).text.count('/end"') == len(ids)


async def test_programs_have_no_account(house: House) -> None:
    program = await house.as_program(Scope.CALLS_READ, tenant_id=house.ada.id)
    assert (await program.get("/account")).json()["code"] == "auth.people_only"
    assert (await program.post("/account/app")).json()["code"] == "auth.people_only"


async def test_a_wrong_csrf_changes_nothing(house: House) -> None:
    ada = await house.as_person(ADA)
    ada.headers["X-CSRF-Token"] = "0" * 64
    for path, form in [*CHANGES, ("/account/sessions/end-others", {}), ("/account/prove", {"secret": PASSWORD})]:
        answer = await ada.post(path, data=form)
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.csrf"), path


def tokens_of(house: House) -> str:
    return f"/businesses/{house.ada.id}/settings/tokens"


async def test_a_token_is_made_shown_once_and_revoked_on_its_page(house: House) -> None:
    ada = await house.as_person(ADA)
    assert "No token yet" in (await ada.get(tokens_of(house), headers=HTML)).text
    form = {"name": "<script>alert(1)</script>", "scope": ["calls:read", "people:everything"], "days": "30"}
    made = await ada.post(tokens_of(house), data=form, headers=HTML)
    secret = re.search(r'readonly value="(fd_[^"]+)"', made.text)
    assert secret is not None
    assert "<script>alert(1)" not in made.text
    assert "See calls and voicemails" in made.text
    program = house.client(Authorization=f"Bearer {secret[1]}")
    assert (await program.get("/api/calls")).status_code == 200
    listed = (await ada.get(tokens_of(house), headers=HTML)).text
    assert secret[1] not in listed
    ending = re.search(r"/settings/tokens/([0-9a-f-]+)/revoke", listed)
    assert ending is not None
    assert (await ada.post(f"{tokens_of(house)}/{ending[1]}/revoke")).status_code == 303
    assert (await program.get("/api/calls")).status_code == 401
    assert "Revoked" in (await ada.get(tokens_of(house), headers=HTML)).text


@pytest.mark.parametrize(("form", "words"), [({"name": " "}, "Name the token"), ({"name": "x"}, "at least one scope")])
async def test_a_token_that_cannot_be_is_refused_beside_its_form(
    house: House, form: dict[str, str], words: str
) -> None:
    ada = await house.as_person(ADA)
    answer = await ada.post(tokens_of(house), data=form, headers=HTML)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'id="token-dialog"' in answer.text


async def test_tokens_are_seen_by_those_who_may_and_made_by_owners(house: House, clock: TravelClock) -> None:
    olive, ben, mallory = [await house.as_person(one) for one in (OLIVE, BEN, MALLORY)]
    page = await olive.get(tokens_of(house), headers=HTML)
    assert page.status_code == 200
    assert "New token" not in page.text
    assert (await olive.post(tokens_of(house), data={"name": "x", "scope": "calls:read"})).status_code == 403
    assert (await ben.get(tokens_of(house))).status_code == 403
    assert (await mallory.get(tokens_of(house))).status_code == 404
    ada = await house.as_person(ADA)
    pass_by(clock, 601)
    stale = await ada.post(tokens_of(house), data={"name": "x", "scope": "calls:read"})
    assert stale.headers["location"].startswith("/account/prove?next=%2Fbusinesses%2F")
    by_api = await ada.post("/api/tokens", json={"name": "x", "scopes": ["calls:read"]})
    assert (by_api.status_code, by_api.json()["code"]) == (403, "auth.prove_again")


def test_every_scope_is_told_in_words() -> None:
    assert set(SCOPE_WORDS) == set(Scope)
    assert len(set(SCOPE_WORDS.values())) == len(Scope)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537 Chrome/140 Safari/537 Edg/140", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/140 Mobile Safari/537", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/18 Safari/605", "Safari on Mac"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox on Linux"),
        ("curl/8.5", "A program"),
        ("<script>", "A program or an unknown browser"),
    ],
)
def test_a_device_is_named_in_words(agent: str, words: str) -> None:
    assert device_words(agent) == words
