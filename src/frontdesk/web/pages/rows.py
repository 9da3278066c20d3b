"""From timeline entries to the rows of the page: what each says, in words, and in which tone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from frontdesk.features.conversations import ThreadMessage
from frontdesk.features.insights import (
    CallEntry,
    Entry,
    TextEntry,
    TextState,
    Voicemail,
    why_no_text,
    why_not_delivered,
)
from frontdesk.web.words import phone_words, status_words


class Tone(StrEnum):
    """How a row or chip feels: the only place where meaning becomes colour."""

    CALM = "calm"
    GOOD = "good"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"


MISSED_WORDS = {
    "no-answer": "nobody answered",
    "busy": "line was busy",
    "failed": "the line failed",
    "canceled": "caller hung up",
    "short-completed": "ended at once",
    "nobody-to-ring": "no phone to ring",
}
TONES = {
    "queued": Tone.BUSY,
    "posting": Tone.BUSY,
    "unknown": Tone.WARN,
    "accepted": Tone.BUSY,
    "sent": Tone.BUSY,
    "delivered": Tone.GOOD,
    "undelivered": Tone.BAD,
    "failed": Tone.BAD,
    "blocked": Tone.WARN,
    "dropped": Tone.WARN,
    "canceled": Tone.WARN,
}
NOT_SENT = frozenset({"blocked", "dropped", "canceled"})
WORDING_WORDS = {
    "stop": "opted out",
    "start": "opted in again",
    "help": "asked for help",
    "unsure_stop": "may want out",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A small mark: a word or two, in a tone, with more on hovering."""

    words: str
    tone: Tone
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the timeline; `why` says why nothing was sent, or what it waits for."""

    id: UUID
    icon: str
    tone: Tone
    at: datetime
    who: str
    phone: str
    headline: str
    detail: str
    conversation_id: UUID | None
    said: str
    said_by: str
    chips: tuple[Chip, ...]
    milliseconds: float | None
    why: str
    voicemails: tuple[Voicemail, ...]


def to_row(entry: Entry) -> Row:
    """Make the row of an entry."""
    return _call_row(entry) if isinstance(entry, CallEntry) else _text_row(entry)


def _call_row(call: CallEntry) -> Row:
    phone = phone_words(call.caller_e164)
    who = call.caller_name or phone
    headline, detail, icon, tone = _call_words(call)
    return Row(
        id=call.id,
        icon=icon,
        tone=tone,
        at=call.started_at,
        who=who,
        phone=phone if call.caller_name else "",
        headline=headline,
        detail=detail,
        conversation_id=call.conversation_id,
        said=call.text.body if call.text is not None and call.text.status not in NOT_SENT else "",
        said_by="us",
        chips=_chips(call.text) if not _is_told(call.text) else (),
        milliseconds=call.milliseconds,
        why=_why_not(call, who),
        voicemails=call.voicemails,
    )


def _call_words(call: CallEntry) -> tuple[str, str, str, Tone]:
    if call.missed_at is not None:
        because = MISSED_WORDS.get(call.missed_because or "", call.missed_because or "")
        return "Missed call", because, "missed", Tone.BAD
    if call.answered_at is not None:
        return "Answered call", f"{call.seconds} s" if call.seconds else "", "call", Tone.GOOD
    if call.ended_at is not None:
        return "Call ended", "", "call", Tone.CALM
    return "Calling now", "ringing", "call", Tone.BUSY


def _why_not(call: CallEntry, who: str) -> str:
    """Tell why a missed call got no text, or what its text waits for."""
    if call.missed_at is None:
        return ""
    if call.text is None:
        return "" if call.reason is None else f"Not sent: {why_no_text(call.reason, who=who)}."
    return why_words(call.text, who=who)


def why_words(text: TextState, *, who: str) -> str:
    """Tell why a text was not sent, failed, or waits; empty if it went its way."""
    if text.status in NOT_SENT:
        return f"Not sent: {why_no_text(text.code, who=who, citation=text.citation)}."
    if text.status == "queued" and text.code:
        return f"Waiting: {why_no_text(text.code, who=who)}."
    if text.status == "unknown":
        return "Checking with the carrier whether it left. It is never sent twice."
    if text.status in {"failed", "undelivered"}:
        return f"Not delivered: {why_not_delivered(text.code, who=who)}."
    return ""


def _text_row(text: TextEntry) -> Row:
    phone = phone_words(text.phone_e164)
    who = text.name or phone
    inbound = text.direction == "inbound"
    wording = WORDING_WORDS.get(text.wording or "", "")
    chips = (Chip(wording, Tone.WARN),) if wording else () if _is_told(text.text) else _chips(text.text)
    return Row(
        id=text.id,
        icon="in" if inbound else "out",
        tone=Tone.WARN if wording and inbound else Tone.CALM,
        at=text.created_at,
        who=who,
        phone=phone if text.name else "",
        headline="wrote" if inbound else "was texted",
        detail="" if inbound or not text.author else f"by {text.author}",
        conversation_id=text.conversation_id,
        said=text.body,
        said_by="them" if inbound else "us",
        chips=chips,
        milliseconds=None,
        why=why_words(text.text, who=who) if text.text is not None else "",
        voicemails=(),
    )


def _is_told(text: TextState | None) -> bool:
    """Tell whether the words of `why` say already what a chip would."""
    return text is not None and (text.status in NOT_SENT or (text.status == "queued" and bool(text.code)))


def _chips(text: TextState | None) -> tuple[Chip, ...]:
    if text is None:
        return ()
    return (Chip(status_words(text.status), TONES.get(text.status, Tone.CALM), text.code),)


def message_chips(message: ThreadMessage) -> tuple[Chip, ...]:
    """Mark a text of a thread: how ours fared, what theirs meant for consent."""
    if message.status is not None:
        return (Chip(status_words(message.status), TONES.get(message.status, Tone.CALM), message.failure_code or ""),)
    wording = WORDING_WORDS.get(message.wording or "", "")
    return (Chip(wording, Tone.WARN),) if wording else ()
