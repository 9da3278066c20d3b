"""Figures under the names that the sources' runbooks ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from frontdesk.kernel.db import Transaction
from frontdesk.operations.maintenance.queries import figures
from frontdesk.operations.maintenance.queries.figures import ErrorType, KnownError, Waiting

ALL_TYPES = (ErrorType.TEXT, ErrorType.EVENT, ErrorType.RUN, ErrorType.IMPORT, ErrorType.WEBHOOK)
WEBHOOKS_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What S1's runbook reads every morning; days are of UTC, bounces are texts that failed or were not delivered.

    `emails_sent_today` is 0: no e-mail is sent yet, what is sent are texts.
    """

    last_cron_run: datetime | None
    sent_today: int
    bounces: int
    emails_sent_today: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryQueue:
    """What failed and waits: `dead` for a person, the others are still tried or looked up."""

    dead: int
    queues: tuple[Waiting, ...]


async def read_stats(tx: Transaction) -> Stats:
    """Read the figures of the day."""
    midnight = tx.now.replace(hour=0, minute=0, second=0, microsecond=0)
    sent, bounced = await figures.measure_sent(tx, since=midnight)
    return Stats(last_cron_run=await figures.find_last_scheduled(tx), sent_today=sent, bounces=bounced)


async def list_errors(tx: Transaction, *, kind: ErrorType | None, limit: int) -> list[KnownError]:
    """List what went wrong last, newest first, of one type or of all."""
    found = [
        error
        for one in (ALL_TYPES if kind is None else (kind,))
        for error in await figures.list_errors(tx, one, limit=limit)
    ]
    return sorted(found, key=lambda error: error.at, reverse=True)[:limit]


async def read_retry_queue(tx: Transaction) -> RetryQueue:
    """Count what failed and waits."""
    queues = await figures.list_waiting(tx, webhooks_within=WEBHOOKS_WITHIN)
    alive = {"texts_in_doubt", "texts_tried_again"}
    return RetryQueue(dead=sum(one.waiting for one in queues if one.queue not in alive), queues=tuple(queues))
