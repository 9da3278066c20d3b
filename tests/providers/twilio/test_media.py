"""Credentials go to Twilio alone, and nothing leads the fetch anywhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from frontdesk.kernel.clock import SystemClock
from frontdesk.kernel.errors import Refused
from frontdesk.ports import FailureClass, ProviderError
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twilio import FetchedMedia, TwilioMedia
from tests.providers.http.scripted_server import Script, ScriptedServer, answering, reply_with, serving
from tests.providers.twilio.signing import ACCOUNT

RECORDING = "RE00000000000000000000000000000001"
SOUND = reply_with(b"RIFF....", extra=b"Content-Type: audio/x-wav\r\n")


@asynccontextmanager
async def store(script: Script) -> AsyncIterator[tuple[TwilioMedia, ScriptedServer]]:
    """Serve a script as Twilio's API and fetch from it."""
    http = HttpClient()
    async with serving(script) as server:
        account = replace(ACCOUNT, api_base_url=str(server.origin))
        yield TwilioMedia(account, http, clock=SystemClock()), server
        await http.close()


async def test_a_recording_is_fetched_with_the_accounts_credentials() -> None:
    async with store(answering(SOUND)) as (media, server):
        fetched = await media.fetch_media(f"{server.origin}/2010-04-01/Accounts/AC0/Recordings/{RECORDING}?x=1")
    assert fetched == FetchedMedia("audio/x-wav", b"RIFF....")
    assert server.requests[0].startswith(b"GET /2010-04-01/Accounts/AC0/Recordings/RE0")
    assert b"\r\nAuthorization: Basic " in server.requests[0]


async def test_a_redirect_is_followed_without_the_credentials() -> None:
    moved = reply_with(b"", status="307 Temporary Redirect", extra=b"Location: /elsewhere\r\n")
    async with store(answering(moved, SOUND)) as (media, server):
        fetched = await media.fetch_media(f"{server.origin}/media")
    assert fetched.body == b"RIFF...."
    assert server.requests[1].startswith(b"GET /elsewhere ")
    assert b"Authorization" not in server.requests[1]


async def test_redirects_end_somewhere() -> None:
    moved = reply_with(b"", status="307 Temporary Redirect", extra=b"Location: /again\r\n")
    async with store(answering(moved, moved, moved, moved)) as (media, server):
        with pytest.raises(ProviderError, match="redirects"):
            await media.fetch_media(f"{server.origin}/media")
    assert len(server.requests) == 3


FOREIGN = [
    "",
    "/relative",
    "https://api.twilio.com@evil.example/x",
    "https://api.twilio.com.evil.example/x",
    "https://evil.example/api.twilio.com",
    "https://eviltwilio.com/x",
    "https://api.twilio.com:8443/x",
    "http://api.twilio.com/x",
    "http://127.0.0.1/x",
    "http://localhost:9/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "http://169.254.169.254/latest/meta-data",
    "http://2130706433/x",
    "http://0x7f.1/x",
    "http://[::ffff:127.0.0.1]/x",
    "https://s3.amazonaws.com/other-bucket/x",
    "https://s3.amazonaws.com/media.twiliocdn.com/x",
    "file:///etc/passwd",
    "gopher://api.twilio.com/x",
    "https://[broken",
]


@pytest.mark.parametrize("url", FOREIGN)
async def test_an_address_that_is_not_twilios_is_refused_before_any_request(url: str) -> None:
    async with store(answering(SOUND)) as (media, server):
        with pytest.raises(Refused) as refusal:
            await media.fetch_media(url)
    assert refusal.value.code == "twilio.foreign_media_url"
    assert server.connections == 0


@pytest.mark.parametrize("url", [url for url in FOREIGN if "://" in url and "media.twiliocdn.com" not in url])
async def test_a_redirect_to_an_address_that_is_not_twilios_is_refused(url: str) -> None:
    moved = reply_with(b"", status="302 Found", extra=b"Location: %s\r\n" % url.encode())
    async with store(answering(moved)) as (media, server):
        with pytest.raises(Refused) as refusal:
            await media.fetch_media(f"{server.origin}/media")
    assert refusal.value.code == "twilio.foreign_media_url"
    assert len(server.requests) == 1


async def test_a_line_break_in_an_address_is_refused() -> None:
    async with store(answering(SOUND)) as (media, server):
        with pytest.raises(Refused):
            await media.fetch_media(f"{server.origin}/a b")
    assert server.requests == []


async def test_a_file_beyond_the_limit_is_not_kept() -> None:
    async with store(answering(SOUND)) as (media, server):
        with pytest.raises(ProviderError) as refusal:
            await media.fetch_media(f"{server.origin}/media", max_bytes=7)
    assert refusal.value.failure is FailureClass.UNAVAILABLE


@pytest.mark.parametrize("status", ["204 No Content", "404 Not Found"])
async def test_a_recording_is_deleted_and_deleting_twice_is_no_error(status: str) -> None:
    async with store(answering(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())) as (media, server):
        await media.delete_recording(RECORDING)
    wanted = f"DELETE /2010-04-01/Accounts/{ACCOUNT.account_sid}/Recordings/{RECORDING}.json HTTP/1.1\r\n"
    assert server.requests[0].startswith(wanted.encode())


async def test_a_deletion_that_fails_can_be_tried_again() -> None:
    async with store(answering(reply_with(b"", status="500 X"))) as (media, _):
        with pytest.raises(ProviderError) as refusal:
            await media.delete_recording(RECORDING)
    assert (refusal.value.failure, refusal.value.ambiguous) == (FailureClass.UNAVAILABLE, False)


@pytest.mark.parametrize("identifier", ["", "RE1", "../Messages", RECORDING + "/x", "SM" + "0" * 32])
async def test_only_a_recording_id_is_deleted(identifier: str) -> None:
    async with store(answering()) as (media, server):
        with pytest.raises(Refused, match="RE and 32"):
            await media.delete_recording(identifier)
    assert server.connections == 0
