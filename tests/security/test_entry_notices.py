"""What changes about how a person gets in is told to them by letter: what, when, from where, and what to do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from frontdesk.kernel.jobs import JobsWorker, RunState, Workflows, list_runs_of
from frontdesk.ports.mail import Letter
from frontdesk.providers.smtp import MailLetters, MailServer, Security
from frontdesk.wiring.letters import CARRY, OutTray, add_letter_workflow
from frontdesk.wiring.notices import Change, write_notice
from tests.support.entry import Mailbox, keep_passkey, link_in, open_mailbox, set_up_app
from tests.support.house import ADA, PASSWORD, House, open_house
from tests.support.office import TravelClock

NEW_PASSWORD = "brook-ladder-saffron-window"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"


@dataclass(frozen=True)
class Post:
    """A house, and the mail server that it hands letters to."""

    house: House
    mailbox: Mailbox
    clock: TravelClock
    database_url: str

    async def ada(self) -> httpx2.AsyncClient:
        client = await self.house.as_person(ADA)
        client.headers["User-Agent"] = FIREFOX
        return client

    async def is_told(self, *words: str) -> str:
        """Wait for the next letter, which must be to Ada and say all of this."""
        to, said = await self.mailbox.next_letter()
        assert to == ADA
        for one in words:
            assert one in said, said
        return said


@pytest.fixture
async def post(database_url: str, home: Path) -> AsyncIterator[Post]:
    clock = TravelClock()
    async with (
        open_mailbox() as mailbox,
        open_house(database_url, home, environ=mailbox.settings(), clock=clock) as house,
    ):
        yield Post(house, mailbox, clock, database_url)


async def test_every_change_of_what_lets_a_person_in_is_told_with_time_and_place(post: Post) -> None:
    ada = await post.ada()
    await set_up_app(ada, post.clock)
    said = await post.is_told("an authenticator app and ten recovery codes were added", f"({ADA})")
    assert re.search(r"When: \d\d [A-Z][a-z]+ 20\d\d, \d\d:\d\d UTC", said)
    for words in ("From: Firefox on Linux at 127.0.0.1", "If it was not you", "/forgot\r\n", "/account\r\n"):
        assert words in said, said
    await ada.post("/account/app/codes")
    await post.is_told("has new recovery codes")
    await ada.post("/account/app/remove", data={"secret": PASSWORD})
    await post.is_told("were removed: the password alone lets in now")


async def test_passkeys_and_passwords_are_told_as_well(post: Post) -> None:
    ada = await post.ada()
    await keep_passkey(ada, post.house, name="Mallory's laptop")
    said = await post.is_told("a passkey was added")
    assert "Mallory" not in said, "a stranger's words stand in no letter of ours"
    passkey = (await ada.get("/account", headers={"Accept": "text/html"})).text
    found = re.search(r"/account/passkeys/([0-9a-f-]{36})/remove", passkey)
    assert found is not None
    await ada.post(found[0])
    await post.is_told("a passkey of your account", "was removed")
    await ada.post("/account/password", data={"password": NEW_PASSWORD})
    await post.is_told("the password of your account", "was changed")
    stranger = post.house.client(**{"User-Agent": "curl/8"})
    await stranger.post("/forgot", data={"email": ADA})
    link = link_in(await post.is_told("somebody, probably you, asked for a new password"))
    assert (await stranger.post(link, data={"password": PASSWORD})).status_code == 303
    await post.is_told("the password of your account", "From: A program at 127.0.0.1")


async def test_what_was_refused_is_told_to_nobody(post: Post) -> None:
    ada = await post.ada()
    await ada.post("/account/password", data={"password": "password"})
    await ada.post("/account/app/remove", data={"secret": PASSWORD})
    await ada.post("/account/app/codes")
    async with post.house.parts.system.transaction() as tx:
        assert await list_runs_of(tx, workflow=CARRY) == []


async def test_a_letter_is_sealed_and_survives_a_mail_server_that_is_away(database_url: str, home: Path) -> None:
    async with open_house(database_url, home) as house, open_mailbox() as mailbox:
        parts = house.parts
        tray = OutTray(parts.settings.signing_keys())
        async with parts.system.transaction() as tx:
            await tray.lay_down(tx, Letter(to=ADA, subject="x", words="https://127.0.0.1/reset/SECRET", at=tx.now))
        async with parts.system.transaction() as tx:
            (run,) = await list_runs_of(tx, workflow=CARRY)
        assert not {"SECRET", ADA} & set(re.findall(r"[\w@.]+", str(run.args)))

        async def letter_waits() -> bool:
            async with parts.system.transaction() as tx:
                (now,) = await list_runs_of(tx, workflow=CARRY)
            return now.attempts > 0 and now.state is RunState.QUEUED

        async with asyncio.TaskGroup() as group:
            away = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
            stop = asyncio.Event()
            group.create_task(_worker(house, database_url, port=away.sockets[0].getsockname()[1]).run(stop))
            await house.eventually(letter_waits, seconds=30)
            stop.set()
            away.close()
        async with parts.system.transaction() as tx:
            (run,) = await list_runs_of(tx, workflow=CARRY)
        assert run.last_error is not None
        assert "SECRET" not in run.last_error
        async with asyncio.TaskGroup() as group:
            stop = asyncio.Event()
            group.create_task(_worker(house, database_url, port=mailbox.port).run(stop))
            to, words = await mailbox.next_letter()
            stop.set()
        assert (to, "reset/SECRET" in words) == (ADA, True)


def _worker(house: House, database_url: str, *, port: int) -> JobsWorker:
    server = MailServer(
        host="127.0.0.1", port=port, security=Security.NONE, sender="frontdesk@example.com", recipients=()
    )
    workflows = Workflows()
    tray = OutTray(house.parts.settings.signing_keys())
    add_letter_workflow(workflows, tray=tray, postman=MailLetters(server))
    return JobsWorker(database_url, workflows, app=house.parts.app, system=house.parts.system, drain_seconds=0.1)


@pytest.mark.parametrize("change", list(Change))
def test_a_notice_holds_no_line_that_somebody_else_wrote(change: Change) -> None:
    at = TravelClock().now()
    letter = write_notice(
        change, email=ADA, at=at, where="X\r\nBcc: mallory@example.com", base_url="https://a.example/"
    )
    assert "\n" not in letter.subject
    assert "From: X Bcc: mallory@example.com\n" in letter.words
    assert "https://a.example/forgot\n" in letter.words
