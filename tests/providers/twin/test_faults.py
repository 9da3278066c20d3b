"""Every fault strikes as described, only where it was aimed, and the carrier's memory tells the truth afterwards."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin import FaultKind, FaultOrder, TwinControl
from tests.providers.twin.conftest import BUSINESS, CAROL, GateClock
from tests.providers.twin.ours import Ours

OTHER = "+12065550111"


async def send(client: aiohttp.ClientSession, to: str = CAROL, **more: str) -> tuple[int, bytes]:
    """Create a text; tell status and body."""
    form = {"To": to, "From": BUSINESS, "Body": "hello", **more}
    async with client.post("Messages.json", data=form) as answer:
        return answer.status, await answer.read()


async def inject(control: TwinControl, kind: FaultKind, **members: object) -> None:
    await control.inject_fault(FaultOrder(kind=kind, **members))  # type: ignore[arg-type]  # a test's table of members


@pytest.mark.usefixtures("line")
async def test_a_lost_reply_closes_the_connection_after_the_text_was_taken(
    control: TwinControl, web_client: aiohttp.ClientSession
) -> None:
    await inject(control, FaultKind.REPLY_LOST)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send(web_client)
    assert (await control.wait_for_text(CAROL)).count == 1
    [entry] = await control.journal()
    assert (entry.status, entry.fault, entry.effect[:2]) == (0, "reply_lost", "SM")


@pytest.mark.usefixtures("line")
async def test_a_lost_reply_can_hang_beyond_the_clients_deadline(
    control: TwinControl, web_client: aiohttp.ClientSession, clock: GateClock
) -> None:
    await inject(control, FaultKind.REPLY_LOST, seconds=60.0)
    sending = asyncio.create_task(send(web_client))
    assert (await control.wait_for_text(CAROL)).met
    assert not sending.done()
    sending.cancel()
    assert 60.0 in clock.asked


@pytest.mark.parametrize(
    ("kind", "status", "taken"),
    [
        (FaultKind.ERROR_AFTER_ACCEPT, 500, 1),
        (FaultKind.ERROR_BEFORE_ACCEPT, 503, 0),
        (FaultKind.RATE_LIMITED, 429, 0),
        (FaultKind.HTML, 200, 1),
        (FaultKind.TRUNCATED, 201, 1),
    ],
)
@pytest.mark.usefixtures("line")
async def test_spoilt_answers_say_nothing_of_whether_the_text_was_taken(
    control: TwinControl, web_client: aiohttp.ClientSession, kind: FaultKind, status: int, taken: int
) -> None:
    await inject(control, kind)
    answered, body = await send(web_client)
    assert answered == status
    if kind in (FaultKind.HTML, FaultKind.TRUNCATED):
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)
    assert (await control.state()).messages == taken
    [entry] = await control.journal()
    assert (entry.status, entry.fault) == (status, kind)


@pytest.mark.parametrize("retry_after", ["30", "-1", "soon", "Wed, 21 Oct 2099 07:28:00 GMT", "1000000000", None])
@pytest.mark.usefixtures("line")
async def test_a_rate_limit_carries_any_retry_after_as_it_stands(
    control: TwinControl, web_client: aiohttp.ClientSession, retry_after: str | None
) -> None:
    await inject(control, FaultKind.RATE_LIMITED, retry_after=retry_after)
    async with web_client.post("Messages.json", data={"To": CAROL, "From": BUSINESS, "Body": "x"}) as answer:
        assert answer.headers.get("Retry-After") == retry_after
        assert (await answer.json())["code"] == 20429


@pytest.mark.usefixtures("line")
async def test_a_refusal_carries_any_error_of_the_carrier(
    control: TwinControl, web_client: aiohttp.ClientSession
) -> None:
    await inject(control, FaultKind.REFUSED, code=21614)
    status, body = await send(web_client)
    assert (status, json.loads(body)["code"]) == (400, 21614)


@pytest.mark.usefixtures("line")
async def test_a_slow_answer_comes_whole_after_its_delay(
    control: TwinControl, web_client: aiohttp.ClientSession, clock: GateClock
) -> None:
    await inject(control, FaultKind.SLOW, seconds=30.0)
    sending = asyncio.create_task(send(web_client))
    assert (await control.wait_for_text(CAROL)).met
    assert not sending.done()
    clock.gate.set()
    status, body = await sending
    assert (status, json.loads(body)["to"]) == (201, CAROL)
    assert 30.0 in clock.asked


@pytest.mark.usefixtures("line")
async def test_a_slow_loris_drips_one_byte_at_a_time(
    control: TwinControl, web_client: aiohttp.ClientSession, clock: GateClock
) -> None:
    await inject(control, FaultKind.SLOW_LORIS, seconds=0.5)
    status, body = await send(web_client)
    assert (status, json.loads(body)["to"]) == (201, CAROL)
    assert clock.asked.count(0.5) == len(body)


@pytest.mark.usefixtures("line")
async def test_a_reset_breaks_the_connection_inside_the_body(
    control: TwinControl, web_client: aiohttp.ClientSession
) -> None:
    await inject(control, FaultKind.RESET)
    with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientOSError)):
        await send(web_client)
    assert (await control.state()).messages == 1


@pytest.mark.usefixtures("line")
async def test_a_fault_strikes_only_its_recipient_its_operation_and_its_number_of_times(
    control: TwinControl, web_client: aiohttp.ClientSession
) -> None:
    await inject(control, FaultKind.ERROR_BEFORE_ACCEPT, recipient=CAROL, count=2)
    await inject(control, FaultKind.RATE_LIMITED, on="messages.list")
    told = [(await send(web_client, to))[0] for to in (OTHER, CAROL, CAROL, CAROL)]
    assert told == [201, 503, 503, 201]
    async with web_client.get("Messages.json") as answer:
        assert answer.status == 429
    assert [(fault.hits, fault.remaining) for fault in await control.faults()] == [(2, 0), (1, 0)]
    assert await control.clear_faults() == 2


@pytest.mark.usefixtures("line")
async def test_chance_is_replayed_by_its_seed(control: TwinControl, web_client: aiohttp.ClientSession) -> None:
    async def told() -> list[int]:
        await inject(control, FaultKind.ERROR_BEFORE_ACCEPT, count=None, probability=0.5, seed=7)
        statuses = [(await send(web_client, OTHER))[0] for _ in range(20)]
        await control.clear_faults()
        return statuses

    first = await told()
    assert set(first) == {201, 503}
    assert await told() == first


async def test_a_fault_aimed_at_nothing_known_is_refused(control: TwinControl) -> None:
    with pytest.raises(Refused) as refusal:
        await inject(control, FaultKind.SLOW, on="messages.sned")
    assert refusal.value.code == "twin.fault_target_unknown"


@pytest.mark.usefixtures("line")
async def test_a_webhook_comes_twice_the_same_or_under_a_new_token(ours: Ours, control: TwinControl) -> None:
    await inject(control, FaultKind.DUPLICATE, copies=49, on="sms.inbound")
    await control.send_text(customer=CAROL, to=BUSINESS, body="hello")
    assert len(ours.hooks) == 50
    assert len({hook.headers["I-Twilio-Idempotency-Token"] for hook in ours.hooks}) == 1
    ours.hooks.clear()
    await inject(control, FaultKind.REIDENTIFIED)
    await control.send_text(customer=CAROL, to=BUSINESS, body="hello")
    assert len({hook.headers["I-Twilio-Idempotency-Token"] for hook in ours.hooks}) == 2
    assert ours.hooks[0].fields == ours.hooks[1].fields


@pytest.mark.usefixtures("line")
async def test_receipts_are_shuffled_only_for_the_text_that_was_hit(
    ours: Ours, control: TwinControl, web_client: aiohttp.ClientSession
) -> None:
    await inject(control, FaultKind.REORDER, recipient=CAROL)
    await send(web_client, CAROL, StatusCallback=ours.url + "/shuffled")
    await send(web_client, OTHER, StatusCallback=ours.url + "/straight")
    assert await control.wait_until_idle()
    assert [hook.fields["MessageStatus"] for hook in ours.at("/shuffled")] == ["delivered", "sent"]
    assert [hook.fields["MessageStatus"] for hook in ours.at("/straight")] == ["sent", "delivered"]


@pytest.mark.usefixtures("line")
async def test_a_late_receipt_lets_the_next_one_pass(
    ours: Ours, control: TwinControl, web_client: aiohttp.ClientSession, clock: GateClock
) -> None:
    await inject(control, FaultKind.LATE, on="sms.status", seconds=9.0)
    await send(web_client, CAROL, StatusCallback=ours.url + "/receipt")
    await ours.until(lambda: len(ours.at("/receipt")) == 1)
    clock.gate.set()
    assert await control.wait_until_idle()
    assert [hook.fields["MessageStatus"] for hook in ours.at("/receipt")] == ["delivered", "sent"]


@pytest.mark.usefixtures("line")
async def test_a_lost_webhook_never_arrives_but_is_written_down(ours: Ours, control: TwinControl) -> None:
    await inject(control, FaultKind.LOST, on="sms.inbound")
    report = await control.send_text(customer=CAROL, to=BUSINESS, body="hello")
    assert (report.status, ours.hooks) == (-1, [])
    [webhook] = await control.webhooks(kind="sms.inbound")
    assert webhook.faults == ("lost",)


@pytest.mark.usefixtures("line")
async def test_a_receipt_can_arrive_before_the_reply_to_the_create_request(
    ours: Ours, control: TwinControl, web_client: aiohttp.ClientSession
) -> None:
    await inject(control, FaultKind.BEFORE_REPLY)
    _, body = await send(web_client, CAROL, StatusCallback=ours.url + "/receipt")
    [receipt] = ours.at("/receipt")
    assert receipt.fields["MessageSid"] == json.loads(body)["sid"]
    assert receipt.fields["MessageStatus"] == "sent"
    assert await control.wait_until_idle()
    assert len(ours.at("/receipt")) == 2


@pytest.mark.usefixtures("line")
async def test_a_bad_signature_has_the_right_shape_and_is_wrong(ours: Ours, control: TwinControl) -> None:
    for _ in range(2):
        await control.send_text(customer=CAROL, to=BUSINESS, body="hello", message_sid="SM" + "1" * 32)
        await inject(control, FaultKind.BAD_SIGNATURE)
    good, bad = (hook.headers["X-Twilio-Signature"] for hook in ours.hooks)
    assert good != bad
    assert len(good) == len(bad)
