"""Addresses and pages of getting in carry no secrets, and nothing that comes from outside becomes markup."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from fastapi.routing import APIRoute

from frontdesk.web.app import create_app
from tests.kernel.test_telemetry import captured
from tests.security.test_access_matrix import rows_of
from tests.support.entry import keep_passkey, link_in, open_mailbox, set_up_app
from tests.support.house import ADA, PASSWORD, House, open_house
from tests.support.office import TravelClock

SECRET_NAMES = re.compile(r"password|secret|session|csrf|api_?token", re.IGNORECASE)
# Links that somebody was sent, for one purpose each; what ends with `_id` names a row and opens nothing.
SIGNED_LINKS = {"token", "reset_token", "appointment_link", "hold_link", "invitation_token"}
MARKUP = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


async def test_no_address_carries_a_secret_but_links_for_one_purpose(house: House) -> None:
    for route in create_app(house.parts).routes:
        if isinstance(route, APIRoute):
            asked = {one.name for one in route.dependant.query_params}
            assert not [name for name in asked if SECRET_NAMES.search(name)], route.path
    names = {name for row in rows_of(create_app(house.parts)) for name in re.findall(r"{(\w+)}", row.path)}
    carrying = {name for name in names if "token" in name and not name.endswith("_id")}
    assert carrying <= SIGNED_LINKS, carrying


async def test_secrets_of_getting_in_stand_in_no_log_line_and_no_audit_entry(database_url: str, home: Path) -> None:
    clock = TravelClock()
    with captured() as lines:
        async with (
            open_mailbox() as mailbox,
            open_house(database_url, home, clock=clock, environ=mailbox.settings()) as house,
        ):
            ada = await house.as_person(ADA)
            session, csrf = ada.cookies["session_id"], ada.headers["X-CSRF-Token"]
            app, codes = await set_up_app(ada, clock)
            await keep_passkey(ada, house)
            code = app.code()
            await house.client().post("/api/auth/login", json={"email": ADA, "password": PASSWORD, "code": code})
            await house.client().post("/forgot", data={"email": ADA})
            words = ""
            while "/reset/" not in words:  # what was changed before is told, too
                _, words = await mailbox.next_letter()
            link = link_in(words)
            await house.client().get(link)
            await house.client().post(link, data={"password": "brook-ladder-saffron-window"})
            async with house.parts.system.transaction() as tx:
                audit = "\n".join(row["row"] for row in await tx.fetch("select audit_log::text as row from audit_log"))
    ours = [line for line in lines.getvalue().splitlines() if '"module":"httpx2"' not in line]  # the test's own browser
    everything = "\n".join([*ours, audit])
    assert "web.request" in everything
    told = [PASSWORD, session, csrf, app.secret, *codes, link.rpartition("/")[2], "brook-ladder-saffron-window"]
    assert [line for line in everything.splitlines() if any(secret in line for secret in told)] == []


async def test_markup_from_outside_stays_text_on_every_page_of_getting_in(house: House) -> None:
    ada = await house.as_person(ADA)
    stranger = house.client()
    pages = [
        await stranger.get(f"/login?next={quote('/' + MARKUP)}&said={quote(MARKUP)}"),
        await stranger.post("/login", data={"email": MARKUP, "password": "x", "next": MARKUP}),
        await stranger.get(f"/forgot?email={quote(MARKUP)}"),
        await stranger.post("/forgot", data={"email": MARKUP}),
        await stranger.get(f"/reset/{quote(MARKUP, safe='')}"),
        await ada.get(f"/account?said={quote(MARKUP)}"),
        await ada.get(f"/account/prove?next={quote('/' + MARKUP)}"),
        await ada.post("/account/prove", data={"secret": MARKUP, "next": "/" + MARKUP}),
        await ada.post("/account/password", data={"password": MARKUP[:7]}),
        await ada.post(f"/businesses/{house.ada.id}/settings/tokens", data={"name": MARKUP}),
    ]
    async with house.parts.system.transaction() as tx:
        await tx.execute("update users set name = $1", MARKUP)
        await tx.execute("update sessions set user_agent = $1", MARKUP)
    await keep_passkey(ada, house, name=MARKUP[:50])
    pages.append(await ada.get("/account"))
    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert page.status_code < 500
    assert "&lt;script&gt;" in pages[-1].text


async def test_there_is_no_password_that_somebody_could_know_before_the_first_start(house: House) -> None:
    for email, password in (("admin", "admin"), ("admin@example.com", "password"), (ADA, ""), ("root@example.com", "")):
        answer = await house.client().post("/api/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 401
