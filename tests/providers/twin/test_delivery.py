"""A text's timeline at the carrier, the receipts we get of it, and who has said STOP."""

from __future__ import annotations

import msgspec
import pytest

from frontdesk.providers.twin import TwinControl, TwinServer
from frontdesk.providers.twin.wire import AccountSetup, ServiceSetup, SignatureScheme, StopRule
from tests.providers.twin.conftest import BUSINESS, CAROL
from tests.providers.twin.ours import Ours
from tests.providers.twin.sdk import Sdk, TwilioRestException

SERVICE = "MG" + "0" * 32


async def send(sdk: Sdk, ours: Ours, *, to: str = CAROL, service: str = "", **more: object) -> str:
    """Send a text with receipts to our side; tell its sid."""
    sender: dict[str, object] = {"messaging_service_sid": service} if service else {"from_": BUSINESS}
    create = sdk.client.messages.create
    created = await sdk.run(create, to=to, body="hello", status_callback=ours.url + "/receipt", **sender, **more)
    return str(created.sid)


def states(ours: Ours) -> list[str]:
    """List the states we were told, in order of arrival."""
    return [hook.fields["MessageStatus"] for hook in ours.at("/receipt")]


@pytest.mark.usefixtures("line")
async def test_receipts_come_for_sent_and_delivered_but_not_for_the_first_state(
    sdk: Sdk, ours: Ours, control: TwinControl
) -> None:
    sid = await send(sdk, ours)
    assert await control.wait_until_idle()
    assert states(ours) == ["sent", "delivered"]
    [text] = await control.texts_to(CAROL)
    assert [step.status for step in text.history] == ["queued", "sent", "delivered"]
    first, second = ours.at("/receipt")
    assert first.fields["MessageSid"] == sid
    assert first.headers["User-Agent"] == "TwilioProxy/1.1"
    assert first.headers["I-Twilio-Idempotency-Token"] != second.headers["I-Twilio-Idempotency-Token"]


async def test_a_service_accepts_first_and_uses_its_own_receipt_address(
    line: str, sdk: Sdk, ours: Ours, control: TwinControl
) -> None:
    setup = ServiceSetup(service_sid=SERVICE, numbers=(line,), status_callback=ours.url + "/receipt")
    await control.configure_service(setup)
    created = await sdk.run(sdk.client.messages.create, to=CAROL, messaging_service_sid=SERVICE, body="hello")
    assert (created.status, created.from_) == ("accepted", None)
    assert await control.wait_until_idle()
    assert states(ours) == ["queued", "sent", "delivered"]
    assert {hook.fields["MessagingServiceSid"] for hook in ours.at("/receipt")} == {SERVICE}


@pytest.mark.parametrize(
    ("to", "status", "code"),
    [
        ("+15005553003", "undelivered", "30003"),
        ("+15005553005", "undelivered", "30005"),
        ("+15005553006", "undelivered", "30006"),
        ("+15005553007", "undelivered", "30007"),
        ("+15005553034", "undelivered", "30034"),
        ("+15005553001", "failed", "30001"),
    ],
)
@pytest.mark.usefixtures("line")
async def test_numbers_with_a_scripted_fate_end_with_its_error(
    sdk: Sdk, ours: Ours, control: TwinControl, to: str, status: str, code: str
) -> None:
    await send(sdk, ours, to=to)
    assert await control.wait_until_idle()
    last = ours.at("/receipt")[-1].fields
    assert (last["MessageStatus"], last["ErrorCode"]) == (status, code)


@pytest.mark.usefixtures("line")
async def test_a_fate_can_be_scripted_for_any_number_and_a_text_can_stay_stuck(
    sdk: Sdk, ours: Ours, control: TwinControl
) -> None:
    await control.script_fate(CAROL, error_code=30008)
    await send(sdk, ours)
    await control.script_fate("+12065550111", status="sent")
    await send(sdk, ours, to="+12065550111")
    assert await control.wait_until_idle()
    assert [text.status for text in await control.messages()] == ["undelivered", "sent"]


@pytest.mark.usefixtures("line")
async def test_a_text_that_waits_longer_than_its_validity_fails_with_30036(
    sdk: Sdk, ours: Ours, control: TwinControl
) -> None:
    await control.change_settings(msgspec.structs.replace(await control.settings(), queue_seconds=20))
    await send(sdk, ours, validity_period=10)
    await send(sdk, ours, to="+12065550111", validity_period=30)
    assert await control.wait_until_idle()
    [late], [timely] = await control.texts_to(CAROL), await control.texts_to("+12065550111")
    assert (late.status, late.error_code) == ("failed", 30036)
    assert timely.status == "delivered"


@pytest.mark.usefixtures("line")
async def test_receipts_can_be_switched_off_or_sampled(sdk: Sdk, ours: Ours, control: TwinControl) -> None:
    for share, expected in ((0.0, 0), (0.5, 2)):
        ours.hooks.clear()
        await control.change_settings(msgspec.structs.replace(await control.settings(), callback_share=share))
        for number in range(4):
            await send(sdk, ours, to=f"+1206555010{number}")
        assert await control.wait_until_idle()
        assert states(ours).count("delivered") == expected


async def test_after_stop_the_carrier_refuses_with_21610_until_start(
    line: str, sdk: Sdk, ours: Ours, control: TwinControl
) -> None:
    report = await control.send_text(customer=CAROL, to=line, body=" stop ")
    assert (report.status, ours.at("/sms")[0].fields["Body"]) == (200, " stop ")
    assert "OptOutType" not in ours.at("/sms")[0].fields
    with pytest.raises(TwilioRestException) as refusal:
        await send(sdk, ours)
    assert (refusal.value.status, refusal.value.code) == (400, 21610)
    await send(sdk, ours, to="+12065550111")
    await control.send_text(customer=CAROL, to=line, body="Unstop")
    await send(sdk, ours)
    assert (await control.wait_for_text(CAROL)).count == 1


async def test_a_stop_we_never_heard_of_is_refused_all_the_same(
    line: str, sdk: Sdk, ours: Ours, control: TwinControl
) -> None:
    await control.block_pair(number=line, customer=CAROL)
    with pytest.raises(TwilioRestException) as refusal:
        await send(sdk, ours)
    assert refusal.value.code == 21610
    assert ours.hooks == []
    await control.unblock_pair(number=line, customer=CAROL)
    await send(sdk, ours)


async def test_a_service_may_accept_a_stopped_text_and_fail_it_later(
    line: str, sdk: Sdk, ours: Ours, control: TwinControl
) -> None:
    await control.configure_service(ServiceSetup(service_sid=SERVICE, numbers=(line,)))
    settings = msgspec.structs.replace(await control.settings(), stop_rule=StopRule.FAIL_LATER)
    await control.change_settings(settings)
    await control.send_text(customer=CAROL, to=line, body="STOP")
    await send(sdk, ours, service=SERVICE)
    assert await control.wait_until_idle()
    last = ours.at("/receipt")[-1].fields
    assert (last["MessageStatus"], last["ErrorCode"]) == ("failed", "21610")


async def test_advanced_opt_out_names_the_keyword_and_answers_it_itself(
    line: str, ours: Ours, control: TwinControl
) -> None:
    setup = ServiceSetup(service_sid=SERVICE, numbers=(line,), advanced_opt_out=True)
    await control.configure_service(setup)
    for word in ("STOP", "START", "HELP", "hello"):
        await control.send_text(customer=CAROL, to=line, body=word)
    assert [hook.fields.get("OptOutType") for hook in ours.at("/sms")] == ["STOP", "START", "HELP", None]
    assert (await control.wait_for_text(CAROL, count=3)).count == 3
    assert {text.direction for text in await control.texts_to(CAROL)} == {"outbound-reply"}


async def test_texts_in_our_twiml_answer_are_sent_unless_the_pair_is_stopped(
    line: str, ours: Ours, control: TwinControl
) -> None:
    ours.answers["/sms"] = "<Response><Message>On our way</Message></Response>"
    assert (await control.send_text(customer=CAROL, to=line, body="hello")).error == ""
    assert (await control.send_text(customer=CAROL, to=line, body="STOP")).error == "21610"
    assert await control.wait_until_idle()
    assert [text.body for text in await control.texts_to(CAROL)] == ["On our way"]


async def test_webhooks_are_signed_with_the_live_token_or_the_shared_key(
    line: str, ours: Ours, control: TwinControl, twin: TwinServer
) -> None:
    sid = twin.config.account_sid
    await control.configure_account(
        AccountSetup(
            account_sid=sid,
            auth_token="rotated-token",
            older_token=twin.config.auth_token,
            shared_key="shared-key-secret",
        )
    )
    await control.send_text(customer=CAROL, to=line, body="one")
    settings = msgspec.structs.replace(await control.settings(), signature=SignatureScheme.HMAC_SHA256)
    await control.change_settings(settings)
    await control.send_text(customer=CAROL, to=line, body="two")
    by_token, by_key = ours.at("/sms")
    assert "X-Twilio-Webhooks-Signature-Settings" not in by_token.headers
    assert by_key.headers["X-Twilio-Webhooks-Signature-Settings"].endswith("algorithm=HMAC_SHA256")
    assert len(by_key.headers["X-Twilio-Signature"]) == 44
