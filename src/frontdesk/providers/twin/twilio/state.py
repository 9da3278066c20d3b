"""What the carrier knows: accounts, numbers, services, texts, calls, recordings, and who said STOP."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from frontdesk.providers.twin.memory import TextMemory, TextRecord


def new_sid(prefix: str) -> str:
    """Draw a sid: two letters and 32 hexadecimal digits."""
    return prefix + uuid.uuid4().hex


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


@dataclass(slots=True, kw_only=True, eq=False)
class Message(TextRecord):
    """A text as Twilio keeps it."""

    sid: str
    account_sid: str
    direction: Direction
    service_sid: str | None = None
    status_callback: str = ""
    validity_seconds: int = 36_000
    price: str | None = None
    held: list[dict[str, str]] | None = None


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


class TwilioState(TextMemory[Message]):
    """The carrier's memory; what is beyond `limit` is forgotten, oldest first."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.accounts: dict[str, Account] = {}
        self.numbers: dict[str, Number] = {}
        self.services: dict[str, Service] = {}
        self.calls: dict[str, Call] = {}
        self.recordings: dict[str, Recording] = {}

    def forget_traffic(self) -> None:
        """Forget texts, calls, recordings, stops and fates; keep accounts, numbers and services."""
        super().forget_traffic()
        self.calls.clear()
        self.recordings.clear()

    def add_message(self, message: Message) -> None:
        """Keep a text."""
        self.keep_message(message.sid, message)

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
