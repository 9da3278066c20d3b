"""Forgotten passwords: one answer for everybody, and a link that works once, for half an hour, at our address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from frontdesk.ports.mail import Letter
from frontdesk.providers.smtp import MailServer, Security, write_letter
from tests.support.entry import Mailbox, link_in, open_mailbox, pass_by, set_up_app
from tests.support.house import ADA, PASSWORD, House, open_house
from tests.support.office import TravelClock

NEW_PASSWORD = "brook-ladder-saffron-window"
HTML = {"Accept": "text/html"}


@pytest.fixture
def clock() -> TravelClock:
    return TravelClock()


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with open_mailbox() as opened:
        yield opened


@pytest.fixture
async def house(database_url: str, home: Path, clock: TravelClock, mailbox: Mailbox) -> AsyncIterator[House]:
    environ = mailbox.settings() | {"PUBLIC_BASE_URL": "https://desk.example"}
    async with open_house(database_url, home, clock=clock, environ=environ) as opened:
        yield opened


async def asked_link(house: House, mailbox: Mailbox, **headers: str) -> str:
    await house.client(**headers).post("/forgot", data={"email": ADA})
    to, words = await mailbox.next_letter()
    assert to == ADA
    assert "https://desk.example/reset/" in words
    return link_in(words)


async def test_a_link_sets_a_new_password_once_and_ends_every_login(house: House, mailbox: Mailbox) -> None:
    before = await house.client().post("/api/auth/login", json={"email": ADA, "password": PASSWORD})
    cookie = before.headers["set-cookie"].split(";")[0]
    link = await asked_link(house, mailbox)
    client = house.client()
    page = await client.get(link)
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "same-origin", "the link is told to nobody else"
    weak = await client.post(link, data={"password": "password"})
    assert weak.status_code == 422
    done = await client.post(link, data={"password": NEW_PASSWORD})
    assert (done.status_code, done.headers["location"]) == (303, "/login?said=password-set")
    assert (await client.post(link, data={"password": PASSWORD})).status_code == 409
    assert "This link is over" in (await client.get(link)).text
    assert (await house.client(Cookie=cookie).get("/api/auth/me")).status_code == 401
    old = await house.client().post("/api/auth/login", json={"email": ADA, "password": PASSWORD})
    new = await house.client().post("/api/auth/login", json={"email": ADA, "password": NEW_PASSWORD})
    assert (old.status_code, new.status_code) == (401, 200)


async def test_looking_at_a_link_does_not_use_it_up(house: House, mailbox: Mailbox) -> None:
    link = await asked_link(house, mailbox)
    for _ in range(3):
        assert (await house.client().get(link)).status_code == 200
    assert (await house.client().post(link, data={"password": NEW_PASSWORD})).status_code == 303


async def test_a_link_is_over_after_half_an_hour_and_when_a_later_one_was_asked_for(
    house: House, mailbox: Mailbox, clock: TravelClock
) -> None:
    first = await asked_link(house, mailbox)
    second = await asked_link(house, mailbox)
    assert (await house.client().get(first)).status_code == 409
    pass_by(clock, 1801)
    assert (await house.client().post(second, data={"password": NEW_PASSWORD})).status_code == 409


async def test_nobody_learns_who_is_here(house: House, mailbox: Mailbox) -> None:
    known = await house.client().post("/forgot", data={"email": ADA})
    nobody = await house.client().post("/forgot", data={"email": "eda@example.com"})
    odd = await house.client().post("/forgot", data={"email": "no address"})
    assert known.status_code == nobody.status_code == odd.status_code == 200
    assert (
        known.text.replace(ADA, "") == nobody.text.replace("eda@example.com", "") == odd.text.replace("no address", "")
    )
    assert (await mailbox.next_letter())[0] == ADA
    # What is done before the answer is the same for all: one row in the throttle, no look for the person.
    async with house.parts.system.transaction() as tx:
        assert await tx.fetchval("select count(*) from login_attempts") == 3
    assert mailbox.letters.empty()


async def test_a_link_names_our_address_whatever_the_request_says(house: House, mailbox: Mailbox) -> None:
    link = await asked_link(house, mailbox, **{"X-Forwarded-Host": "evil.example", "Host": "evil.example"})
    assert link.startswith("/reset/")


async def test_links_are_asked_for_at_a_bounded_speed(house: House) -> None:
    answers = [await house.client().post("/forgot", data={"email": ADA}) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    strangers = [await house.client().post("/forgot", data={"email": "eda@example.com"}) for _ in range(4)]
    assert [one.status_code for one in strangers] == [200, 200, 200, 429]


async def test_a_link_is_kept_as_a_hash_and_takes_no_app_off(
    house: House, mailbox: Mailbox, clock: TravelClock
) -> None:
    before = await house.client().post("/api/auth/login", json={"email": ADA, "password": PASSWORD})
    ada = house.client(Cookie=before.headers["set-cookie"].split(";")[0])
    ada.headers["X-CSRF-Token"] = before.json()["csrf_token"]
    await set_up_app(ada, clock)
    assert "authenticator app" in (await mailbox.next_letter())[1]
    link = await asked_link(house, mailbox)
    token = link.rpartition("/")[2]
    async with house.parts.system.transaction() as tx:
        kept = [bytes(row["token_hash"]) for row in await tx.fetch("select token_hash from password_resets")]
    assert len(kept) == 1
    assert token.encode() not in kept[0]
    await house.client().post(link, data={"password": NEW_PASSWORD})
    entered = await house.client().post("/api/auth/login", json={"email": ADA, "password": NEW_PASSWORD})
    assert entered.json()["code"] == "auth.code_needed"


async def test_another_site_asks_for_no_link_and_sets_no_password(house: House, mailbox: Mailbox) -> None:
    link = await asked_link(house, mailbox)
    foreign = {"Origin": "https://evil.example"}
    assert (await house.client().post("/forgot", data={"email": ADA}, headers=foreign)).status_code == 403
    assert (await house.client().post(link, data={"password": NEW_PASSWORD}, headers=foreign)).status_code == 403


async def test_letters_are_plain_text_to_one_person() -> None:
    server = MailServer(
        host="x", port=25, security=Security.NONE, sender="frontdesk@example.com", recipients=("ops@example.com",)
    )
    words = "Here: https://desk.example/reset/x <b>not bold</b>\n"
    mail = write_letter(Letter(to=ADA, subject="New", words=words, at=datetime(2026, 11, 20, tzinfo=UTC)), server)
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content() == words
    assert (mail["To"], mail["Auto-Submitted"]) == (ADA, "auto-generated")
    with pytest.raises(ValueError, match="linefeed"):
        write_letter(
            Letter(to=f"{ADA}\r\nBcc: eve@example.com", subject="New", words="", at=mail["Date"].datetime), server
        )


async def test_without_a_mail_server_the_page_says_who_helps(database_url: str, home: Path) -> None:
    async with open_house(database_url, home) as house:
        page = await house.client().get("/forgot", headers=HTML)
        assert "frontdesk user reset-link" in page.text
        assert "<form" not in page.text
        assert (await house.client().post("/forgot", data={"email": ADA})).status_code == 409
