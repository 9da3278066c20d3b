"""The pretended Telnyx, driven by the official library, whose models judge every answer and every event."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import aiohttp
import msgspec
import pytest
import telnyx
from telnyx import AsyncTelnyx, Telnyx
from telnyx.types.outbound_message_payload import OutboundMessagePayload

from frontdesk.kernel.clock import SystemClock
from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin import FaultKind, FaultOrder, TwinConfig, TwinControl, TwinServer
from frontdesk.providers.twin.telnyx.api import AnsweredCall
from frontdesk.providers.twin.telnyx.exchange import Operation
from frontdesk.providers.twin.wire import MediaOrder
from tests.providers.conformance.listener import Listener
from tests.providers.telnyx.conftest import BUSINESS, CAROL
from tests.providers.telnyx.contract import Referee, breaches


def code_of(error: telnyx.APIStatusError) -> str:
    assert isinstance(error.body, dict)
    code = error.body["errors"][0]["code"]
    assert isinstance(code, str)
    return code


async def test_the_library_sends_a_text_and_retrieves_it(line: str, sdk: AsyncTelnyx, control: TwinControl) -> None:
    sent = (await sdk.messages.send(from_=line, to=CAROL, text="hello – 👍", encoding="auto")).data
    assert sent is not None
    assert sent.id
    assert sent.to
    assert (sent.to[0].status, sent.text, sent.parts, sent.encoding) == ("queued", "hello – 👍", 1, "UCS-2")
    assert (await control.wait_for_text(CAROL)).met
    found = (await sdk.messages.retrieve(sent.id)).data
    assert isinstance(found, OutboundMessagePayload)
    assert found.to
    assert (found.id, found.to[0].status, found.errors) == (sent.id, "delivered", [])
    assert found.completed_at is not None


async def test_the_library_believes_every_event_and_reads_it(
    line: str, sdk: AsyncTelnyx, control: TwinControl, listener: Listener
) -> None:
    await sdk.messages.send(from_=line, to=CAROL, text="out")
    await control.wait_for_text(CAROL)
    await control.send_text(customer=CAROL, to=line, body="STOP", media=(MediaOrder(),))
    await control.wait_until_idle()
    told = []
    with Telnyx(api_key="unused", public_key=sdk.public_key) as library:
        for hook in listener.hooks:
            library.webhooks.unwrap(hook.body.decode(), headers=hook.headers)
            told.append(json.loads(hook.body)["data"])
    kinds = sorted(event["event_type"] for event in told)
    assert kinds == ["message.finalized", "message.received", "message.sent"]
    received = next(event["payload"] for event in told if event["event_type"] == "message.received")
    assert (received["text"], received["autoresponse_type"], received["type"]) == ("STOP", "STOP", "MMS")
    async with aiohttp.ClientSession() as anybody, anybody.get(received["media"][0]["url"]) as file:
        assert (file.status, file.content_type) == (200, "image/png")


async def test_the_same_key_and_body_are_answered_once_and_another_body_is_refused(
    line: str, sdk: AsyncTelnyx, control: TwinControl
) -> None:
    first = await sdk.messages.send(from_=line, to=CAROL, text="once", idempotency_key="k:1")
    again = await sdk.messages.send(from_=line, to=CAROL, text="once", idempotency_key="k:1")
    assert first == again
    with pytest.raises(telnyx.UnprocessableEntityError):
        await sdk.messages.send(from_=line, to=CAROL, text="twice", idempotency_key="k:1")
    await sdk.messages.send(from_=line, to=CAROL, text="once", idempotency_key="k:2")
    assert [text.body for text in await control.texts_to(CAROL)] == ["once", "once"]
    with pytest.raises(telnyx.BadRequestError):
        await sdk.messages.send(from_=line, to=CAROL, text="once", idempotency_key="no spaces")


async def test_a_refusal_is_not_kept_under_its_key(line: str, sdk: AsyncTelnyx, control: TwinControl) -> None:
    await control.block_pair(number=line, customer=CAROL)
    with pytest.raises(telnyx.PermissionDeniedError) as refusal:
        await sdk.messages.send(from_=line, to=CAROL, text="hi", idempotency_key="k")
    assert code_of(refusal.value) == "40300"
    await control.unblock_pair(number=line, customer=CAROL)
    assert (await sdk.messages.send(from_=line, to=CAROL, text="hi", idempotency_key="k")).data is not None


class LaterClock(SystemClock):
    """The machine's clock, put forward."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


async def test_a_key_is_forgotten_after_a_day() -> None:
    clock = LaterClock()
    config = TwinConfig()
    async with TwinServer(config, clock=clock) as twin, TwinControl(twin.url) as control:
        await control.configure_number(BUSINESS, provider="telnyx")
        api = AsyncTelnyx(api_key=config.telnyx_api_key, base_url=f"{twin.url}/v2", max_retries=0)
        async with api:
            for hours, texts in ((0, 1), (23.9, 1), (24.1, 2)):
                clock.ahead = timedelta(hours=hours)
                await api.messages.send(from_=BUSINESS, to=CAROL, text="hi", idempotency_key="k")
                assert len(await control.texts_to(CAROL)) == texts


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"to": "+1206555"}, "40310"),
        ({"to": ""}, "10004"),
        ({"to": BUSINESS}, "40310"),
        ({"from_": "+12125550177"}, "40305"),
        ({"from_": "Harbor"}, "10016"),
        ({"text": ""}, "40316"),
        ({"text": "x" * 2000}, "40302"),
        ({"text": "👍", "encoding": "gsm7"}, "40009"),
        ({"webhook_url": "ftp://x"}, "10003"),
        ({"to": "+15005554300"}, "40300"),
        ({"to": "+15005554322"}, "40322"),
    ],
)
async def test_what_telnyx_refuses_is_refused_with_its_code(
    line: str, sdk: AsyncTelnyx, changed: dict[str, str], code: str
) -> None:
    with pytest.raises(telnyx.APIStatusError) as refusal:
        await sdk.messages.send(**{"from_": line, "to": CAROL, "text": "hi"} | changed)  # type: ignore[arg-type]  # as parametrized
    assert code_of(refusal.value) == code


async def test_a_magic_number_ends_with_its_error(line: str, sdk: AsyncTelnyx, control: TwinControl) -> None:
    await sdk.messages.send(from_=line, to="+15005554008", text="hi")
    assert (await control.wait_for_text("+15005554008", status="delivery_failed")).met
    await control.script_fate(CAROL, status="unconfirmed", provider="telnyx")
    await sdk.messages.send(from_=line, to=CAROL, text="hi")
    report = await control.wait_for_text(CAROL, status="delivery_unconfirmed")
    assert [(text.status, text.error_code) for text in report.messages] == [("delivery_unconfirmed", 0)]


async def test_a_stop_holds_for_all_numbers_of_the_profile_and_start_lifts_it(
    line: str, sdk: AsyncTelnyx, control: TwinControl
) -> None:
    other, elsewhere = "+12125550101", "+12125550102"
    await control.configure_number(other, provider="telnyx")
    profile = "4000eba1-a0c0-4563-9925-b25e842a7cb7"
    await control.configure_number(elsewhere, provider="telnyx", messaging_profile_id=profile)
    await control.send_text(customer=CAROL, to=line, body="stop  all")
    for number in (line, other):
        with pytest.raises(telnyx.PermissionDeniedError):
            await sdk.messages.send(from_=number, to=CAROL, text="hi")
    await sdk.messages.send(from_=elsewhere, to=CAROL, text="hi")
    await control.send_text(customer=CAROL, to=other, body="Start")
    await sdk.messages.send(from_=line, to=CAROL, text="hi")


async def test_a_profile_sends_from_one_of_its_numbers(line: str, sdk: AsyncTelnyx) -> None:
    profile = "4000eba1-a0c0-4563-9925-b25e842a7cb6"
    sent = (await sdk.messages.send(messaging_profile_id=profile, to=CAROL, text="hi")).data
    assert sent is not None
    assert sent.from_ is not None
    assert sent.from_.phone_number == line


async def test_the_carrier_confirms_a_keyword_where_it_is_told_to(line: str, control: TwinControl) -> None:
    await control.change_settings(msgspec.structs.replace(await control.settings(), auto_reply=True))
    await control.send_text(customer=CAROL, to=line, body="STOP")
    [text] = (await control.wait_for_text(CAROL)).messages
    assert "unsubscribed" in text.body


async def test_detail_records_are_found_by_recipient_and_hold_no_words(
    line: str, sdk: AsyncTelnyx, control: TwinControl
) -> None:
    for to in (CAROL, "+12065550101"):
        await sdk.messages.send(from_=line, to=to, text="hi")
    await control.wait_for_text(count=2)
    since = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    found = await sdk.detail_records.list(
        filter={"record_type": "messaging"},
        extra_query={"filter[direction]": "outbound", "filter[cld]": CAROL, "filter[created_at][gte]": since},
    )
    assert [record.to_dict()["cld"] for record in found.data or []] == [CAROL]
    for unknown in ({"filter[colour]": "red"}, {"filter[created_at][gte]": "soon"}, {"page[size]": "51"}):
        with pytest.raises(telnyx.BadRequestError):
            await sdk.detail_records.list(filter={"record_type": "messaging"}, extra_query=unknown)


async def test_wrong_keys_and_unknown_places_are_refused(twin: TwinServer, sdk: AsyncTelnyx) -> None:
    stranger = AsyncTelnyx(api_key="wrong", base_url=f"{twin.url}/v2", max_retries=0)
    async with stranger:
        with pytest.raises(telnyx.AuthenticationError) as refusal:
            await stranger.messages.retrieve("m1")
    assert code_of(refusal.value) == "10009"
    for place in ("/messages/m1", "/balance"):
        with pytest.raises(telnyx.NotFoundError):
            await sdk.get(place, cast_to=object)
    with pytest.raises(telnyx.BadRequestError):
        await sdk.post("/messages", cast_to=object, body=["no", "object"])


async def test_a_webhook_that_is_not_taken_is_posted_three_times_and_then_to_the_other_address(
    control: TwinControl, listener: Listener
) -> None:
    async with Listener() as other:
        await control.configure_number(
            BUSINESS, sms_url=f"{listener.url}/a", sms_fallback_url=f"{other.url}/b", provider="telnyx"
        )
        listener.status = 503
        report = await control.send_text(customer=CAROL, to=BUSINESS, body="hi")
        assert (report.status, len(listener.hooks), len(other.hooks)) == (200, 3, 1)
    attempts = [json.loads(hook.body)["meta"]["attempt"] for hook in listener.hooks]
    assert attempts == [1, 2, 3]
    assert len({json.loads(hook.body)["data"]["id"] for hook in [*listener.hooks, *other.hooks]}) == 1


async def test_too_many_requests_tell_when_the_window_starts_anew(
    line: str, sdk: AsyncTelnyx, control: TwinControl
) -> None:
    await control.inject_fault(FaultOrder(kind=FaultKind.RATE_LIMITED, retry_after="9"))
    with pytest.raises(telnyx.RateLimitError) as refusal:
        await sdk.messages.send(from_=line, to=CAROL, text="hi")
    assert refusal.value.response.headers["x-ratelimit-reset"] == "9"
    await control.inject_fault(FaultOrder(kind=FaultKind.REFUSED, code=40318))
    with pytest.raises(telnyx.BadRequestError) as full:
        await sdk.messages.send(from_=line, to=CAROL, text="hi")
    assert code_of(full.value) == "40318"


async def test_the_journal_reads_json_and_finds_by_recipient(line: str, sdk: AsyncTelnyx, control: TwinControl) -> None:
    await sdk.messages.send(from_=line, to=CAROL, text="hi")
    [entry] = await control.journal(operation="messages.create", to=CAROL)
    assert (entry.fields["text"], entry.status, entry.path) == ("hi", 200, "/v2/messages")
    assert await control.journal(operation="messages.create", to="+12065550199") == []


async def test_a_reset_forgets_traffic_and_if_asked_numbers(line: str, sdk: AsyncTelnyx, control: TwinControl) -> None:
    await sdk.messages.send(from_=line, to=CAROL, text="hi", idempotency_key="k")
    await control.reset()
    assert (await control.texts_to(CAROL), [one.provider for one in (await control.state()).numbers]) == (
        [],
        ["telnyx"],
    )
    await sdk.messages.send(from_=line, to=CAROL, text="hi", idempotency_key="k")
    assert len(await control.texts_to(CAROL)) == 1
    await control.reset(numbers=True)
    assert (await control.state()).numbers == ()


@pytest.mark.parametrize(
    "setup",
    [{"number": "123"}, {"number": BUSINESS, "messaging_profile_id": "x"}, {"number": BUSINESS, "provider": "x"}],
)
async def test_a_set_up_that_cannot_be_is_refused(control: TwinControl, setup: dict[str, str]) -> None:
    with pytest.raises(Refused):
        await control.configure_number(**{"provider": "telnyx"} | setup)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({}, ""),
        ({"direction": "sideways"}, "sideways"),
        ({"colour": "red"}, "invents MessageSendResponse.data.colour"),
        ({"to": [{"status": "teleported"}]}, "teleported"),
        ({"to": [{"colour": "red"}]}, "invents MessageSendResponse.data.to.colour"),
        ({"received_at": "yesterday"}, "datetime"),
    ],
)
async def test_the_referee_passes_what_is_right_and_names_what_is_wrong(
    line: str, twin: TwinServer, change: dict[str, object], complaint: str
) -> None:
    headers = {"Authorization": f"Bearer {twin.config.telnyx_api_key}"}
    order = {"from": line, "to": CAROL, "text": "x"}
    async with (
        aiohttp.ClientSession() as bare,
        bare.post(f"{twin.url}/v2/messages", json=order, headers=headers) as told,
    ):
        right = (await told.json())["data"]
    found = breaches("MessageSendResponse", {"data": right | change})
    assert (not found) if not complaint else (complaint in " ".join(found))
    referee = Referee(twin.config.telnyx_public_key)
    content = json.dumps({"error": "x"}).encode()
    referee.see_answer(AnsweredCall("POST", "/v2/messages", Operation.MESSAGES_CREATE, 400, content))
    assert len(referee.complaints) == 1
