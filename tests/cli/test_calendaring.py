"""Calendars on the command line: connected, listed, asked and let go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from frontdesk.providers.twin import TwinServer
from tests.cli.conftest import Terminal

OURS = ("--tenant", "harbor-plumbing")


@pytest.fixture
async def jobber(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TwinServer]:
    """Lend a pretended Jobber, named in the environment as an operator does."""
    async with TwinServer() as twin:
        monkeypatch.setenv("JOBBER_API_TOKEN", twin.config.jobber_api_token)
        monkeypatch.setenv("JOBBER_API_BASE_URL", twin.url)
        yield twin


async def test_an_account_is_connected_listed_asked_and_let_go(terminal: Terminal, jobber: TwinServer) -> None:
    made = await terminal.type("calendar", "connect", *OURS, "--provider", "jobber", "--json")
    assert made.code == 0, made.err
    listed = await terminal.type("calendar", "list", *OURS, "--json")
    (account,) = listed.each("accounts")
    assert account["id"] == made.at("connected")
    assert (account["tenant"], account["provider"], account["state"]) == ("harbor-plumbing", "jobber", "active")
    assert jobber.config.jobber_api_token not in listed.out
    assert (await terminal.type("calendar", "list", "--tenant", "mesa-dental", "--json")).each("accounts") == []
    assert "Ada" in (await terminal.type("calendar", "list")).out
    assert (await terminal.type("calendar", "sync", *OURS)).code == 0
    assert (await terminal.type("calendar", "sync", str(account["id"]), *OURS)).code == 0
    assert (await terminal.type("calendar", "disconnect", str(account["id"]), *OURS)).code == 0
    assert (await terminal.type("calendar", "list", *OURS, "--json")).each("accounts") == []


async def test_what_cannot_be_is_named(terminal: Terminal) -> None:
    server = ("--provider", "caldav", "--server", "https://10.0.0.8/", "--username", "ada", "--password", "x")
    refused = await terminal.type("calendar", "connect", *OURS, *server)
    assert refused.code == 1
    assert "open Internet" in refused.err
    assert (await terminal.type("calendar", "sync", str(uuid4()), *OURS)).code == 1
    assert (await terminal.type("calendar", "disconnect", str(uuid4()), *OURS)).code == 1


async def test_a_consent_is_left_to_the_owner_s_own_browser(terminal: Terminal) -> None:
    told = await terminal.type("calendar", "connect", *OURS, "--provider", "google")
    assert told.code == 0
    assert "/calendars/connect?provider=google" in told.out.replace("\n", "")
