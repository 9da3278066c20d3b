"""Telephone calls: what a carrier tells us of them and what we answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class CallPlacer(Protocol):
    """A carrier that rings somebody for us; no call ever retries by itself."""

    async def place_call(self, *, caller_e164: str, called_e164: str, waits_seconds: int) -> str:
        """Ring a number, stay on the line for a while without a word, hang up; returns the carrier's id of the call.

        Refuses with ProviderError.
        """
        ...


class CallStatus(StrEnum):
    """The state of a call, or of the leg that rings the business."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundCall:
    """Somebody calls one of our numbers; `caller_e164` is empty when the caller hides it."""

    provider: str
    provider_call_id: str
    caller_e164: str
    called_e164: str
    caller_name: str = ""
    forwarded_from_e164: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialEnded:
    """The leg that rang the business ended; durations in seconds."""

    provider: str
    provider_call_id: str
    caller_e164: str
    called_e164: str
    dial_status: CallStatus
    dial_call_id: str = ""
    dial_duration_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUpdate:
    """A call's own state changed; `sequence` orders updates of one call where the provider numbers them."""

    provider: str
    provider_call_id: str
    caller_e164: str
    called_e164: str
    status: CallStatus
    duration_seconds: int = 0
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingReady:
    """A voicemail was stored at the provider; `url` needs the provider's credentials."""

    provider: str
    provider_call_id: str
    provider_recording_id: str
    url: str
    duration_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RingBusiness:
    """Ring the business; `announcement` is spoken first where set; `action_url` hears how it ended."""

    number_e164: str
    ring_seconds: int
    action_url: str
    caller_id_e164: str = ""
    announcement: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeVoicemail:
    """Announce the recording, then record a message; both addresses are ours."""

    announcement: str
    max_seconds: int
    action_url: str
    recording_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SayAndHangUp:
    """Speak one sentence (none if empty) and end the call."""

    text: str = ""


VoiceAnswer = RingBusiness | TakeVoicemail | SayAndHangUp
