"""Tries are counted by account, by address and in all; nobody is told who is here, nor locked out by strangers."""

from __future__ import annotations

from pathlib import Path

import httpx2

from frontdesk.kernel.auth import LoginLimits
from tests.support.house import ADA, BEN, PASSWORD, House, open_house

WRONG = "wrong every time"


async def enter(house: House, email: str, password: str = PASSWORD, **headers: str) -> httpx2.Response:
    return await house.client(**headers).post("/api/auth/login", json={"email": email, "password": password})


async def test_many_tries_at_many_accounts_from_one_address_are_turned_away(house: House) -> None:
    limit = LoginLimits().per_address
    answers = [(await enter(house, f"person{at}@example.com", WRONG)).status_code for at in range(limit + 3)]
    assert answers == [401] * limit + [429] * 3
    stopped = await enter(house, BEN)
    assert stopped.status_code == 429
    assert int(stopped.headers["retry-after"]) > 0


async def test_a_made_up_forwarded_address_moves_no_count(house: House) -> None:
    limit = LoginLimits().per_account
    for at in range(limit):
        mark = {"X-Forwarded-For": f"198.51.100.{at}", "Forwarded": f"for=198.51.100.{at}", "X-Real-IP": "198.51.100.9"}
        assert (await enter(house, ADA, WRONG, **mark)).status_code == 401
    assert (await enter(house, ADA, PASSWORD, **{"X-Forwarded-For": "198.51.100.77"})).status_code == 429
    async with house.parts.system.transaction() as tx:
        seen = [row["ip"] for row in await tx.fetch("select distinct host(ip) as ip from login_attempts")]
    assert seen == ["127.0.0.1"]


async def test_behind_a_proxy_we_trust_strangers_lock_nobody_out(database_url: str, home: Path) -> None:
    environ = {"TRUSTED_PROXIES": "127.0.0.0/8"}
    async with open_house(database_url, home, environ=environ) as house:
        work = {"X-Forwarded-For": "203.0.113.10"}
        assert (await enter(house, ADA, PASSWORD, **work)).status_code == 200
        for at in range(LoginLimits().per_account + 2):
            await enter(house, ADA, WRONG, **{"X-Forwarded-For": f"198.51.100.{at}"})
        stranger = await enter(house, ADA, PASSWORD, **{"X-Forwarded-For": "198.51.100.200"})
        assert stranger.status_code == 429
        assert (await enter(house, ADA, PASSWORD, **work)).status_code == 200


async def test_known_and_unknown_people_get_one_answer_everywhere(house: House) -> None:
    for path in ("/login", "/forgot"):
        known, nobody = [
            await house.client().post(path, data={"email": email, "password": WRONG})
            for email in (ADA, "eda@example.com")
        ]
        assert known.status_code == nobody.status_code
        assert known.text.replace(ADA, "") == nobody.text.replace("eda@example.com", "")
        assert set(known.headers) == set(nobody.headers)


async def test_proofs_are_counted_like_logins(house: House) -> None:
    ada = await house.as_person(ADA)
    async with house.parts.system.transaction() as tx:
        await tx.execute("delete from login_attempts")
    for _ in range(LoginLimits().per_account):
        assert (await ada.post("/account/prove", data={"secret": WRONG})).status_code == 403
    assert (await ada.post("/account/prove", data={"secret": PASSWORD})).status_code == 429


async def test_nonsense_passkeys_are_counted_by_address(house: House) -> None:
    client = house.client()
    answers = [
        (await client.post("/login/passkey", json={"credential": {"id": str(at)}})).status_code
        for at in range(LoginLimits().per_address + 2)
    ]
    assert answers == [401] * LoginLimits().per_address + [429] * 2
