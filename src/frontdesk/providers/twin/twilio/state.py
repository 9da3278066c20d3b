"""What the carrier knows: accounts, numbers, services, texts, calls, recordings, and who said STOP."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Final

E164: Final = re.compile(r"\+[1-9]\d{6,14}\Z")
_NANP: Final = re.compile(r"\+1[2-9]\d{9}\Z")


def new_sid(prefix: str) -> str:
    """Draw a sid: two letters and 32 hexadecimal digits."""
    return prefix + uuid.uuid4().hex


def is_phone(text: str) -> bool:
    """Tell whether it can be a telephone number: E.164, ten digits after +1."""
    if text.startswith("+1"):
        return _NANP.match(text) is not None
    return E164.match(text) is not None


class Direction(StrEnum):
    """Who sent a text or made a call."""

    INBOUND = "inbound"
    OUTBOUND_API = "outbound-api"
    OUTBOUND_REPLY = "outbound-reply"


@dataclass(slots=True)
class Account:
    """An account; the first token signs webhooks, any token opens the API."""

    sid: str
    tokens: tuple[str, ...]
    is_test: bool
    created_at: datetime
    shared_key: str = ""


@dataclass(slots=True, kw_only=True)
class Number:
    """A number the account owns."""

    sid: str
    account_sid: str
    phone: str
    created_at: datetime
    updated_at: datetime
    friendly_name: str = ""
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"


@dataclass(slots=True, kw_only=True)
class Service:
    """A messaging service: a pool of numbers with rules of its own."""

    sid: str
    account_sid: str
    numbers: tuple[str, ...]
    status_callback: str
    inbound_url: str
    advanced_opt_out: bool


@dataclass(slots=True)
class MediaFile:
    """A file that came with a text."""

    sid: str
    content_type: str
    content: bytes


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A text in either direction; `history` holds (state, Unix microseconds) since it was created."""

    sid: str
    account_sid: str
    direction: Direction
    sender: str
    to: str
    body: str
    segments: int
    status: str
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None = None
    service_sid: str | None = None
    status_callback: str = ""
    validity_seconds: int = 36_000
    error_code: int | None = None
    price: str | None = None
    media: tuple[MediaFile, ...] = ()
    history: list[tuple[str, int]] = field(default_factory=list)
    held: list[dict[str, str]] | None = None
    hold_seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewText:
    """A create request, as it came; `send_in` carrier's seconds until a scheduled text leaves."""

    to: str
    sender: str
    service_sid: str
    body: str
    media_urls: tuple[str, ...]
    status_callback: str
    validity: str
    send_in: float | None = None


@dataclass(slots=True, kw_only=True)
class Call:
    """A call; times None until they happen."""

    sid: str
    account_sid: str
    direction: Direction
    sender: str
    to: str
    number_sid: str | None
    status: str
    created_at: datetime
    updated_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration: int = 0
    caller_name: str = ""
    forwarded_from: str = ""
    parent_sid: str | None = None
    token: str = ""
    sequence: int = 0
    hang_up: bool = False


@dataclass(slots=True, kw_only=True)
class Recording:
    """A voicemail; its sound is made when somebody fetches it."""

    sid: str
    account_sid: str
    call_sid: str
    created_at: datetime
    duration: int


@dataclass(frozen=True, slots=True)
class FateRule:
    """The scripted end of texts to a number."""

    status: str
    error_code: int


class TwilioState:
    """The carrier's memory; texts beyond `message_limit` are forgotten, oldest first."""

    def __init__(self, message_limit: int) -> None:
        self._limit = message_limit
        self.accounts: dict[str, Account] = {}
        self.numbers: dict[str, Number] = {}
        self.services: dict[str, Service] = {}
        self.messages: dict[str, Message] = {}
        self.calls: dict[str, Call] = {}
        self.recordings: dict[str, Recording] = {}
        self.stops: set[tuple[str, str]] = set()
        self.fates: dict[str, FateRule] = {}
        self.totals: dict[str, int] = {}
        self._by_recipient: dict[str, list[Message]] = {}

    def forget_traffic(self) -> None:
        """Forget texts, calls, recordings, stops and fates; keep accounts, numbers and services."""
        for held in (self.messages, self.calls, self.recordings, self.fates, self.totals, self._by_recipient):
            held.clear()
        self.stops.clear()

    def add_message(self, message: Message) -> None:
        """Keep a text."""
        if len(self.messages) >= self._limit:
            self.remove_message(next(iter(self.messages)))
        self.messages[message.sid] = message
        self._by_recipient.setdefault(message.to, []).append(message)

    def add_call(self, call: Call) -> None:
        """Keep a call."""
        if len(self.calls) >= self._limit:
            del self.calls[next(iter(self.calls))]
        self.calls[call.sid] = call

    def add_recording(self, recording: Recording) -> None:
        """Keep a recording."""
        if len(self.recordings) >= self._limit:
            del self.recordings[next(iter(self.recordings))]
        self.recordings[recording.sid] = recording

    def remove_message(self, sid: str) -> None:
        """Forget a text."""
        message = self.messages.pop(sid)
        same = self._by_recipient[message.to]
        same.remove(message)
        if not same:
            del self._by_recipient[message.to]

    def newest_messages(self, *, to: str = "") -> Iterator[Message]:
        """Go through texts, newest first, of one recipient or all."""
        return reversed(self._by_recipient.get(to, [])) if to else reversed(self.messages.values())

    def texts_to(self, number: str, limit: int = 1000) -> list[Message]:
        """List texts that left towards `number`, oldest first, at most the last `limit`."""
        outbound = (text for text in self.newest_messages(to=number) if text.direction is not Direction.INBOUND)
        return list(islice(outbound, limit))[::-1]

    def service_of(self, phone: str) -> Service | None:
        """Find the messaging service whose pool holds a number of ours."""
        return next((service for service in self.services.values() if phone in service.numbers), None)

    def stop_key(self, phone: str, customer: str) -> tuple[str, str]:
        """Name the pair a STOP concerns: a service speaks for all of its numbers."""
        service = self.service_of(phone) if self.services else None
        return (service.sid if service else phone, customer)

    def find_number_by_sid(self, account_sid: str, sid: str) -> Number | None:
        """Find a number of the account."""
        return next((n for n in self.numbers.values() if n.sid == sid and n.account_sid == account_sid), None)
