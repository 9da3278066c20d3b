"""What a call is answered with, as TwiML."""

from __future__ import annotations

import re
from typing import assert_never
from xml.sax.saxutils import escape, quoteattr

from frontdesk.ports import RingBusiness, SayAndHangUp, TakeVoicemail, VoiceAnswer

CONTENT_TYPE = "text/xml; charset=utf-8"

MAX_RING_SECONDS = 600
"""Twilio's longest Dial timeout; its shortest is 5 and it adds a few seconds of its own."""

MIN_RING_SECONDS = 5
MAX_RECORDING_SECONDS = 14_400
SILENCE_SECONDS = 5
"""A voicemail ends after this much silence."""

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
NOTHING = f"{_DECLARATION}<Response/>".encode()
"""The answer to a text, or to a call that needs no more words."""

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_voice_answer(answer: VoiceAnswer) -> bytes:
    """Spell an answer as a TwiML document in UTF-8.

    Refuses, with ValueError, a ring or recording time outside Twilio's bounds and a voicemail that nothing announces
    (a recording is announced everywhere, before it starts).
    """
    match answer:
        case RingBusiness():
            verbs = _ring(answer)
        case TakeVoicemail():
            verbs = _take_voicemail(answer)
        case SayAndHangUp():
            verbs = _say(answer.text) + "<Hangup/>"
        case _:
            assert_never(answer)
    return f"{_DECLARATION}<Response>{verbs}</Response>".encode()


def _ring(answer: RingBusiness) -> str:
    if not MIN_RING_SECONDS <= answer.ring_seconds <= MAX_RING_SECONDS:
        raise ValueError(f"a business rings between {MIN_RING_SECONDS} and {MAX_RING_SECONDS} seconds")
    dial = _open(
        "Dial",
        answerOnBridge="true",
        timeout=str(answer.ring_seconds),
        action=answer.action_url,
        method="POST",
        callerId=answer.caller_id_e164,
    )
    return f"{_say(answer.announcement)}{dial}<Number>{_text(answer.number_e164)}</Number></Dial>"


def _take_voicemail(answer: TakeVoicemail) -> str:
    if not answer.announcement.strip():
        raise ValueError("a recording is announced before it starts")
    if not 1 <= answer.max_seconds <= MAX_RECORDING_SECONDS:
        raise ValueError(f"a voicemail lasts between 1 and {MAX_RECORDING_SECONDS} seconds")
    record = _open(
        "Record",
        maxLength=str(answer.max_seconds),
        timeout=str(SILENCE_SECONDS),
        playBeep="true",
        action=answer.action_url,
        method="POST",
        recordingStatusCallback=answer.recording_url,
        recordingStatusCallbackMethod="POST",
        recordingStatusCallbackEvent="completed absent",
    )
    # Without a word Twilio skips the action and goes on here.
    return f"{_say(answer.announcement)}{record}</Record><Hangup/>"


def _say(text: str) -> str:
    return f"<Say>{_text(text)}</Say>" if text.strip() else ""


def _open(verb: str, **attributes: str) -> str:
    pairs = (f" {name}={quoteattr(_NOT_IN_XML.sub('', value))}" for name, value in attributes.items() if value)
    return f"<{verb}{''.join(pairs)}>"


def _text(words: str) -> str:
    return escape(_NOT_IN_XML.sub("", words))
