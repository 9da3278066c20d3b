"""What follows from how a POST ended: accepted, again later, in doubt, or over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from frontdesk.features.delivery.model import JobStatus, MessageClass
from frontdesk.ports import Accepted, FailureClass, ProviderError, ReceiptStatus

# Waits in seconds before each further try. A text for a missed call that comes after minutes is worse than none.
RETRY_SECONDS: dict[MessageClass, tuple[int, ...]] = {
    MessageClass.REPLY: (1, 2, 4, 8),
    MessageClass.TRANSACTIONAL: (5, 30, 120, 600, 1800),
    MessageClass.MARKETING: (60, 300, 900, 3600),
    MessageClass.COMPLIANCE: (1, 2, 4, 8),
}
RETRY_AFTER_CAP = 3600.0
FIRST_LOOK = timedelta(seconds=2)
CHANNEL_HOLD = timedelta(seconds=60)


class SenderNews(StrEnum):
    """What a result says about the number it was sent from."""

    HEALTHY = "healthy"
    FAILING = "failing"
    SLOW_DOWN = "slow_down"
    BLOCKED = "blocked"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotStarted:
    """The POST never began: its verdict had grown old, or the process is stopping."""


Outcome = Accepted | ProviderError | NotStarted


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The next state of a job; `available_at` is set where it runs again or is looked up."""

    status: JobStatus
    attempt: str
    available_at: datetime | None = None
    provider_message_id: str | None = None
    failure_code: str | None = None
    failure_reason: str | None = None
    sender: SenderNews = SenderNews.NOTHING
    hold_sender_until: datetime | None = None
    opted_out: bool = False
    gave_up: bool = False


REASONS: dict[FailureClass, str] = {
    FailureClass.OPTED_OUT: "Consent",
    FailureClass.INVALID_RECIPIENT: "Invalid phone",
}

RECEIPT_TO_STATUS: dict[ReceiptStatus, JobStatus] = {
    ReceiptStatus.ACCEPTED: JobStatus.ACCEPTED,
    ReceiptStatus.SENT: JobStatus.SENT,
    ReceiptStatus.UNDELIVERED: JobStatus.UNDELIVERED,
    ReceiptStatus.FAILED: JobStatus.FAILED,
    ReceiptStatus.DELIVERED: JobStatus.DELIVERED,
    ReceiptStatus.READ: JobStatus.DELIVERED,
}

# A job's status only ever moves to a higher rank, whatever order receipts come in.
RANK: dict[JobStatus, int] = {
    JobStatus.QUEUED: 0,
    JobStatus.POSTING: 0,
    JobStatus.UNKNOWN: 0,
    JobStatus.ACCEPTED: 1,
    JobStatus.SENT: 2,
    JobStatus.UNDELIVERED: 3,
    JobStatus.FAILED: 3,
    JobStatus.DELIVERED: 4,
    JobStatus.BLOCKED: 9,
    JobStatus.DROPPED: 9,
}


def resolve(
    outcome: Outcome,
    *,
    message_class: MessageClass,
    attempts: int,
    useful_until: datetime,
    now: datetime,
    jitter: float,
) -> Resolution:
    """Decide what follows from `outcome` of attempt number `attempts` (1 is the first); `jitter` is 0..1."""
    match outcome:
        case Accepted():
            return Resolution(
                status=RECEIPT_TO_STATUS[outcome.status],
                attempt="accepted",
                provider_message_id=outcome.provider_message_id,
                sender=SenderNews.HEALTHY,
            )
        case NotStarted():
            return Resolution(status=JobStatus.QUEUED, attempt="not_started", available_at=now)
        case ProviderError():
            return _resolve_error(
                outcome,
                message_class=message_class,
                attempts=attempts,
                useful_until=useful_until,
                now=now,
                jitter=jitter,
            )


def _resolve_error(
    error: ProviderError,
    *,
    message_class: MessageClass,
    attempts: int,
    useful_until: datetime,
    now: datetime,
    jitter: float,
) -> Resolution:
    if error.ambiguous:
        return Resolution(
            status=JobStatus.UNKNOWN,
            attempt="ambiguous",
            available_at=now + FIRST_LOOK,
            failure_code=error.provider_code or None,
            sender=SenderNews.FAILING,
        )
    if error.failure is FailureClass.CHANNEL_BLOCKED:
        return Resolution(
            status=JobStatus.QUEUED,
            attempt="channel_blocked",
            available_at=now + CHANNEL_HOLD,
            failure_code=error.provider_code or None,
            failure_reason="Provider error",
            sender=SenderNews.SLOW_DOWN,
            hold_sender_until=now + CHANNEL_HOLD,
        )
    if error.permanent:
        return Resolution(
            status=JobStatus.FAILED,
            attempt=error.failure.value,
            failure_code=error.provider_code or error.failure.value,
            failure_reason=REASONS.get(error.failure, "Provider error"),
            sender=SenderNews.BLOCKED if error.failure is FailureClass.SENDER_BLOCKED else SenderNews.NOTHING,
            opted_out=error.failure is FailureClass.OPTED_OUT,
            gave_up=error.failure is not FailureClass.OPTED_OUT,
        )
    return _again(
        error, message_class=message_class, attempts=attempts, useful_until=useful_until, now=now, jitter=jitter
    )


def _again(
    error: ProviderError,
    *,
    message_class: MessageClass,
    attempts: int,
    useful_until: datetime,
    now: datetime,
    jitter: float,
) -> Resolution:
    waits = RETRY_SECONDS[message_class]
    asked = min(max(error.retry_after or 0.0, 0.0), RETRY_AFTER_CAP)
    slowed = error.failure is FailureClass.RATE_LIMITED
    wait = max(waits[min(attempts, len(waits)) - 1] * (0.5 + jitter / 2), asked)
    at = now + timedelta(seconds=wait)
    news = SenderNews.SLOW_DOWN if slowed else SenderNews.FAILING
    hold = at if slowed and asked > 0 else None
    if (attempts > len(waits) and not slowed) or at >= useful_until:
        return Resolution(
            status=JobStatus.FAILED,
            attempt=error.failure.value,
            failure_code="delivery.retries_exhausted",
            failure_reason="Provider error",
            sender=news,
            hold_sender_until=hold,
            gave_up=True,
        )
    return Resolution(
        status=JobStatus.QUEUED,
        attempt=error.failure.value,
        available_at=at,
        failure_code=error.provider_code or None,
        sender=news,
        hold_sender_until=hold,
    )
