"""What the pretended Telnyx knows: numbers and their profiles, messages, answered keys, and who said STOP."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Final

# Source: developers.telnyx.com, API fundamentals, idempotency.
KEY_LIFETIME: Final = timedelta(hours=24)


def new_uuid() -> str:
    """Draw an id as Telnyx gives them."""
    return str(uuid.uuid4())


class Direction(StrEnum):
    """Who sent a message."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(slots=True, kw_only=True)
class Number:
    """A number of ours: its messaging profile, and where its messages are announced."""

    id: str
    phone: str
    profile_id: str
    webhook_url: str
    failover_url: str


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file that came with a message."""

    id: str
    content_type: str
    content: bytes


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message in either direction; `history` holds (state, Unix microseconds) since it was created."""

    id: str
    direction: Direction
    sender: str
    to: str
    body: str
    segments: int
    status: str
    profile_id: str
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None = None
    completed_at: datetime | None = None
    valid_until: datetime | None = None
    webhook_url: str = ""
    failover_url: str = ""
    receipted: bool = True
    error_code: int | None = None
    autoresponse: str = ""
    media: tuple[MediaFile, ...] = ()
    history: list[tuple[str, int]] = field(default_factory=list)
    held: list[tuple[str, dict[str, object]]] | None = None
    hold_seed: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """A success that is given again under its key: for which body, until when."""

    body: bytes
    status: int
    content: bytes
    until: datetime


@dataclass(frozen=True, slots=True)
class FateRule:
    """The scripted end of texts to a number."""

    status: str
    error_code: int


class TelnyxState:
    """The company's memory; messages beyond `message_limit` are forgotten, oldest first."""

    def __init__(self, message_limit: int) -> None:
        self._limit = message_limit
        self.numbers: dict[str, Number] = {}
        self.messages: dict[str, Message] = {}
        self.media: dict[str, MediaFile] = {}
        self.answers: dict[str, Answered] = {}
        self.stops: set[tuple[str, str]] = set()
        self.fates: dict[str, FateRule] = {}
        self.totals: dict[str, int] = {}
        self._by_recipient: dict[str, list[Message]] = {}

    def forget_traffic(self) -> None:
        """Forget everything but the numbers."""
        for held in (self.messages, self.media, self.answers, self.fates, self.totals, self._by_recipient):
            held.clear()
        self.stops.clear()

    def add_message(self, message: Message) -> None:
        """Keep a message and its files."""
        if len(self.messages) >= self._limit:
            oldest = self.messages.pop(next(iter(self.messages)))
            self._by_recipient[oldest.to].remove(oldest)
        self.messages[message.id] = message
        self._by_recipient.setdefault(message.to, []).append(message)
        self.media.update({each.id: each for each in message.media})

    def replace_message(self, message: Message) -> None:
        """Keep a message in place of an earlier one of the same id."""
        if (known := self.messages.pop(message.id, None)) is not None:
            self._by_recipient[known.to].remove(known)
        self.add_message(message)

    def newest_messages(self, *, to: str = "") -> Iterator[Message]:
        """Go through messages, newest first, of one recipient or all."""
        return reversed(self._by_recipient.get(to, [])) if to else reversed(self.messages.values())

    def texts_to(self, number: str, limit: int = 1000) -> list[Message]:
        """List texts that left towards `number`, oldest first, at most the last `limit`."""
        outbound = (text for text in self.newest_messages(to=number) if text.direction is Direction.OUTBOUND)
        return list(islice(outbound, limit))[::-1]

    def keep_answer(self, key: str, answer: Answered) -> None:
        """Remember a success under its key."""
        if len(self.answers) >= self._limit:
            del self.answers[next(iter(self.answers))]
        self.answers[key] = answer
