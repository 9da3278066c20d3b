"""Facts that conversations announce."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from frontdesk.kernel.events import Event


@dataclass(frozen=True, slots=True)
class TextReceived(Event):
    """A person wrote to the business; `wording` is what it means for consent."""

    name: ClassVar[str] = "conversations.text_received.v1"
    message_id: UUID
    conversation_id: UUID
    contact_id: UUID
    wording: str


@dataclass(frozen=True, slots=True)
class TextWritten(Event):
    """The business wrote to a person, or meant to; the send job says how it fares."""

    name: ClassVar[str] = "conversations.text_written.v1"
    message_id: UUID
    conversation_id: UUID
    contact_id: UUID
    send_job_id: UUID


@dataclass(frozen=True, slots=True)
class TaskRaised(Event):
    """Something needs a person's eye."""

    name: ClassVar[str] = "conversations.task_raised.v1"
    task_id: UUID
    kind: str


EVENTS: tuple[type[Event], ...] = (TextReceived, TextWritten, TaskRaised)
