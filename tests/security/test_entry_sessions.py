"""Sessions and their cookies: unguessable, bound to this host, gone at once when they should be."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from frontdesk.kernel import auth
from tests.support.actors import TEST_ACTS
from tests.support.entry import keep_passkey, set_up_app
from tests.support.house import ADA, PASSWORD, House, open_house
from tests.support.office import TravelClock

TOKEN_LENGTH = 43  # 256 random bits as base64


async def is_in(house: House, cookie: str) -> bool:
    return (await house.client(Cookie=f"session_id={cookie}").get("/api/auth/me")).status_code == 200


async def ada_of(house: House) -> auth.User:
    async with house.parts.system.transaction() as tx:
        user = await auth.find_user(tx, email=ADA)
    assert user is not None
    return user


async def test_tokens_of_sessions_are_256_random_bits_and_kept_as_hashes(house: House) -> None:
    tokens = {(await house.as_person(ADA)).cookies["session_id"] for _ in range(5)}
    assert len(tokens) == 5
    assert all(len(token) == TOKEN_LENGTH for token in tokens)
    async with house.parts.system.transaction() as tx:
        rows = await tx.fetch("select sessions::text as row from sessions")
    assert not any(token in row["row"] for token in tokens for row in rows)


async def test_a_session_is_gone_after_logout_a_new_password_a_bar_and_the_removal_of_factors(house: House) -> None:
    ada = await ada_of(house)

    async def ended_by(act: str) -> bool:
        client = await house.as_person(ADA)
        cookie = client.cookies["session_id"]
        assert await is_in(house, cookie)
        if act == "logout":
            await client.post("/logout")
        async with house.parts.system.transaction() as tx:
            if act == "password":
                hashed = await auth.Passwords().hash(PASSWORD)
                await auth.set_password(tx, user_id=ada.id, password_hash=hashed, actor=TEST_ACTS)
            elif act == "factors":
                await auth.remove_factors(tx, user_id=ada.id, actor=TEST_ACTS)
            elif act == "bar":
                await auth.disable_user(tx, user_id=ada.id, actor=TEST_ACTS)
        return not await is_in(house, cookie)

    assert [await ended_by(act) for act in ("logout", "password", "factors", "bar")] == [True] * 4


@pytest.mark.parametrize("planted", ["x" * 43, "", "null", "../../x", "x" * 5000])
async def test_a_planted_cookie_is_never_taken_over(house: House, planted: str) -> None:
    client = house.client(Cookie=f"session_id={planted}; half_login={planted}")
    answer = await client.post("/login", data={"email": ADA, "password": PASSWORD})
    assert answer.status_code == 303
    assert f"session_id={planted};" not in answer.headers["set-cookie"]
    assert not await is_in(house, planted)


def cookies_of(answer: httpx2.Response) -> list[str]:
    return [value for name, value in answer.headers.multi_items() if name == "set-cookie"]


async def test_every_cookie_is_for_this_host_alone_and_unreadable(database_url: str, home: Path) -> None:
    clock = TravelClock()
    environ = {"PUBLIC_BASE_URL": "https://desk.example"}
    async with open_house(database_url, home, environ=environ, clock=clock) as house:
        login = await house.client().post("/login", data={"email": ADA, "password": PASSWORD})
        given = cookies_of(login)
        session = given[0].split(";")[0]
        me = (await house.client(Cookie=session).get("/api/auth/me")).json()
        ada = house.client(Cookie=session, **{"X-CSRF-Token": me["csrf_token"]})
        given += cookies_of(await ada.get(f"/businesses/{house.ada.id}/settings/tokens"))
        await set_up_app(ada, clock)
        half = await house.client().post("/login", data={"email": ADA, "password": PASSWORD})
        assert half.headers["location"].startswith("/login/code")
        given += cookies_of(half)
        names = [one.partition("=")[0] for one in given]
        assert names == ["__Host-session_id", "business", "__Host-half_login"]
        for one in given:
            attributes = {part.strip().lower() for part in one.split(";")[1:]}
            assert {"path=/", "secure", "httponly", "samesite=lax"} <= attributes, one
            assert not any(part.startswith("domain") for part in attributes), one


async def test_whoever_has_a_session_cannot_bring_it_along_into_a_later_login(house: House) -> None:
    first = await house.as_person(ADA)
    before = first.cookies["session_id"]
    device = await keep_passkey(first, house)
    asked = (await first.post("/login/passkey/challenge")).json()
    entered = await first.post("/login/passkey", json={"credential": device.answer(asked)})
    assert entered.status_code == 200
    assert before not in entered.headers["set-cookie"]


async def test_a_role_that_is_lost_is_lost_on_the_account_pages_at_once(house: House) -> None:
    ada = await house.as_person(ADA)
    tokens = f"/businesses/{house.ada.id}/settings/tokens"
    assert (await ada.get(tokens)).status_code == 200
    async with house.parts.system.transaction(house.ada.id) as tx:
        await auth.remove_member(tx, user_id=(await ada_of(house)).id, actor=TEST_ACTS)
    assert (await ada.get(tokens)).status_code == 404
    assert (await ada.get("/account")).status_code == 200
