"""Secrets are exchanged under load: nothing good is refused and nothing bad is taken by programs that run."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import aiohttp
import pytest
from twilio.request_validator import RequestValidator

from frontdesk.kernel import auth
from frontdesk.kernel.auth import Role
from tests.support.actors import TEST_ACTS
from tests.support.office import TOKEN, call_form
from tests.support.processes import LiveOffice, live_office
from tests.support.program import SOURCE

pytestmark = pytest.mark.slow

EMAIL, PASSWORD = "ada@harbor.example", "a long enough pass phrase"
NEW_TOKEN = "fedcba9876543210fedcba9876543210"
EVERY = 0.02


async def frontdesk(office: LiveOffice, *words: str) -> str:
    """Run a command beside the programs that run."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "frontdesk", *words, "--json"),
        stdout=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **office.environ, "PYTHONPATH": SOURCE},
    )
    said, _ = await program.communicate()
    assert program.returncode == 0, said.decode()
    return said.decode()


async def add_ada(office: LiveOffice) -> None:
    """Let Ada log in."""
    password_hash = await auth.Passwords().hash(PASSWORD)
    async with office.login.transaction() as tx:
        ada = await auth.create_user(tx, email=EMAIL, name="Ada", password_hash=password_hash, actor=TEST_ACTS)
    async with office.login.transaction(office.ada.id) as tx:
        await auth.put_member(tx, user_id=ada.id, role=Role.OWNER, actor=TEST_ACTS)


async def log_in(browser: aiohttp.ClientSession, url: str) -> str:
    """Log Ada in; returns what her forms repeat."""
    async with browser.post(f"{url}/api/auth/login", json={"email": EMAIL, "password": PASSWORD}) as answer:
        assert answer.status == 200, await answer.text()
        told: Mapping[str, object] = await answer.json()
    return str(told["csrf_token"])


async def again_and_again(ask: Callable[[], Awaitable[int]], seen: dict[int, int], stop: asyncio.Event) -> None:
    """Ask until told to stop, and count the answers by their status."""
    while not stop.is_set():
        status = await ask()
        seen[status] = seen.get(status, 0) + 1
        await asyncio.sleep(EVERY)


@pytest.mark.timeout(120)
async def test_the_key_is_exchanged_under_two_web_processes_and_no_form_is_refused(
    database_url: str, home: Path
) -> None:
    async with live_office(
        database_url, home, API_CALLER_UNITS_PER_MINUTE="0", API_BUSINESS_UNITS_PER_MINUTE="0"
    ) as office:
        webs = await office.start(webs=2, workers=0)
        await add_ada(office)
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as browser:
            first = await log_in(browser, office.url)

            def change(url: str, csrf: str) -> Callable[[], Awaitable[int]]:
                async def ask() -> int:
                    headers = {"X-CSRF-Token": csrf, "Origin": office.url}
                    place = f"{url}/api/tenants/{office.ada.id}"
                    async with browser.patch(place, json={"ring_seconds": 20}, headers=headers) as answer:
                        return answer.status

                return ask

            good: dict[int, int] = {}
            bad: dict[int, int] = {}
            stop = asyncio.Event()
            forged = first[:-4] + ("0000" if first[-4:] != "0000" else "1111")
            asking = [
                *(asyncio.create_task(again_and_again(change(web.url, first), good, stop)) for web in webs),
                *(asyncio.create_task(again_and_again(change(web.url, forged), bad, stop)) for web in webs),
            ]
            await frontdesk(office, "secret", "rotate")
            async with browser.get(f"{office.url}/api/auth/me") as answer:
                second = str((await answer.json())["csrf_token"])
            assert second != first, "what is signed now is signed with the new key"
            asking += [asyncio.create_task(again_and_again(change(web.url, second), good, stop)) for web in webs]
            counted = sum(good.values())
            await office.eventually(lambda: _more_than(good, counted + 50))
            stop.set()
            await asyncio.gather(*asking)
            assert set(good) == {200}, good
            assert set(bad) == {403}, bad
            await frontdesk(office, "secret", "finish")
            assert [await change(web.url, first)() for web in webs] == [403, 403], "the old key is worth nothing now"
            assert [await change(web.url, second)() for web in webs] == [200, 200]


async def _more_than(seen: dict[int, int], count: int) -> bool:
    return sum(seen.values()) > count


@pytest.mark.timeout(120)
async def test_a_carriers_token_is_exchanged_and_every_webhook_signed_with_either_is_taken(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        [web] = await office.start(workers=0)
        both = {"TWILIO_AUTH_TOKEN": NEW_TOKEN, "TWILIO_AUTH_TOKEN_SECONDARY": TOKEN}
        other = await office.start_web(elsewhere=True, **both)
        good: dict[int, int] = {}
        bad: dict[int, int] = {}
        stop = asyncio.Event()
        calls = iter(range(100_000))

        def webhook(url: str, token: str) -> Callable[[], Awaitable[int]]:
            async def ask() -> int:
                form = call_form(f"CA{next(calls):032}", f"+1206555{next(calls) % 10_000:04}")
                place = f"{office.url}/webhooks/twilio/voice"
                signed = {"X-Twilio-Signature": RequestValidator(token).compute_signature(place, form)}
                async with office.carrier.post(f"{url}/webhooks/twilio/voice", data=form, headers=signed) as answer:
                    return answer.status

            return ask

        asking = [
            asyncio.create_task(again_and_again(webhook(web.url, TOKEN), good, stop)),
            asyncio.create_task(again_and_again(webhook(other.url, TOKEN), good, stop)),
            asyncio.create_task(again_and_again(webhook(other.url, NEW_TOKEN), good, stop)),
            asyncio.create_task(again_and_again(webhook(other.url, "0" * 32), bad, stop)),
            asyncio.create_task(again_and_again(webhook(web.url, NEW_TOKEN), bad, stop)),
        ]
        await office.eventually(lambda: _more_than(good, 200))
        stop.set()
        await asyncio.gather(*asking)
        assert set(good) == {200}, good
        assert set(bad) == {403}, bad
