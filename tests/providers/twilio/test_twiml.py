"""Calls are answered with TwiML that says what was meant, whatever the words hold."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import (
    Dial,
    VoiceResponse,
)

from frontdesk.ports import RingBusiness, SayAndHangUp, TakeVoicemail, VoiceAnswer
from frontdesk.providers.twilio import render_voice_answer
from frontdesk.providers.twilio.twiml import NOTHING

RING = RingBusiness(
    number_e164="+12065550199",
    ring_seconds=20,
    action_url="https://a.example/voice/dial-action?t=1&u=2",
    caller_id_e164="+15005550006",
    announcement="This call may be recorded.",
)
VOICEMAIL = TakeVoicemail(
    announcement="Please leave a message. It is recorded.",
    max_seconds=120,
    action_url="https://a.example/voice/voicemail",
    recording_url="https://a.example/voice/recording",
)


def read(document: bytes) -> ET.Element:
    return ET.fromstring(document)  # noqa: S314 - the document is our own


def same_document(ours: bytes, theirs: VoiceResponse) -> bool:
    return ET.canonicalize(ours.decode()) == ET.canonicalize(theirs.to_xml())


def test_ringing_the_business_is_what_the_official_builder_writes() -> None:
    expected = VoiceResponse()
    expected.say(RING.announcement)
    dial = Dial(answer_on_bridge=True, timeout=20, action=RING.action_url, method="POST", caller_id=RING.caller_id_e164)
    dial.number(RING.number_e164)
    expected.append(dial)
    assert same_document(render_voice_answer(RING), expected)


def test_a_voicemail_is_announced_first_and_is_what_the_official_builder_writes() -> None:
    expected = VoiceResponse()
    expected.say(VOICEMAIL.announcement)
    expected.record(
        max_length=120,
        timeout=5,
        play_beep=True,
        action=VOICEMAIL.action_url,
        method="POST",
        recording_status_callback=VOICEMAIL.recording_url,
        recording_status_callback_method="POST",
        recording_status_callback_event="completed absent",
    )
    expected.hangup()
    assert same_document(render_voice_answer(VOICEMAIL), expected)


@pytest.mark.parametrize(("text", "verbs"), [("Goodbye.", ["Say", "Hangup"]), ("", ["Hangup"]), ("  ", ["Hangup"])])
def test_speaking_and_hanging_up(text: str, verbs: list[str]) -> None:
    document = read(render_voice_answer(SayAndHangUp(text=text)))
    assert [verb.tag for verb in document] == verbs


def test_what_is_not_set_is_not_written() -> None:
    quiet = RingBusiness(number_e164="+12065550199", ring_seconds=20, action_url="https://a.example/x")
    document = read(render_voice_answer(quiet))
    assert [verb.tag for verb in document] == ["Dial"]
    assert "callerId" not in document[0].attrib


@given(st.text())
def test_no_words_can_become_verbs(words: str) -> None:
    answers: list[VoiceAnswer] = [
        SayAndHangUp(text=words),
        RingBusiness(number_e164=words, ring_seconds=20, action_url=words, caller_id_e164=words, announcement=words),
        TakeVoicemail(announcement="a" + words, max_seconds=9, action_url=words, recording_url=words),
    ]
    for answer in answers:
        document = read(render_voice_answer(answer))
        assert {verb.tag for verb in document.iter()} <= {"Response", "Say", "Dial", "Number", "Record", "Hangup"}


def test_words_arrive_as_they_are() -> None:
    words = "Café <Hangup/> & \"more\" 'now' 👍"
    document = read(render_voice_answer(SayAndHangUp(text=words)))
    assert document[0].text == words
    url = "https://a.example/?a=1&b=\"2\"&c='3'<"
    ring = RingBusiness(number_e164="+12065550199", ring_seconds=20, action_url=url)
    assert read(render_voice_answer(ring))[0].attrib["action"] == url


@pytest.mark.parametrize("announcement", ["", " \n"])
def test_a_recording_that_nothing_announces_is_refused(announcement: str) -> None:
    silent = TakeVoicemail(announcement=announcement, max_seconds=9, action_url="x", recording_url="y")
    with pytest.raises(ValueError, match="announced"):
        render_voice_answer(silent)


@pytest.mark.parametrize("seconds", [0, 4, 601])
def test_a_ring_outside_twilios_bounds_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match="rings between"):
        render_voice_answer(RingBusiness(number_e164="+1", ring_seconds=seconds, action_url="x"))


@pytest.mark.parametrize("seconds", [0, 14_401])
def test_a_voicemail_outside_twilios_bounds_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match="lasts between"):
        render_voice_answer(TakeVoicemail(announcement="a", max_seconds=seconds, action_url="x", recording_url="y"))


def test_the_answer_without_words_is_an_empty_response() -> None:
    document = read(NOTHING)
    assert (document.tag, len(document)) == ("Response", 0)
