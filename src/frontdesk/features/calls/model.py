"""A call: its states, when it counts as missed, and how it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.ports import CallStatus, RingBusiness, SayAndHangUp, TakeVoicemail, VoiceAnswer

MISSED_STATUSES = frozenset({CallStatus.NO_ANSWER, CallStatus.BUSY, CallStatus.FAILED, CallStatus.CANCELED})
VOICEMAIL_SECONDS = 120

# A call's status only ever moves to a higher rank.
STATUS_RANK: dict[CallStatus, int] = {
    CallStatus.QUEUED: 0,
    CallStatus.RINGING: 1,
    CallStatus.IN_PROGRESS: 2,
    CallStatus.CANCELED: 3,
    CallStatus.FAILED: 3,
    CallStatus.BUSY: 3,
    CallStatus.NO_ANSWER: 3,
    CallStatus.COMPLETED: 4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedRule:
    """When a completed call still counts as missed: if switched on, one of at most so many seconds."""

    short_completed_counts: bool = False
    short_completed_max_seconds: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAddresses:
    """Our own addresses that a carrier calls back while it handles a call."""

    dial_action: str
    voicemail_done: str
    recording: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as it is stored."""

    id: UUID
    tenant_id: UUID
    provider: str
    provider_call_id: str
    contact_id: UUID | None
    caller_e164: str
    called_e164: str
    status: str
    dial_status: str | None
    dial_seconds: int | None
    duration_seconds: int | None
    missed_at: datetime | None
    missed_because: str | None
    answered_at: datetime | None
    ended_at: datetime | None
    started_at: datetime


def why_missed(status: CallStatus, *, seconds: int, rule: MissedRule) -> str | None:
    """Tell why a leg that ended in `status` after `seconds` counts as missed; None if it does not."""
    if status in MISSED_STATUSES:
        return status.value
    short = status is CallStatus.COMPLETED and seconds <= rule.short_completed_max_seconds
    if short and rule.short_completed_counts:
        return "short-completed"
    return None


def answer_call(
    *, forwarding_e164: str | None, ring_seconds: int, voicemail: VoiceAnswer, addresses: CallAddresses
) -> VoiceAnswer:
    """Choose what the caller meets: the business rings, or the voicemail if there is nowhere to ring."""
    if forwarding_e164 is None:
        return voicemail
    return RingBusiness(number_e164=forwarding_e164, ring_seconds=ring_seconds, action_url=addresses.dial_action)


def take_message(*, enabled: bool, announcement: str, addresses: CallAddresses) -> VoiceAnswer:
    """Choose how an unanswered call ends: a voicemail whose recording is announced first, or a goodbye.

    Announced for every caller everywhere: two-party recording laws cannot be told from an area code.
    """
    if not enabled:
        return SayAndHangUp(text="Sorry we missed your call. Goodbye.")
    return TakeVoicemail(
        announcement=announcement,
        max_seconds=VOICEMAIL_SECONDS,
        action_url=addresses.voicemail_done,
        recording_url=addresses.recording,
    )
