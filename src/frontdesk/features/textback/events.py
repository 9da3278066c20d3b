"""Facts that text-back announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from frontdesk.kernel.events import Event


@dataclass(frozen=True, slots=True)
class MissedCallAnswered(Event):
    """A missed call was answered with a text, or not, with the reason."""

    name: ClassVar[str] = "textback.missed_call_answered.v1"
    call_id: UUID
    outcome: str
    reason: str
    send_job_id: UUID | None


EVENTS: tuple[type[Event], ...] = (MissedCallAnswered,)
