"""Signing up over real HTTP: who may, what a stranger learns, and that a set-up is gone on with where it was left."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from frontdesk.features import senders, tenants
from frontdesk.kernel import auth
from frontdesk.kernel.auth import signing_up
from tests.support.entry import Mailbox, open_mailbox
from tests.support.house import ADA, ADMIN, BEN, MALLORY, House, open_house
from tests.support.office import ADAS_NUMBER

DANA = "dana@example.com"
FORM = {
    "business": "Bluff <b>Roofing</b>",
    "country": "US",
    "timezone": "America/Denver",
    "name": "Dana",
    "email": DANA,
    "password": "copper-lantern-orchard-seven",
}
HTML = {"Accept": "text/html"}


@pytest.fixture
async def fresh(database_url: str, home: Path) -> AsyncIterator[House]:
    """Open a house in which nobody has ever been."""
    async with open_house(database_url, home, empty=True) as opened:
        yield opened


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with open_mailbox() as opened:
        yield opened


@pytest.fixture
async def open_to_all(database_url: str, home: Path, mailbox: Mailbox) -> AsyncIterator[House]:
    """Open a house where anybody may sign up."""
    async with open_house(database_url, home, environ=mailbox.settings() | {"SIGN_UP": "open"}) as opened:
        yield opened


def setup_of(house: House) -> str:
    """Give the code that the start of this house would have printed."""
    return signing_up.setup_code(house.parts.settings.signing_keys())


async def begun(house: House) -> tuple[httpx2.AsyncClient, str]:
    """Sign the first person up, as their browser does; returns it and the path of the set-up."""
    client = house.client(**HTML)
    answer = await client.post("/welcome", data=FORM | {"setup": setup_of(house)})
    assert answer.status_code == 303, answer.text
    me = (await client.get("/api/auth/me")).json()
    client.headers["X-CSRF-Token"] = me["csrf_token"]
    return client, answer.headers["location"].rpartition("/")[0]


async def tenant_at(house: House, base: str) -> tenants.Tenant:
    """Read the business that a set-up is about."""
    async with house.parts.app.transaction(UUID(base.split("/")[2])) as tx:
        return await tenants.get_tenant(tx)


async def test_the_first_visitor_runs_the_installation_and_nobody_comes_first_after_them(fresh: House) -> None:
    assert (await fresh.client(**HTML).get("/login")).headers["location"] == "/welcome"
    _, base = await begun(fresh)
    tenant = await tenant_at(fresh, base)
    assert (tenant.name, tenant.slug, tenant.timezone) == (
        "Bluff <b>Roofing</b>",
        "bluff-b-roofing-b",
        "America/Denver",
    )
    async with fresh.parts.system.transaction() as tx:
        owner = await auth.find_user(tx, email=DANA)
    assert owner is not None
    assert owner.platform_admin
    second = await fresh.client(**HTML).post("/welcome", data=FORM | {"email": "eve@example.com"})
    assert second.status_code == 403
    assert "Nobody signs up here without being invited." in second.text
    assert (await fresh.client(**HTML).get("/login")).status_code == 200


async def test_of_two_who_come_first_at_once_one_is(fresh: House) -> None:
    mine = FORM | {"setup": setup_of(fresh)}
    tries = [fresh.client(**HTML).post("/welcome", data=mine | {"email": f"dana{at}@example.com"}) for at in range(2)]
    answers = await asyncio.gather(*tries)
    assert sorted(one.status_code for one in answers) == [303, 403]
    async with fresh.parts.system.transaction() as tx:
        assert await tx.fetchval("select count(*) from users") == 1
        assert await tx.fetchval("select count(*) from tenants") == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"business": " "}, "Write the name that your customers know."),
        ({"email": "no address"}, "This is not an e-mail address."),
        ({"password": "bluff-roofing"}, "easy to guess"),
        ({"country": "XX"}, "Choose a country."),
        ({"name": ""}, "Write your name."),
    ],
)
async def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_made(
    fresh: House, change: dict[str, str], words: str
) -> None:
    mine = FORM | {"setup": setup_of(fresh)}
    answer = await fresh.client(**HTML).post("/welcome", data=mine | {"business": "Bluff Roofing"} | change)
    assert answer.status_code == 422
    assert words in answer.text
    assert FORM["password"] not in answer.text
    async with fresh.parts.system.transaction() as tx:
        assert await tx.fetchval("select count(*) from users") == 0


async def test_another_sites_page_signs_nobody_up(fresh: House) -> None:
    mine = FORM | {"setup": setup_of(fresh)}
    answer = await fresh.client(**HTML, Origin="https://evil.example").post("/welcome", data=mine)
    assert answer.status_code == 403


@pytest.mark.parametrize("setup", ["", "0" * 32, "é" * 32])
async def test_who_only_finds_a_new_installation_cannot_take_it(fresh: House, setup: str) -> None:
    """Whoever comes first must have seen its start, or its key."""
    stranger = fresh.client(**HTML)
    page = await stranger.get("/welcome", params={"setup": setup})
    assert "Open the link that the start of the program printed" in page.text
    assert 'name="password"' not in page.text
    assert (await stranger.post("/welcome", data=FORM | {"setup": setup})).status_code == 403
    async with fresh.parts.system.transaction() as tx:
        assert await tx.fetchval("select count(*) from users") == 0
    shown = await stranger.get("/welcome", params={"setup": setup_of(fresh)})
    assert 'name="password"' in shown.text


async def test_a_set_up_is_gone_on_with_where_it_was_left_and_back_forgets_nothing(fresh: House) -> None:
    client, base = await begun(fresh)
    assert (await client.get("/welcome")).headers["location"] == f"{base}/hours"
    page = await client.get(f"{base}/hours")
    assert "Step 2 of 5" in page.text
    hours = {"timezone": "America/Denver", "mon_open": "yes", "mon_opens": "08:00", "mon_closes": "18:00"}
    broken = await client.post(f"{base}/hours", data=hours | {"mon_break_from": "19:00", "mon_break_until": "20:00"})
    assert broken.status_code == 422
    assert "The break lies between opening and closing." in broken.text
    same = await client.post(f"{base}/hours", data=hours | {"do": "same"})
    assert len(re.findall(r'name="\w+_opens" value="08:00"', same.text)) == 5
    kept = await client.post(f"{base}/hours", data=hours | {"mon_break_from": "12:00", "mon_break_until": "13:00"})
    assert kept.headers["location"] == f"{base}/number"
    weekly = json.loads((await tenant_at(fresh, base)).hours)["weekly"]
    assert weekly["mon"] == [["08:00", "12:00"], ["13:00", "18:00"]]
    assert weekly["tue"] == []
    again = await client.get(f"{base}/hours")
    assert 'name="mon_break_from" value="12:00"' in again.text
    assert (await client.get("/welcome")).headers["location"] == f"{base}/number"
    assert "Bluff &lt;b&gt;Roofing" in (await client.get(base)).text


async def test_a_number_is_taken_from_the_pool_or_typed_and_the_twin_knows_it(fresh: House) -> None:
    client, base = await begun(fresh)
    page = await client.get(f"{base}/number")
    offered = re.findall(r'name="offered" value="(\+1303555\d{4})"', page.text)
    assert len(offered) == 3, "numbers near Denver"
    real = await client.post(f"{base}/number", data={"how": "offered", "offered": "+12065551234"})
    assert real.status_code == 422
    circle = await client.post(
        f"{base}/number", data={"how": "offered", "offered": offered[0], "forwarding": offered[0]}
    )
    assert "in a circle" in circle.text
    taken = await client.post(
        f"{base}/number", data={"how": "offered", "offered": offered[0], "forwarding": "(303) 555-0199"}
    )
    assert taken.headers["location"] == f"{base}/words"
    tenant = await tenant_at(fresh, base)
    assert tenant.forwarding_e164 == "+13035550199"
    async with fresh.parts.app.transaction(tenant.id) as tx:
        assert [one.phone_e164 for one in await senders.list_numbers(tx)] == [offered[0]]
    assert "not registered with the carriers yet" in (await client.get(f"{base}/number")).text


async def test_a_number_of_another_business_is_not_given_away(house: House) -> None:
    admin = await house.as_person(ADMIN)
    admin.headers["Accept"] = "text/html"
    base = (await admin.post("/welcome", data=FORM)).headers["location"].rpartition("/")[0]
    answer = await admin.post(f"{base}/number", data={"how": "own", "own": ADAS_NUMBER})
    assert answer.status_code == 422
    assert "belongs to a business already" in answer.text


async def test_words_that_the_law_does_not_let_pass_are_not_kept(fresh: House) -> None:
    client, base = await begun(fresh)
    bad = await client.post(f"{base}/words", data={"textback_open_template": "Sale! 50% off. Reply STOP to opt out."})
    assert bad.status_code == 422
    assert "Must change" in bad.text
    part = await client.post(
        f"{base}/words/preview?which=open", data={"textback_open_template": "{{business}}: hi. Reply STOP to opt out."}
    )
    assert "Bluff &lt;b&gt;Roofing&lt;/b&gt;: hi." in part.text
    assert "Nothing to complain of." in part.text
    assert "Sale" not in (await tenant_at(fresh, base)).textback_open_template


async def test_a_test_call_is_followed_to_its_text_and_then_the_set_up_is_over(fresh: House) -> None:
    client, base = await begun(fresh)
    offered = re.findall(r'name="offered" value="([^"]+)"', (await client.get(f"{base}/number")).text)
    await client.post(f"{base}/number", data={"how": "offered", "offered": offered[0]})
    called = await client.post(f"{base}/test")
    assert called.status_code == 303
    trail = called.headers["location"].partition("#")[0]

    async def delivered() -> bool:
        return "It works." in (await client.get(trail + "&part=trail")).text

    await fresh.eventually(delivered)
    done = (await client.get(trail + "&part=trail")).text
    assert "We texted back" in done
    assert "hx-trigger" not in done, "nothing more is asked for"
    assert (await client.post(f"{base}/done")).status_code == 303
    assert "Add a business" in (await client.get("/welcome")).text


async def test_only_an_owner_sets_a_business_up(house: House) -> None:
    ben = await house.as_person(BEN)
    mallory = await house.as_person(MALLORY)
    for path in ("", "/hours", "/number", "/words", "/test"):
        assert (await ben.get(f"/businesses/{house.ada.id}/welcome{path}")).status_code == 403
        assert (await mallory.get(f"/businesses/{house.ada.id}/welcome{path}")).status_code == 404


async def test_whoever_is_here_already_adds_a_business_where_that_is_allowed(house: House) -> None:
    ada = await house.as_person(ADA)
    ada.headers["Accept"] = "text/html"
    closed = await ada.post("/welcome", data=FORM)
    assert closed.status_code == 403
    assert "Only who runs this installation adds businesses." in closed.text
    admin = await house.as_person(ADMIN)
    admin.headers["Accept"] = "text/html"
    token = admin.headers.pop("X-CSRF-Token")
    assert (await admin.post("/welcome", data=FORM)).status_code == 403, "the form repeats the session's token"
    assert (await admin.post("/welcome", data=FORM | {"csrf": token})).status_code == 303
    again = await admin.post("/welcome", data=FORM | {"csrf": token})
    assert (await tenant_at(house, again.headers["location"])).slug == "bluff-b-roofing-b-2"


async def test_a_stranger_confirms_by_mail_and_whoever_is_known_is_told_so_by_mail_alone(
    open_to_all: House, mailbox: Mailbox
) -> None:
    house = open_to_all
    stranger = await house.client(**HTML).post("/welcome", data=FORM)
    known = await house.client(**HTML).post("/welcome", data=FORM | {"email": ADA})
    assert stranger.status_code == known.status_code == 200
    assert stranger.text.replace(DANA, "") == known.text.replace(ADA, "")
    letters = dict([await mailbox.next_letter(), await mailbox.next_letter()])
    assert "You can log in with it already" in letters[ADA]
    found = re.search(r"/welcome/confirm\?token=(\S+)", letters[DANA])
    assert found is not None
    async with house.parts.system.transaction() as tx:
        assert await auth.find_user(tx, email=DANA) is None, "nothing is made before the address is confirmed"
    client = house.client(**HTML)
    for _ in range(2):
        assert "Set up Bluff &lt;b&gt;Roofing" in (await client.get(f"/welcome/confirm?token={found[1]}")).text
    done = await client.post("/welcome/confirm", data={"token": found[1]})
    assert done.status_code == 303
    assert (await client.get(done.headers["location"])).status_code == 200
    async with house.parts.system.transaction() as tx:
        dana = await auth.find_user(tx, email=DANA)
        assert dana is not None
        assert not dana.platform_admin
    assert (await house.client(**HTML).post("/welcome/confirm", data={"token": found[1]})).status_code == 409


async def test_sign_ups_are_taken_at_a_bounded_speed(open_to_all: House) -> None:
    answers = [await open_to_all.client(**HTML).post("/welcome", data=FORM) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert "Too many tries" in answers[-1].text
