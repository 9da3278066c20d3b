"""Facts that conversations announce."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from frontdesk.kernel.events import Event


@dataclass(frozen=True, slots=True)
class TextReceived(Event):
    """A person wrote to the business; `wording` is what it means for consent, which has `answered` it already if so."""

    name: ClassVar[str] = "conversations.text_received.v1"
    message_id: UUID
    conversation_id: UUID
    contact_id: UUID
    wording: str
    answered: bool = False


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


@dataclass(frozen=True, slots=True)
class TaskFinished(Event):
    """A person has looked at what needed their eye."""

    name: ClassVar[str] = "conversations.task_finished.v1"
    task_id: UUID
    conversation_id: UUID | None
    kind: str


@dataclass(frozen=True, slots=True)
class ThreadChanged(Event):
    """A thread was given to somebody, put to rest, woken or settled; `status` is what it is now."""

    name: ClassVar[str] = "conversations.thread_changed.v1"
    conversation_id: UUID
    status: str
    assigned_to: UUID | None


@dataclass(frozen=True, slots=True)
class NoteWritten(Event):
    """Somebody at the business noted something in a thread for the others."""

    name: ClassVar[str] = "conversations.note_written.v1"
    note_id: UUID
    conversation_id: UUID


EVENTS: tuple[type[Event], ...] = (TextReceived, TextWritten, TaskRaised, TaskFinished, ThreadChanged, NoteWritten)
