"""Jobs in doubt: what the carrier's own list says of them, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.features.delivery.events import TextDelayed, TextGivenUp, TextProgressed
from frontdesk.features.delivery.model import JobStatus
from frontdesk.features.delivery.queries import budgets, doubt, jobs
from frontdesk.features.delivery.queries.doubt import DoubtfulJob
from frontdesk.features.delivery.retry import RECEIPT_TO_STATUS
from frontdesk.features.delivery.service.receipts import join_parked
from frontdesk.kernel.db import Transaction
from frontdesk.ports import SentText

# A POST lives at most 10 s; past 15 s and in a second answer, a message that the carrier does not list is not there.
ABSENT_AFTER = timedelta(seconds=15)
MIN_LOOKS = 2
LOOK_EVERY = timedelta(seconds=5)
CLOCK_TOLERANCE = timedelta(seconds=120)  # between the carrier's clock and ours
LONGEST_WAIT = timedelta(minutes=2)
TELL_EVERY = timedelta(hours=1)
KEY_MARGIN = timedelta(minutes=1)  # for a POST's own way, before its key is forgotten

__all__ = ["DoubtfulJob", "claim_doubtful", "earliest_creation", "free_what_it_held", "settle", "watch_overdue"]


@dataclass(frozen=True, slots=True)
class Found:
    """The carrier has it."""

    text: SentText


@dataclass(frozen=True, slots=True)
class Absent:
    """The carrier provably never took it."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """Too early to say."""


Finding = Found | Absent | Undecided


def earliest_creation(job: DoubtfulJob) -> datetime:
    """Tell from when on the carrier's list matters for a job."""
    return job.posting_at - CLOCK_TOLERANCE


def judge(
    job: DoubtfulJob,
    listed: Sequence[SentText],
    *,
    known: set[str],
    asked_at: datetime,
    repost_safe: timedelta | None,
) -> Finding:
    """Match a job with the carrier's list: our own reference, else same people, same words and not another job's.

    What the list does not hold is absent as of `asked_at`, when the carrier was asked, not as of when it answered. At a
    carrier that recognises repeated POSTs (`repost_safe`) it may be posted again only as long as it does.
    """
    for text in sorted(listed, key=lambda one: one.created_at):
        if text.reference == job.id:
            return Found(text)
        if (
            text.reference is None
            and text.provider_message_id not in known
            and text.recipient_e164 == job.recipient_e164
            and text.body == job.body
            and text.created_at >= earliest_creation(job)
        ):
            return Found(text)
    if repost_safe is not None and asked_at - job.posting_at >= repost_safe:
        return Undecided()
    if job.looks >= MIN_LOOKS and asked_at - job.posting_at >= ABSENT_AFTER:
        return Absent()
    return Undecided()


async def claim_doubtful(tx: Transaction, *, limit: int) -> list[DoubtfulJob]:
    """Take jobs to ask the carrier about, for 15 s; parked receipts are joined, overdue POSTs put in doubt first."""
    await join_parked(tx)
    await doubt.orphan_overdue_jobs(tx)
    return await doubt.claim_in_doubt(tx, limit=limit)


async def settle(
    tx: Transaction,
    job: DoubtfulJob,
    listed: Sequence[SentText],
    *,
    asked_at: datetime,
    repost_safe: timedelta | None,
) -> Finding:
    """Write what the carrier's list means for a job: accepted, queued again if provably absent, or look once more."""
    known = await doubt.list_known_ids(tx, provider=job.provider, ids=[text.provider_message_id for text in listed])
    finding = judge(job, listed, known=known, asked_at=asked_at, repost_safe=repost_safe)
    match finding:
        case Found(text):
            status = RECEIPT_TO_STATUS[text.status]
            if await doubt.settle_found(tx, job, status=status, provider_message_id=text.provider_message_id):
                _tell(tx, job, status=status, code="delivery.found_at_carrier")
        case Absent():
            late = tx.now >= job.useful_until
            status = JobStatus.DROPPED if late else JobStatus.QUEUED
            code = "delivery.too_late" if late else None
            until = None if repost_safe is None else job.posting_at + repost_safe - KEY_MARGIN
            if await doubt.settle_absent(tx, job, status=status, available_at=tx.now, code=code, repost_until=until):
                if repost_safe is None:  # elsewhere it may have been taken all the same, and a receipt tell so
                    await budgets.refund_queued(tx, [(job.id, job.tenant_id)])
                _tell(tx, job, status=status, code=code or "delivery.absent_at_carrier")
        case Undecided():
            await doubt.look_again(tx, job, at=tx.now + LOOK_EVERY, looks=job.looks)
    return finding


async def postpone_look(tx: Transaction, job: DoubtfulJob) -> None:
    """Ask again later because the carrier did not answer, which proves nothing; the longer in doubt, the later.

    Each hour a person is told, and it is never resent.
    """
    age = tx.now - job.posting_at
    wait = max(LOOK_EVERY, min(age / 4, LONGEST_WAIT))
    await doubt.look_again(tx, job, at=tx.now + wait, looks=job.looks - 1)
    if (age + wait) // TELL_EVERY > age // TELL_EVERY:
        tx.announce(
            TextGivenUp(
                job_id=job.id,
                recipient_e164=job.recipient_e164,
                message_class=job.message_class,
                reason="delivery.in_doubt",
            ),
            tenant_id=job.tenant_id,
            correlation_id=job.correlation_id,
        )


async def free_what_it_held(tx: Transaction, process_id: UUID) -> None:
    """Put in doubt what a dead process was posting."""
    await doubt.orphan_jobs_of(tx, process_id=process_id)


async def watch_overdue(tx: Transaction) -> int:
    """Announce replies that have not left for 60 s, once each; returns how many."""
    late = await jobs.mark_late(tx)
    for job in late:
        tx.announce(
            TextDelayed(job_id=job.id, recipient_e164=job.recipient_e164),
            tenant_id=job.tenant_id,
            correlation_id=job.correlation_id,
        )
    return len(late)


def _tell(tx: Transaction, job: DoubtfulJob, *, status: JobStatus, code: str) -> None:
    tx.announce(
        TextProgressed(job_id=job.id, status=status.value, code=code),
        tenant_id=job.tenant_id,
        correlation_id=job.correlation_id,
    )
