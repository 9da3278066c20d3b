"""Test credentials behave as Twilio documents them, number by number."""

from __future__ import annotations

import json

import aiohttp
import pytest

from frontdesk.providers.twin import TwinControl, TwinServer
from tests.providers.twin.conftest import CAROL, basic_auth
from tests.providers.twin.contract import FIXTURES
from tests.providers.twin.sdk import Sdk, TwilioRestException

NUMBERS: dict[str, dict[str, int | str]] = json.loads((FIXTURES / "test_numbers.json").read_text())
GOOD = "+15005550006"


def cases(name: str) -> list[tuple[str, int | str]]:
    """List numbers with what they mean; `other` stands for any number."""
    return [("+15125550111" if number == "other" else number, code) for number, code in NUMBERS[name].items()]


async def outcome_of(sdk: Sdk, resource: str, form: dict[str, str]) -> int | str:
    """Create something; tell the error code, or ok."""
    create = {
        "messages": sdk.client.messages.create,
        "calls": sdk.client.calls.create,
        "numbers": sdk.client.incoming_phone_numbers.create,
    }[resource]
    try:
        await sdk.run(create, **form)
    except TwilioRestException as refusal:
        return int(refusal.code)
    return "ok"


@pytest.mark.parametrize(("number", "code"), cases("sms_from"))
async def test_a_text_from_a_test_number(test_sdk: Sdk, number: str, code: int | str) -> None:
    assert await outcome_of(test_sdk, "messages", {"from_": number, "to": CAROL, "body": "x"}) == code


@pytest.mark.parametrize(("number", "code"), cases("sms_to"))
async def test_a_text_to_a_test_number(test_sdk: Sdk, number: str, code: int | str) -> None:
    expected = "ok" if code == "validated normally" else code
    assert await outcome_of(test_sdk, "messages", {"from_": GOOD, "to": number, "body": "x"}) == expected


@pytest.mark.parametrize(("number", "code"), cases("call_from"))
async def test_a_call_from_a_test_number(test_sdk: Sdk, number: str, code: int | str) -> None:
    form = {"from_": number, "to": CAROL, "url": "http://127.0.0.1/voice"}
    assert await outcome_of(test_sdk, "calls", form) == code


@pytest.mark.parametrize(("number", "code"), cases("call_to"))
async def test_a_call_to_a_test_number(test_sdk: Sdk, number: str, code: int | str) -> None:
    expected = "ok" if code == "validated normally" else code
    form = {"from_": GOOD, "to": number, "url": "http://127.0.0.1/voice"}
    assert await outcome_of(test_sdk, "calls", form) == expected


@pytest.mark.parametrize(("number", "code"), list(NUMBERS["buy_number"].items()))
async def test_buying_a_test_number(test_sdk: Sdk, number: str, code: int | str) -> None:
    area = number.removeprefix("area_code ")
    form = {"phone_number": number} if area == number else {"area_code": area}
    assert await outcome_of(test_sdk, "numbers", form) == code


async def test_nothing_is_kept_and_no_callback_follows(test_sdk: Sdk, control: TwinControl) -> None:
    created = await test_sdk.run(
        test_sdk.client.messages.create, to=CAROL, from_=GOOD, body="x", status_callback="http://127.0.0.1:1/receipt"
    )
    assert created.status == "queued"
    state = await control.state()
    assert (state.messages, state.pending, state.webhooks) == (0, 0, 0)


@pytest.mark.parametrize("path", ["Messages.json", "Balance.json", "Recordings.json", "IncomingPhoneNumbers.json"])
async def test_everything_else_is_forbidden(twin: TwinServer, path: str) -> None:
    config = twin.config
    auth = basic_auth(config.test_account_sid, config.test_auth_token)
    url = f"{twin.url}/2010-04-01/Accounts/{config.test_account_sid}/{path}"
    async with aiohttp.ClientSession(headers=auth) as session, session.get(url) as answer:
        assert (answer.status, (await answer.json())["code"]) == (403, 20008)
