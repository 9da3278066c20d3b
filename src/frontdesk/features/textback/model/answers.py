"""What becomes of a missed call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Outcome(StrEnum):
    """Whether a missed call is answered with a text."""

    TEXTING = "texting"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Textback:
    """The one answer to one missed call, or why there is none; `reason` is a code."""

    call_id: UUID
    outcome: Outcome
    reason: str
    send_job_id: UUID | None
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TextbackLimits:
    """How long after the call a text is still sent; later it is dropped with a reason."""

    useful_for: timedelta = timedelta(minutes=15)


def why_not(*, enabled: bool, caller_e164: str, costs_extra: bool) -> str | None:
    """Tell why a missed call gets no text whatever its caller's consent; None if it may."""
    if not enabled:
        return "textback.switched_off"
    if not caller_e164:
        return "textback.hidden_number"
    if costs_extra:
        return "textback.costly_number"
    return None
