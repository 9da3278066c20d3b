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


@dataclass(frozen=True, slots=True)
class AnswerWanted(Event):
    """A text that nothing was made of is to be answered after all."""

    name: ClassVar[str] = "textback.answer_wanted.v1"
    message_id: UUID


EVENTS: tuple[type[Event], ...] = (MissedCallAnswered, AnswerWanted)
