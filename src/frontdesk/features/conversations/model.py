"""Threads with people: what was said, by whom, and how it fared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMessage:
    """One text of a thread; an outbound one carries the state of its send job and why."""

    id: UUID
    conversation_id: UUID
    direction: str
    body: str
    author: str
    wording: str | None
    created_at: datetime
    send_job_id: UUID | None
    status: str | None
    failure_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A conversation with one person, with its latest text."""

    id: UUID
    contact_id: UUID
    phone_e164: str
    name: str
    last_message_at: datetime
    unread: int
    last_body: str | None
    opted_out_scope: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something a person at the business must look at."""

    id: UUID
    conversation_id: UUID | None
    kind: str
    subject: str
    created_at: datetime
    done_at: datetime | None
