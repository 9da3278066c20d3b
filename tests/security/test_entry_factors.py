"""Codes and recovery codes: each once, in their time, for their person, and a half-login opens nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pyotp
import pytest

from frontdesk.kernel.auth.totp import PURPOSE, matching_step
from frontdesk.kernel.sealing import SealBroken, Vault
from frontdesk.operations.custody.rotating import finish_rotation, rotate_key
from frontdesk.web.app import create_app
from tests.security.test_access_matrix import rows_of
from tests.support.actors import TEST_ACTS
from tests.support.entry import pass_by, set_up_app
from tests.support.house import ADA, MALLORY, PASSWORD, House, open_house
from tests.support.office import TravelClock

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def clock() -> TravelClock:
    return TravelClock()


@pytest.fixture
async def house(database_url: str, home: Path, clock: TravelClock) -> AsyncIterator[House]:
    async with open_house(database_url, home, clock=clock) as opened:
        yield opened


async def enter(house: House, code: str, *, email: str = ADA) -> httpx2.Response:
    told = {"email": email, "password": PASSWORD, "code": code}
    return await house.client().post("/api/auth/login", json=told)


async def test_a_code_counts_once_and_so_does_the_one_before_it(house: House, clock: TravelClock) -> None:
    app, _ = await set_up_app(await house.as_person(ADA), clock)
    pass_by(clock, 60)
    earlier, code = app.code(steps=-1), app.code()
    assert (await enter(house, code)).status_code == 200
    assert (await enter(house, code)).json()["code"] == "auth.code_refused"
    assert (await enter(house, earlier)).json()["code"] == "auth.code_refused"
    pass_by(clock, 30)
    assert (await enter(house, app.code())).status_code == 200


async def test_the_code_that_confirmed_an_app_lets_nobody_in(house: House, clock: TravelClock) -> None:
    app, _ = await set_up_app(await house.as_person(ADA), clock)
    assert (await enter(house, app.code(steps=-1))).json()["code"] == "auth.code_refused"


async def test_two_requests_with_one_code_let_one_in(house: House, clock: TravelClock) -> None:
    app, codes = await set_up_app(await house.as_person(ADA), clock)
    for code in (app.code(), codes[0]):
        answers = await asyncio.gather(*(enter(house, code) for _ in range(4)))
        assert sorted(one.status_code for one in answers) == [200, 401, 401, 401]


@pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_off_by_one_step(clock: TravelClock, steps: int, *, counts: bool) -> None:
    code = pyotp.TOTP(SECRET).at(clock.now() + timedelta(seconds=30 * steps))
    assert (matching_step(SECRET, code, now=clock.now()) is not None) is counts


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "000000' or '1'='1", "\u200b" * 6])
def test_what_is_no_code_matches_nothing(clock: TravelClock, code: str) -> None:
    assert matching_step(SECRET, code, now=clock.now()) is None


async def test_a_recovery_code_counts_once_however_it_is_typed(house: House, clock: TravelClock) -> None:
    _, codes = await set_up_app(await house.as_person(ADA), clock)
    assert (await enter(house, f" {codes[3].upper().replace('0', 'O')} ")).status_code == 200
    assert (await enter(house, codes[3])).json()["code"] == "auth.code_refused"
    assert (await enter(house, codes[4].replace("-", ""))).status_code == 200


async def test_codes_are_kept_as_hashes_and_secrets_sealed_to_their_person(house: House, clock: TravelClock) -> None:
    app, codes = await set_up_app(await house.as_person(ADA), clock)
    async with house.parts.system.transaction() as tx:
        rows = await tx.fetch("select user_id, sealed_secret from totp_factors")
        hashes = [row["code_hash"] for row in await tx.fetch("select code_hash from recovery_codes")]
    assert len(hashes) == len(codes)
    assert not any(code.replace("-", "").encode() in kept for code in codes for kept in hashes)
    sealed, user_id = rows[0]["sealed_secret"], rows[0]["user_id"]
    assert app.secret.encode() not in sealed
    vault = Vault(house.parts.settings.signing_keys(), purpose=PURPOSE)
    assert vault.open(sealed, place=f"user/{user_id}/totp") == (app.secret, True)
    with pytest.raises(SealBroken):
        vault.open(sealed, place="user/00000000-0000-0000-0000-000000000001/totp")


async def test_codes_of_one_person_let_no_other_in(house: House, clock: TravelClock) -> None:
    app, codes = await set_up_app(await house.as_person(ADA), clock)
    await set_up_app(await house.as_person(MALLORY), clock)
    for code in (codes[0], app.code()):
        assert (await enter(house, code, email=MALLORY)).json()["code"] == "auth.code_refused"


async def test_wrong_codes_are_counted_like_wrong_passwords(house: House, clock: TravelClock) -> None:
    app, _ = await set_up_app(await house.as_person(ADA), clock)
    client = house.client()
    await client.post("/login", data={"email": ADA, "password": PASSWORD})
    async with house.parts.system.transaction() as tx:
        await tx.execute("delete from login_attempts")  # nobody has ever come from here
    for _ in range(10):
        assert (await client.post("/login/code", data={"code": "000000"})).status_code == 401
    throttled = await client.post("/login/code", data={"code": app.code()})
    assert throttled.status_code == 429
    assert "Too many tries" in throttled.text


async def test_a_half_login_opens_nothing_but_the_second_step(house: House, clock: TravelClock) -> None:
    await set_up_app(await house.as_person(ADA), clock)
    client = house.client()
    await client.post("/login", data={"email": ADA, "password": PASSWORD})
    half = client.cookies["half_login"]
    for row in rows_of(create_app(house.parts)):
        if row.access == "open" or row.method != "GET" or "{" in row.path:
            continue
        for cookie in (f"half_login={half}", f"session_id={half}"):
            answer = await house.client(Cookie=cookie).get(row.path)
            assert answer.status_code == 401, row


async def test_a_half_login_ends_after_five_minutes_a_new_password_or_being_used(
    house: House, clock: TravelClock
) -> None:
    ada = await house.as_person(ADA)
    app, codes = await set_up_app(ada, clock)
    late, overtaken, used = house.client(), house.client(), house.client()
    await late.post("/login", data={"email": ADA, "password": PASSWORD})
    pass_by(clock, 301)
    assert "Too much time has passed" in (await late.post("/login/code", data={"code": app.code()})).text
    await used.post("/login", data={"email": ADA, "password": PASSWORD})
    half = used.cookies["half_login"]
    assert (await used.post("/login/code", data={"code": codes[0]})).status_code == 303
    again = await house.client(Cookie=f"half_login={half}").post("/login/code", data={"code": codes[1]})
    assert again.status_code == 401
    await overtaken.post("/login", data={"email": ADA, "password": PASSWORD})
    await ada.post("/account/password", data={"password": "brook-ladder-saffron-window"})
    assert (await overtaken.post("/login/code", data={"code": codes[2]})).status_code == 401


async def test_an_app_goes_on_working_while_the_key_is_exchanged(house: House, clock: TravelClock) -> None:
    app, _ = await set_up_app(await house.as_person(ADA), clock)
    assert await rotate_key(house.parts.system, house.parts.settings, by=TEST_ACTS) >= 1
    await finish_rotation(house.parts.system, house.parts.settings, by=TEST_ACTS)
    assert (await enter(house, app.code())).status_code == 200
