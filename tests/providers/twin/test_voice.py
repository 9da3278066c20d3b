"""Calls are played as our TwiML says, and every end of them is reported."""

from __future__ import annotations

import io
import wave

import aiohttp
import pytest

from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin import CallOutcome, TwinControl
from frontdesk.providers.twin.wire import CallReport
from tests.providers.twin.conftest import BUSINESS, CAROL, GateClock
from tests.providers.twin.contract import fixture_form
from tests.providers.twin.ours import Ours
from tests.providers.twin.sdk import Sdk, TwilioRestException

RING = '<Response><Dial timeout="20" action="/ended">+15125550199</Dial></Response>'
VOICEMAIL = (
    '<Response><Say>Leave a message</Say><Record maxLength="10" action="/left" recordingStatusCallback="/recorded"/>'
    "</Response>"
)
DRAWN = {"AccountSid", "CallSid", "CallToken", "DialCallSid", "Timestamp", "CallStatus", "SequenceNumber"}


@pytest.fixture
def voicemail_line(line: str, ours: Ours) -> str:
    ours.answers |= {"/voice": RING, "/ended": VOICEMAIL, "/left": "<Response><Hangup/></Response>"}
    return line


async def call(
    control: TwinControl, outcome: CallOutcome, *, seconds: int | None = None, voicemail: bool = False
) -> CallReport:
    return await control.place_call(caller=CAROL, to=BUSINESS, outcome=outcome, seconds=seconds, voicemail=voicemail)


def kinds(report: CallReport) -> list[str]:
    return [webhook.kind for webhook in report.webhooks]


@pytest.mark.usefixtures("voicemail_line")
async def test_a_missed_call_rings_goes_to_voicemail_and_ends_with_its_recording(
    ours: Ours, control: TwinControl
) -> None:
    report = await call(control, CallOutcome.NO_ANSWER, voicemail=True)
    expected = ["voice.answer", "voice.dial", "voice.record", "recording.status", "voice.status"]
    assert (kinds(report), report.status, report.error) == (expected, "completed", "")
    assert ours.at("/voice")[0].fields["CallStatus"] == "ringing"
    assert ours.at("/ended")[0].fields["DialCallStatus"] == "no-answer"
    left, recorded, ended = ours.at("/left")[0], ours.at("/recorded")[0], ours.at("/calls")[0]
    assert (left.fields["Digits"], left.fields["RecordingDuration"]) == ("hangup", "10")
    assert recorded.fields["RecordingSid"] == report.recording_sid
    assert (ended.fields["SequenceNumber"], ended.fields["CallDuration"]) == ("0", str(report.duration_seconds))
    assert report.duration_seconds >= 30


@pytest.mark.parametrize("outcome", ["no-answer", "busy", "failed", "canceled", "answered"])
@pytest.mark.usefixtures("voicemail_line")
async def test_dial_ends_carry_the_values_of_the_fixtures(ours: Ours, control: TwinControl, outcome: str) -> None:
    await call(control, CallOutcome(outcome), seconds=42)
    name = "completed" if outcome == "answered" else outcome
    expected = fixture_form(f"voice_dial_action_{name}")
    given = ours.at("/ended")[0].fields
    assert {k: v for k, v in given.items() if k not in DRAWN} == {k: v for k, v in expected.items() if k not in DRAWN}


@pytest.mark.usefixtures("voicemail_line")
async def test_a_caller_who_leaves_no_message_makes_no_recording(control: TwinControl) -> None:
    report = await call(control, CallOutcome.BUSY)
    assert (kinds(report), report.recording_sid) == (["voice.answer", "voice.dial", "voice.status"], "")


@pytest.mark.usefixtures("voicemail_line")
async def test_a_caller_who_hangs_up_while_it_rings_ends_the_call_after_the_dial_action(
    ours: Ours, control: TwinControl
) -> None:
    report = await call(control, CallOutcome.CALLER_HANGS_UP, seconds=4, voicemail=True)
    assert kinds(report) == ["voice.answer", "voice.dial", "voice.status"]
    assert ours.at("/ended")[0].fields["CallStatus"] == "completed"
    assert (report.status, report.duration_seconds) == ("completed", 4)


@pytest.mark.usefixtures("line")
async def test_with_answer_on_bridge_an_unanswered_call_is_no_answer(ours: Ours, control: TwinControl) -> None:
    ours.answers["/voice"] = RING.replace("<Dial", '<Dial answerOnBridge="true"')
    report = await call(control, CallOutcome.CALLER_HANGS_UP)
    assert (report.status, report.duration_seconds) == ("no-answer", 0)


@pytest.mark.parametrize(
    ("document", "status", "error"),
    [
        ("<Response><Reject reason='busy'/></Response>", "busy", ""),
        ("<Response><Reject/></Response>", "no-answer", ""),
        ("<Response><Say>Bye</Say><Hangup/><Say>never</Say></Response>", "completed", ""),
        ("<Response/>", "completed", ""),
        ("<Response><Dial>", "failed", "12100"),
        ("<Response><Fax/></Response>", "failed", "12200"),
        ("<!DOCTYPE x><Response/>", "failed", "12100"),
        ("<Response><Dial timeout='soon'>+15125550199</Dial></Response>", "failed", "12200"),
        ("<html/>", "failed", "12200"),
        ("<Response><Redirect>/voice</Redirect></Response>", "failed", "the call's documents go round in circles"),
    ],
)
@pytest.mark.usefixtures("line")
async def test_documents_are_obeyed_or_refused_with_a_number(
    ours: Ours, control: TwinControl, document: str, status: str, error: str
) -> None:
    ours.answers["/voice"] = document
    report = await call(control, CallOutcome.NO_ANSWER)
    assert report.status == status
    assert report.error.partition(":")[0] == error


async def test_a_failing_voice_url_falls_back_and_says_why(ours: Ours, control: TwinControl) -> None:
    ours.answers |= {"/voice": 500, "/spare": "<Response><Say>We will call back</Say></Response>"}
    await control.configure_number(BUSINESS, voice_url=ours.url + "/voice", voice_fallback_url=ours.url + "/spare")
    report = await call(control, CallOutcome.NO_ANSWER)
    assert (report.status, report.error) == ("completed", "")
    assert ours.at("/spare")[0].fields["ErrorUrl"] == ours.url + "/voice"


async def test_webhooks_are_tried_again_as_the_fragment_of_their_address_says(ours: Ours, control: TwinControl) -> None:
    ours.answers["/voice"] = 503
    await control.configure_number(BUSINESS, voice_url=ours.url + "/voice#rc=2&rp=5xx")
    await call(control, CallOutcome.NO_ANSWER)
    tokens = {hook.headers["I-Twilio-Idempotency-Token"] for hook in ours.at("/voice")}
    assert (len(ours.at("/voice")), len(tokens)) == (3, 1)


@pytest.mark.usefixtures("voicemail_line")
async def test_a_recording_can_be_listed_heard_and_erased(
    sdk: Sdk, control: TwinControl, web_client: aiohttp.ClientSession
) -> None:
    report = await call(control, CallOutcome.NO_ANSWER, voicemail=True)
    recordings, sid = sdk.client.recordings, report.recording_sid
    assert (await sdk.run(recordings(sid).fetch)).duration == "10"
    assert [each.sid for each in await sdk.run(recordings.list, call_sid=report.call_sid)] == [sid]
    assert [each.sid for each in await sdk.run(sdk.client.calls(report.call_sid).recordings.list)] == [sid]
    async with web_client.get(f"Recordings/{sid}.wav") as answer:
        with wave.open(io.BytesIO(await answer.read())) as sound:
            assert (sound.getframerate(), sound.getnchannels()) == (8000, 1)
    async with web_client.get(f"Recordings/{sid}.mp3") as answer:
        assert (await answer.read()).startswith(b"\xff\xfb")
    assert await sdk.run(recordings(sid).delete)
    async with web_client.get(f"Recordings/{sid}") as answer:
        assert answer.status == 404


@pytest.mark.usefixtures("voicemail_line")
async def test_calls_are_listed_and_fetched_as_the_sdk_reads_them(sdk: Sdk, control: TwinControl) -> None:
    report = await call(control, CallOutcome.ANSWERED, seconds=61)
    fetched = await sdk.run(sdk.client.calls(report.call_sid).fetch)
    assert (fetched.status, fetched.duration, fetched.price) == ("completed", "62", "-0.01700")
    assert [each.sid for each in await sdk.run(sdk.client.calls.list, to=BUSINESS, status="completed")] == [
        report.call_sid
    ]
    assert await sdk.run(sdk.client.calls.list, from_="+12065550199") == []
    assert await sdk.run(sdk.client.calls(report.call_sid).delete)


async def test_a_call_of_ours_reports_every_stage_it_was_asked_to(
    line: str, sdk: Sdk, ours: Ours, control: TwinControl
) -> None:
    ours.answers["/hello"] = "<Response><Say>Hello Carol</Say></Response>"
    events = ["initiated", "ringing", "answered", "completed"]
    await sdk.run(
        sdk.client.calls.create,
        to=CAROL,
        from_=line,
        url=ours.url + "/hello",
        status_callback=ours.url + "/progress",
        status_callback_event=events,
    )
    assert await control.wait_until_idle()
    told = [(hook.fields["CallStatus"], hook.fields["SequenceNumber"]) for hook in ours.at("/progress")]
    assert told == [("initiated", "0"), ("ringing", "1"), ("in-progress", "2"), ("completed", "3")]
    await control.script_fate("+12065550111", status="busy")
    await sdk.run(sdk.client.calls.create, to="+12065550111", from_=line, twiml="<Response><Say>Hi</Say></Response>")
    assert await control.wait_until_idle()
    assert (await sdk.run(sdk.client.calls.list, to="+12065550111"))[0].status == "busy"


@pytest.mark.usefixtures("voicemail_line")
async def test_an_anonymous_or_forwarded_call_carries_what_the_carrier_knows(ours: Ours, control: TwinControl) -> None:
    await control.place_call(caller="+266696687", to=BUSINESS, forwarded_from="+12065550199")
    fields = ours.at("/voice")[0].fields
    assert (fields["Caller"], fields["ForwardedFrom"], fields["CallerCity"]) == ("+266696687", "+12065550199", "")


async def test_a_number_that_nobody_answers_for_cannot_be_called(control: TwinControl) -> None:
    with pytest.raises(Refused) as refusal:
        await control.place_call(caller=CAROL, to=BUSINESS)
    assert refusal.value.code == "twin.number_unknown"
    await control.configure_number(BUSINESS)
    with pytest.raises(Refused) as refusal:
        await control.place_call(caller=CAROL, to=BUSINESS)
    assert refusal.value.code == "twin.no_voice_url"


@pytest.mark.usefixtures("voicemail_line")
async def test_a_call_ends_when_we_ask_the_carrier_to_end_it(
    sdk: Sdk, ours: Ours, control: TwinControl, clock: GateClock
) -> None:
    report = await control.place_call(
        caller=CAROL, to=BUSINESS, outcome=CallOutcome.ANSWERED, seconds=100_000, wait=False
    )
    await ours.until(lambda: bool(ours.at("/voice")))
    assert (await sdk.run(sdk.client.calls(report.call_sid).update, status="completed")).sid == report.call_sid
    clock.gate.set()
    assert await control.wait_until_idle()
    assert (await sdk.run(sdk.client.calls(report.call_sid).fetch)).status == "completed"
    with pytest.raises(TwilioRestException) as refusal:
        await sdk.run(sdk.client.calls(report.call_sid).update, status="completed")
    assert refusal.value.code == 21220


async def test_addresses_asked_for_by_get_are_signed_with_their_query(
    line: str, sdk: Sdk, ours: Ours, control: TwinControl
) -> None:
    [number] = await sdk.run(sdk.client.incoming_phone_numbers.list, phone_number=line)
    await sdk.run(sdk.client.incoming_phone_numbers(number.sid).update, voice_method="GET")
    await control.place_call(caller=CAROL, to=line)
    [asked] = ours.at("/voice")
    assert (asked.method, asked.fields["Caller"]) == ("GET", CAROL)
