"""Facts that calls announce."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from frontdesk.kernel.events import Event


@dataclass(frozen=True, slots=True)
class CallStarted(Event):
    """Somebody calls the business."""

    name: ClassVar[str] = "calls.started.v1"
    call_id: UUID
    caller_e164: str
    called_e164: str


@dataclass(frozen=True, slots=True)
class CallMissed(Event):
    """Nobody answered a call that began at `called_at`; a hidden caller has an empty number and no contact."""

    name: ClassVar[str] = "calls.missed.v1"
    call_id: UUID
    contact_id: UUID | None
    caller_e164: str
    called_e164: str
    provider: str
    because: str
    called_at: datetime
    missed_at: datetime


@dataclass(frozen=True, slots=True)
class CallAnswered(Event):
    """Somebody at the business answered."""

    name: ClassVar[str] = "calls.answered.v1"
    call_id: UUID


@dataclass(frozen=True, slots=True)
class VoicemailLeft(Event):
    """A caller left a message."""

    name: ClassVar[str] = "calls.voicemail_left.v1"
    voicemail_id: UUID
    call_id: UUID
    duration_seconds: int


EVENTS: tuple[type[Event], ...] = (CallStarted, CallMissed, CallAnswered, VoicemailLeft)
