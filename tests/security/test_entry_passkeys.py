"""Passkeys: bound to our address, over a challenge of ours that counts once, with their person verified."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from frontdesk.kernel.audit import list_entries
from frontdesk.kernel.auth.passkeys import Party, party_of
from tests.support.entry import Device, keep_passkey, pass_by, set_up_app
from tests.support.house import ADA, MALLORY, House, open_house
from tests.support.office import TravelClock


@pytest.fixture
def clock() -> TravelClock:
    return TravelClock()


@pytest.fixture
async def house(database_url: str, home: Path, clock: TravelClock) -> AsyncIterator[House]:
    async with open_house(database_url, home, clock=clock) as opened:
        yield opened


async def enter(house: House, device: Device, *, options: dict[str, object] | None = None) -> httpx2.Response:
    client = house.client()
    asked = options or (await client.post("/login/passkey/challenge")).json()
    return await client.post("/login/passkey", json={"credential": device.answer(asked), "next": "/docs"})


async def test_a_passkey_lets_its_person_in_without_a_password_or_code(house: House, clock: TravelClock) -> None:
    ada = await house.as_person(ADA)
    device = await keep_passkey(ada, house)
    await set_up_app(ada, clock)
    entered = await enter(house, device)
    assert (entered.status_code, entered.json()) == (200, {"next": "/docs"})
    cookie = entered.headers["set-cookie"].split(";")[0]
    me = await house.client(Cookie=cookie).get("/api/auth/me")
    assert me.json()["signature"] == ADA
    page = await ada.get("/account")
    assert "Office laptop" in page.text
    assert "not used yet" not in page.text


WRONG: list[tuple[str, Callable[[Device], Device]]] = [
    ("another site's page", lambda device: replace(device, origin="https://evil.example")),
    ("another site's passkey", lambda device: replace(device, party="evil.example")),
    ("nobody verified", lambda device: replace(device, verified=False)),
    ("another key", lambda device: replace(device, key=Device(origin="").key)),
    ("an unknown credential", lambda device: replace(device, credential=b"x" * 16)),
    ("another person", lambda device: replace(device, handle=b"\0" * 16)),
]


@pytest.mark.parametrize(("what", "spoil"), WRONG, ids=[what for what, _ in WRONG])
async def test_an_answer_with_a_wrong_part_lets_nobody_in(
    house: House, what: str, spoil: Callable[[Device], Device]
) -> None:
    device = await keep_passkey(await house.as_person(ADA), house)
    refused = await enter(house, spoil(device))
    assert (refused.status_code, refused.json()["code"]) == (401, "auth.passkey_wrong"), what
    device.count += 1
    assert (await enter(house, device)).status_code == 200


async def test_a_challenge_is_answered_once_in_its_time_and_for_what_it_was_made(
    house: House, clock: TravelClock
) -> None:
    ada = await house.as_person(ADA)
    device = await keep_passkey(ada, house)
    asked = (await house.client().post("/login/passkey/challenge")).json()
    assert (await enter(house, device, options=asked)).status_code == 200
    assert (await enter(house, device, options=asked)).status_code == 401
    to_prove = (await ada.post("/account/prove/passkey/challenge")).json()
    assert (await enter(house, device, options=to_prove)).status_code == 401
    invented = {**asked, "challenge": "A" * 86}
    assert (await enter(house, device, options=invented)).status_code == 401
    late = (await house.client().post("/login/passkey/challenge")).json()
    pass_by(clock, 301)
    assert (await enter(house, device, options=late)).status_code == 401


async def test_a_device_that_counts_backwards_was_copied_and_is_noted(house: House) -> None:
    device = await keep_passkey(await house.as_person(ADA), house)
    copy = replace(device)
    assert (await enter(house, device)).status_code == 200
    assert (await enter(house, copy)).status_code == 401
    async with house.parts.system.transaction() as tx:
        assert "auth.passkey_copied" in [one.action for one in await list_entries(tx, tenant_id=None, limit=1000)]


async def test_a_passkey_is_proof_for_its_own_person_only(house: House, clock: TravelClock) -> None:
    ada, mallory = await house.as_person(ADA), await house.as_person(MALLORY)
    device = await keep_passkey(ada, house)
    pass_by(clock, 601)
    asked = (await mallory.post("/account/prove/passkey/challenge")).json()
    foreign = await mallory.post("/account/prove/passkey", json={"credential": device.answer(asked)})
    assert foreign.status_code == 401
    asked = (await ada.post("/account/prove/passkey/challenge")).json()
    assert [one["id"] for one in asked["allowCredentials"]]
    proven = await ada.post("/account/prove/passkey", json={"credential": device.answer(asked), "next": "//evil"})
    assert (proven.status_code, proven.json()) == (200, {"next": "/"})
    assert "New password" in (await ada.get("/account")).text


async def test_a_passkey_is_kept_by_whoever_has_just_proven_who_they_are(house: House, clock: TravelClock) -> None:
    ada = await house.as_person(ADA)
    asked = (await ada.post("/account/passkeys/challenge")).json()
    device = Device(origin=house.parts.public_base_url.replace("127.0.0.1", "localhost"))
    unverified = replace(device, verified=False)
    refused = await ada.post("/account/passkeys", json={"credential": unverified.keep(asked), "name": "x"})
    assert refused.json()["code"] == "auth.passkey_refused"
    nameless = await ada.post("/account/passkeys", json={"credential": device.keep(asked), "name": " "})
    assert nameless.json()["code"] == "auth.passkey_name"
    pass_by(clock, 601)
    stale = await ada.post("/account/passkeys", json={"credential": device.keep(asked), "name": "x"})
    assert (stale.status_code, stale.json()["code"]) == (403, "auth.prove_again")


async def test_a_removed_passkey_and_one_of_a_barred_person_let_nobody_in(house: House) -> None:
    ada, mallory = await house.as_person(ADA), await house.as_person(MALLORY)
    removed, barred = await keep_passkey(ada, house), await keep_passkey(mallory, house)
    async with house.parts.system.transaction() as tx:
        passkeys = {row["email"]: row["id"] for row in await tx.fetch(
            "select users.email, passkeys.id from passkeys join users on users.id = passkeys.user_id"
        )}  # fmt: skip
        await tx.execute("update users set disabled_at = now() where email = $1", MALLORY)
    assert (await mallory.post(f"/account/passkeys/{passkeys[ADA]}/remove")).status_code == 401
    assert (await ada.post(f"/account/passkeys/{passkeys[MALLORY]}/remove")).json()["code"] == "auth.passkey_unknown"
    assert (await ada.post(f"/account/passkeys/{passkeys[ADA]}/remove")).status_code == 303
    assert (await enter(house, removed)).status_code == (await enter(house, barred)).status_code == 401


@pytest.mark.parametrize("credential", [{}, {"id": 1}, {"id": "x", "rawId": "x", "type": "public-key", "response": {}}])
async def test_nonsense_is_refused_and_breaks_nothing(house: House, credential: dict[str, object]) -> None:
    answer = await house.client().post("/login/passkey", json={"credential": credential})
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.passkey_wrong")


@pytest.mark.parametrize(
    ("address", "party"),
    [
        ("https://desk.example", Party("desk.example", "https://desk.example")),
        ("https://desk.example:8443/", Party("desk.example", "https://desk.example:8443")),
        ("http://127.0.0.1:8080", Party("localhost", "http://localhost:8080")),
        ("http://desk.example", None),
        ("https://203.0.113.7", None),
        ("", None),
    ],
)
def test_passkeys_are_bound_to_our_public_address(address: str, party: Party | None) -> None:
    assert party_of(address) == party
