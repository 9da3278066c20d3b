"""Threads with people: what was said, by whom, and how it fared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo


class ThreadStatus(StrEnum):
    """Whether a thread is worked on; one at rest wakes by itself, and a person's text opens any."""

    OPEN = "open"
    SNOOZED = "snoozed"
    DONE = "done"


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
class InboundText:
    """A text that a person wrote: who, to which of the business's numbers, by which company, and when."""

    id: UUID
    conversation_id: UUID
    contact_id: UUID
    person_e164: str
    line_e164: str
    provider: str
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A conversation with one person, with its latest text; `unread` is the asking member's own count.

    `person_asked_at` is since when somebody waits in it for a person at the business.
    """

    id: UUID
    contact_id: UUID
    phone_e164: str
    name: str
    last_message_at: datetime
    unread: int
    last_body: str | None
    opted_out_scope: str | None
    status: ThreadStatus = ThreadStatus.OPEN
    assigned_to: UUID | None = None
    snoozed_until: datetime | None = None
    person_asked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadFilter:
    """Which threads to list; None of a member is any. `reader` is whose unread texts are counted."""

    status: ThreadStatus | None = None
    assigned_to: UUID | None = None
    reader: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody at the business wrote to the others in a thread; it is never sent."""

    id: UUID
    conversation_id: UUID
    author: str
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CannedReply:
    """An answer that a business keeps ready, by a short name."""

    id: UUID
    name: str
    body: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachability:
    """Whether the person of a thread may be written to: '' or a code, and until when their quiet hours last, if now."""

    transactional: str
    marketing: str
    quiet_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that happened between a person and the business, in any channel.

    `kind` is text, call, voicemail or note; `words` what was said, or how a call ended.
    """

    id: UUID
    kind: str
    direction: str
    words: str
    author: str
    at: datetime


class View(StrEnum):
    """Which threads a member looks at; all but the last three are threads that are open."""

    OPEN = "open"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    UNREAD = "unread"
    SNOOZED = "snoozed"
    DONE = "done"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many threads wait in each view, counted no further than 100."""

    open: int
    mine: int
    unassigned: int
    unread: int
    snoozed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A thread as a line of the inbox, with its latest text; `unread` is the asking member's."""

    id: UUID
    contact_id: UUID
    phone_e164: str
    name: str
    last_message_at: datetime
    last_inbound_at: datetime | None
    last_body: str
    last_direction: str
    channel: str
    unread: bool
    opted_out_scope: str | None
    status: ThreadStatus
    assigned_to: UUID | None
    snoozed_until: datetime | None
    person_asked_at: datetime | None

    @property
    def waits_since(self) -> datetime | None:
        """Since when the person waits for an answer, None if nobody does."""
        unanswered = self.last_inbound_at if self.last_direction == "inbound" else None
        return self.person_asked_at or unanswered


class ThreadAct(StrEnum):
    """What somebody does with a thread."""

    GIVEN = "given"
    TAKEN_BACK = "taken_back"
    SNOOZED = "snoozed"
    DONE = "done"
    OPENED = "opened"


class HappeningKind(StrEnum):
    """What can happen between a person and a business."""

    TEXT = "text"
    CALL = "call"
    VOICEMAIL = "voicemail"
    NOTE = "note"
    BOOKED = "booked"
    CALLED_OFF = "called_off"
    CHANGE = "change"
    CONSENT = "consent"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing on a person's timeline.

    `state` is the send job's status of a text, how a call ended, or the scope of a consent; `number` is seconds,
    cents, or how many files came with a text; `moment` is until when a text waits, when an appointment begins, or until
    when a thread rests; `other_id` the send job of a text or the member who was given a thread.
    """

    id: UUID
    kind: HappeningKind
    at: datetime
    direction: str
    words: str
    author: str
    wording: str
    state: str
    code: str
    citation: str
    number: int | None
    moment: datetime | None
    other_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A text or note that has the words looked for; `snippet` marks them between the characters 2 and 3."""

    id: UUID
    kind: str
    conversation_id: UUID
    contact_id: UUID
    name: str
    phone_e164: str
    direction: str
    at: datetime
    snippet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """A text that means much the same as what is looked for, whatever its words; `similarity` is the cosine."""

    id: UUID
    conversation_id: UUID
    contact_id: UUID
    name: str
    phone_e164: str
    direction: str
    at: datetime
    body: str
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A business's texts that are to be read for their meaning, and what is known once they were.

    `newest_at` and `oldest_at` are the moments between which everything is read then; no `oldest_at`: nothing is older.
    """

    tenant_id: UUID
    model: str
    texts: tuple[tuple[UUID, str], ...]
    newest_at: datetime
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text means: a signed byte a dimension, times `scale` billionths; empty if nothing could be made of it."""

    scale: int
    vector: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPerson:
    """A person whose name, e-mail or number has the words looked for; without a thread if none was begun."""

    id: UUID
    name: str
    phone_e164: str
    conversation_id: UUID | None
    last_message_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """An appointment of a person."""

    id: UUID
    service: str
    resource: str
    status: str
    starts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A campaign that a person was part of, and what became of their text."""

    campaign_id: UUID
    name: str
    status: str
    code: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What a person was asked to pay."""

    id: UUID
    description: str
    amount_cents: int
    currency: str
    status: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentStep:
    """One entry of the ledger about a person: what changed, for what, why and by whom."""

    event_type: str
    channel: str
    scope: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something a person at the business must look at."""

    id: UUID
    conversation_id: UUID | None
    kind: str
    subject: str
    created_at: datetime
    done_at: datetime | None


def quiet_until(*, starts: time, ends: time, zone: str, at: datetime) -> datetime | None:
    """Tell until when quiet hours last that go from `starts` to `ends` on a zone's clock; None if it is not quiet."""
    local = at.astimezone(ZoneInfo(zone))
    clock = local.time().replace(tzinfo=None)
    overnight = starts > ends
    quiet = (clock >= starts or clock < ends) if overnight else starts <= clock < ends
    if not quiet:
        return None
    day = local.date() + timedelta(1 if overnight and clock >= starts else 0)
    return datetime.combine(day, ends, tzinfo=ZoneInfo(zone)).astimezone(UTC)
