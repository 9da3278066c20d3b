"""What delivery knows: message classes, the states of a send job, and the records that move between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class MessageClass(StrEnum):
    """Why a text is sent; law and retries follow from it."""

    REPLY = "C1"  # answers a person's own call or text, such as the missed-call text
    TRANSACTIONAL = "C2"  # a person at the business writes in a thread, bookings, receipts
    MARKETING = "C3"
    COMPLIANCE = "C4"  # the answers to STOP, START and HELP


class JobStatus(StrEnum):
    """The life of a send job.

    queued -> posting -> accepted -> sent -> delivered; posting -> unknown -> accepted or queued again, once the
    carrier shows whether it has the message; blocked, dropped, failed and undelivered are ends.
    """

    QUEUED = "queued"
    POSTING = "posting"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    BLOCKED = "blocked"
    DROPPED = "dropped"


UNSETTLED = frozenset({JobStatus.QUEUED, JobStatus.POSTING, JobStatus.UNKNOWN})

# A verdict may be acted on for this long; a POST that could not start by then is decided anew. It bounds the time from
# a kill switch to the last POST that starts (target: 1 s).
VERDICT_SECONDS = 0.5
MAX_VALIDITY_SECONDS = 36_000  # Twilio's longest validity period; error 30001 past it

USEFUL_FOR: dict[MessageClass, timedelta] = {
    MessageClass.REPLY: timedelta(minutes=15),
    MessageClass.TRANSACTIONAL: timedelta(hours=4),
    MessageClass.MARKETING: timedelta(hours=10),
    MessageClass.COMPLIANCE: timedelta(minutes=5),
}


SIGN_UP = "opt_in:"  # how the cause of a question begins that a sign-up brings about


def is_provoked(message_class: MessageClass, cause: str) -> bool:
    """Tell whether a text is caused by whoever rings, writes or signs up, in any number and from any number."""
    return message_class in (MessageClass.REPLY, MessageClass.COMPLIANCE) or cause.startswith(SIGN_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextIntent:
    """The wish to send one text; `key` names it within its tenant, so that asking twice sends once.

    `basis` says in words what permits it and `basis_at` when that happened, such as the missed call it answers.
    """

    key: str
    message_class: MessageClass
    cause: str
    template: str
    basis: str
    basis_at: datetime
    contact_id: UUID
    recipient_e164: str
    sender_e164: str
    provider: str
    body: str
    useful_until: datetime

    @property
    def is_provoked(self) -> bool:
        """Whether somebody outside the business caused it."""
        return is_provoked(self.message_class, self.cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A send job in the hands of one transaction, before its gates; `cost_cents` is what it has reserved already."""

    id: UUID
    tenant_id: UUID
    message_class: MessageClass
    cause: str
    basis: str
    basis_at: datetime
    recipient_e164: str
    sender_e164: str
    provider: str
    body: str
    segments: int
    cost_cents: Decimal
    useful_until: datetime
    fence: int
    attempts: int
    correlation_id: UUID
    person_locked: bool

    @property
    def is_provoked(self) -> bool:
        """Whether somebody outside the business caused it."""
        return is_provoked(self.message_class, self.cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandLimit:
    """The registered brand of a number whose day carriers limit.

    `daily_segments` is their figure, `daily_share` the percent of its texts that counts there, `used` the segments that
    have gone since their midnight.
    """

    brand_id: str
    daily_segments: int
    daily_share: int
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkIntent:
    """The wish to send one text of a campaign to one person, not before `due_at` and of no use after `useful_until`."""

    key: str
    basis: str
    basis_at: datetime
    contact_id: UUID
    recipient_e164: str
    sender_e164: str
    provider: str
    body: str
    variant: str
    due_at: datetime
    useful_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkJob:
    """A picked marketing text: the job, and what its own gates need."""

    job: ClaimedJob
    campaign_id: UUID
    contact_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedJob:
    """A job that passed its gates and is leased to this process to POST once, before `post_before` (monotonic s)."""

    id: UUID
    tenant_id: UUID
    message_class: MessageClass
    recipient_e164: str
    sender_e164: str
    provider: str
    messaging_service: str
    body: str
    useful_until: datetime
    fence: int
    attempts: int
    correlation_id: UUID
    decided_at: datetime
    post_before: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """What became of a wish to send: the job's id, its status now, why, and whether this request made it."""

    job_id: UUID
    status: JobStatus
    code: str
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StopProof:
    """How sending stands: since when it is paused, what is still in flight, and the last POST that started."""

    paused_at: datetime | None
    paused_by: str
    reason: str
    in_flight: int
    queued: int
    last_started_at: datetime | None


def validity_seconds(*, message_class: MessageClass, useful_until: datetime, now: datetime) -> int:
    """Tell how long a carrier may keep trying: never longer than the message is useful; 0 = do not send.

    Carriers queue up to 10 h by default, so a text accepted in the evening could leave at night.
    """
    left = min((useful_until - now).total_seconds(), USEFUL_FOR[message_class].total_seconds())
    return max(0, min(int(left), MAX_VALIDITY_SECONDS))
