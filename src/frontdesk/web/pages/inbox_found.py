"""What a search shows: texts and notes that have the words, and texts that mean much the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from frontdesk.features.conversations import Alike, Found, Meant
from frontdesk.web.pages.inbox_words import last_words
from frontdesk.web.pages.views import Place
from frontdesk.web.words import phone_words

SAID = 180
READING = "Older texts are still being read for their meaning; more may be found later."


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A text or note that was found, with its words cut where the looked-for ones begin and end."""

    found: Found
    who: str
    at: str
    pieces: Sequence[tuple[bool, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A text that means much the same as what was looked for."""

    conversation_id: UUID
    who: str
    at: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NearView:
    """What means alike, closest first, and what to know about it: why there is none, or that more is to come."""

    hits: Sequence[Near] = ()
    remark: str = ""


def to_hit(found: Found, place: Place) -> Hit:
    """Make a line of what was found by words."""
    pieces: list[tuple[bool, str]] = []
    for index, piece in enumerate(found.snippet.split("\x02")):
        marked, end, rest = piece.partition("\x03")
        pieces += [(True, marked), (False, rest)] if index and end else [(False, piece)]
    return Hit(
        found=found,
        who=found.name or phone_words(found.phone_e164),
        at=last_words(found.at, place),
        pieces=[(marked, words) for marked, words in pieces if words],
    )


def to_near(meant: Meant, place: Place) -> NearView:
    """Make the lines of what means alike."""
    return NearView(
        hits=[_near(one, place) for one in meant.texts], remark=meant.because or (READING if meant.reading else "")
    )


def _near(text: Alike, place: Place) -> Near:
    said = ("You: " if text.direction == "outbound" else "") + " ".join(text.body.split())
    return Near(
        conversation_id=text.conversation_id,
        who=text.name or phone_words(text.phone_e164),
        at=last_words(text.at, place),
        said=said if len(said) <= SAID else said[: SAID - 1].rstrip() + "…",
    )
