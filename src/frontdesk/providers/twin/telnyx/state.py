"""What the pretended Telnyx knows: numbers and their profiles, messages, answered keys, and who said STOP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from frontdesk.providers.twin.memory import MediaFile, TextMemory, TextRecord

# Source: developers.telnyx.com, API fundamentals, idempotency.
KEY_LIFETIME: Final = timedelta(hours=24)


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


@dataclass(slots=True, kw_only=True, eq=False)
class Message(TextRecord):
    """A message as Telnyx keeps it."""

    id: str
    direction: Direction
    profile_id: str
    completed_at: datetime | None = None
    valid_until: datetime | None = None
    webhook_url: str = ""
    failover_url: str = ""
    receipted: bool = True
    autoresponse: str = ""
    held: list[tuple[str, dict[str, object]]] | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A success that is given again under its key: for which body, until when."""

    body: bytes
    status: int
    content: bytes
    until: datetime


class TelnyxState(TextMemory[Message]):
    """The company's memory; what is beyond `limit` is forgotten, oldest first."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.numbers: dict[str, Number] = {}
        self.media: dict[str, MediaFile] = {}
        self.answers: dict[str, Answered] = {}

    def forget_traffic(self) -> None:
        """Forget everything but the numbers."""
        super().forget_traffic()
        self.media.clear()
        self.answers.clear()

    def add_message(self, message: Message) -> None:
        """Keep a message and its files."""
        self.keep_message(message.id, message)
        self.media.update({each.id: each for each in message.media})

    def keep_answer(self, key: str, answer: Answered) -> None:
        """Remember a success under its key."""
        if len(self.answers) >= self._limit:
            del self.answers[next(iter(self.answers))]
        self.answers[key] = answer
