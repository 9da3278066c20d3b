"""The control API: settings, journal, waiting, forgetting, and who may use it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import aiohttp
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin import TwinConfig, TwinControl, TwinServer
from frontdesk.providers.twin.journal import read_form
from tests.providers.twin.conftest import BUSINESS, CAROL, basic_auth
from tests.providers.twin.sdk import Sdk, TwilioRestException

SOURCE = Path(__file__).parents[3] / "src"


async def test_the_journal_tells_when_each_request_arrived_and_what_it_held(
    line: str, sdk: Sdk, control: TwinControl, twin: TwinServer
) -> None:
    before = twin.world.monotonic_us()
    for number in range(3):
        await sdk.run(sdk.client.messages.create, to=f"+1206555010{number}", from_=line, body=f"text {number}")
    await sdk.run(sdk.client.messages.list, to=CAROL)
    entries = await control.journal(operation="messages.create")
    assert [entry.fields["Body"] for entry in entries] == ["text 0", "text 1", "text 2"]
    arrivals = [entry.monotonic_us for entry in entries]
    assert before <= arrivals[0] <= arrivals[1] <= arrivals[2] <= twin.world.monotonic_us()
    assert [entry.seq for entry in await control.journal(after=2)] == [3, 4]
    assert [entry.operation for entry in await control.journal(to=CAROL)] == ["messages.create", "messages.list"]


async def test_the_journal_and_the_texts_keep_within_their_bounds() -> None:
    config = TwinConfig(journal_size=4, message_limit=3)
    async with TwinServer(config) as twin, TwinControl(twin.url) as control:
        await control.configure_number(BUSINESS)
        auth = basic_auth(config.account_sid, config.auth_token)
        url = f"{twin.url}/2010-04-01/Accounts/{config.account_sid}/Messages.json"
        async with aiohttp.ClientSession(headers=auth) as session:
            for number in range(9):
                form = {"To": CAROL, "From": BUSINESS, "Body": f"{number}"}
                async with session.post(url, data=form) as answer:
                    assert answer.status == 201
        assert [entry.seq for entry in await control.journal()] == [6, 7, 8, 9]
        assert [entry.seq for entry in await control.journal(after=7)] == [8, 9]
        assert [text.body for text in await control.texts_to(CAROL)] == ["6", "7", "8"]
        assert (await control.state()).requests == 9


@given(st.lists(st.tuples(st.text(min_size=1), st.text())))
def test_forms_are_read_as_the_library_reads_them(pairs: list[tuple[str, str]]) -> None:
    text = urlencode(pairs)
    assert read_form(text) == parse_qsl(text, keep_blank_values=True)


async def test_waiting_ends_as_soon_as_enough_texts_arrived_or_time_ran_out(
    line: str, sdk: Sdk, control: TwinControl
) -> None:
    waiting = asyncio.create_task(control.wait_for_text(CAROL, count=2, contains="yes"))
    everybody = asyncio.create_task(control.wait_for_text(status="accepted", count=3))
    for body in ("yes 1", "no", "yes 2"):
        await sdk.run(sdk.client.messages.create, to=CAROL, from_=line, body=body)
    assert (await everybody).count == 3
    found = await waiting
    assert (found.met, found.count) == (True, 2)
    assert (await control.wait_for_text("+12065550111", within=0)).met is False


async def test_reset_forgets_traffic_and_keeps_numbers_unless_told_otherwise(
    line: str, sdk: Sdk, control: TwinControl
) -> None:
    await control.change_settings(msgspec.structs.replace(await control.settings(), sent_ms=60_000))
    await sdk.run(sdk.client.messages.create, to=CAROL, from_=line, body="hello")
    await control.send_text(customer=CAROL, to=line, body="STOP")
    assert (await control.state()).pending == 1
    await control.reset()
    state = await control.state()
    assert (state.messages, state.requests, state.webhooks, state.pending, state.stops) == (0, 0, 0, 0, ())
    assert state.settings.sent_ms == 15
    assert [number.number for number in state.numbers] == [line]
    await control.reset(numbers=True)
    assert (await control.state()).numbers == ()


async def test_settings_are_changed_one_by_one_and_a_misspelt_one_is_refused(twin: TwinServer) -> None:
    async with aiohttp.ClientSession(twin.url) as session:
        async with session.post("/_twin/settings", json={"callbacks": "off", "sent_ms": 3}) as answer:
            assert (await answer.json())["callback_share"] == 0
        async with session.post("/_twin/settings", json={"callback": "off"}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (422, "twin.order_invalid")
        async with session.post("/_twin/calls", data=b"{") as answer:
            assert (answer.status, answer.content_type) == (422, "application/problem+json")
        async with session.get("/_twin/wait", params={"timeout": "ages"}) as answer:
            assert (await answer.json())["code"] == "twin.query_invalid"


async def test_a_control_token_is_asked_for_where_one_is_set() -> None:
    async with TwinServer(TwinConfig(control_token="open sesame")) as twin:
        async with TwinControl(twin.url, token="open sesame") as known:
            assert (await known.state()).messages == 0
        async with TwinControl(twin.url) as stranger:
            with pytest.raises(Refused) as refusal:
                await stranger.state()
    assert refusal.value.status == 401


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
async def test_without_a_token_no_web_page_can_reach_the_control_api(twin: TwinServer, header: dict[str, str]) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{twin.url}/_twin/state", headers=header) as answer:
        assert (await answer.json())["code"] == "twin.not_loopback"


def test_a_twin_beyond_loopback_needs_a_token() -> None:
    with pytest.raises(ValueError, match="control token"):
        TwinServer(TwinConfig(host="0.0.0.0"))  # noqa: S104 - refused before anything listens


async def test_numbers_are_listed_bought_changed_and_given_back(line: str, sdk: Sdk) -> None:
    numbers = sdk.client.incoming_phone_numbers
    for_sale = await sdk.run(sdk.client.available_phone_numbers("US").local.list, area_code=512, limit=3)
    bought = await sdk.run(numbers.create, phone_number=for_sale[0].phone_number, voice_url="http://127.0.0.1/voice")
    with pytest.raises(TwilioRestException) as refusal:
        await sdk.run(numbers.create, phone_number=for_sale[0].phone_number)
    assert refusal.value.code == 21422
    changed = await sdk.run(numbers(bought.sid).update, sms_url="http://127.0.0.1/sms", status_callback="")
    assert (changed.voice_url, changed.sms_url) == ("http://127.0.0.1/voice", "http://127.0.0.1/sms")
    with pytest.raises(TwilioRestException) as refusal:
        await sdk.run(numbers(bought.sid).update, sms_url="nowhere")
    assert refusal.value.code == 21402
    assert [each.phone_number for each in await sdk.run(numbers.list)] == [line, bought.phone_number]
    assert [each.sid for each in await sdk.run(numbers.list, phone_number=bought.phone_number)] == [bought.sid]
    assert await sdk.run(numbers(bought.sid).delete)
    assert [each.phone_number for each in await sdk.run(numbers.list)] == [line]
    assert {each.country_code for each in await sdk.run(sdk.client.available_phone_numbers.list)} >= {"US", "AU"}


async def test_a_twin_in_its_own_process_announces_itself_and_ends_when_asked(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "frontdesk.providers.twin", "--port", "0", "--ready-file", str(ready)]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "TWIN_CONTROL_TOKEN": "open sesame"}
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(30):
        assert (await process.stdout.readline()).startswith(b"twin listening on http://127.0.0.1:")
        announced = msgspec.json.decode(ready.read_bytes(), type=dict[str, str | int])
        assert ready.stat().st_mode & 0o077 == 0
        assert announced["pid"] == process.pid
        async with TwinControl(str(announced["url"]), token="open sesame") as control:
            assert (await control.state()).account_sid == announced["account_sid"]
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
