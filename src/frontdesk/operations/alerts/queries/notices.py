"""What each sink is to be told: written first, then claimed, told, and noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from frontdesk.kernel.db import Transaction, affected
from frontdesk.kernel.ids import new_id
from frontdesk.ports.alerts import Notice

# What is newer tells all that the older one would have told: what nobody has begun to tell is not told any more.
SUPERSEDE = """
    update alert_notifications set status = 'superseded'
    where group_key = $1 and status = 'pending' and sequence < $2
      and (claimed_by is null or claimed_at < $3::timestamptz - $4::interval)
"""

INSERT = """
    insert into alert_notifications (id, group_key, sequence, sink, status, notice, due_at, created_at)
    select id, $2, $3, sink, 'pending', $4::jsonb, $5, $5 from unnest($1::uuid[], $6::text[]) as told (id, sink)
    on conflict (group_key, sequence, sink) do nothing
"""

# One at a time for each group and sink, so that nobody hears that it is over before hearing that it began.
CLAIM = """
    with due as (
      select notification.id from alert_notifications as notification
      where notification.status = 'pending' and notification.due_at <= $1 and notification.sink = any($4::text[])
        and (notification.claimed_by is null or notification.claimed_at < $1::timestamptz - $3::interval)
        and not exists (
          select from alert_notifications as earlier
          where earlier.group_key = notification.group_key and earlier.sink = notification.sink
            and earlier.status = 'pending' and earlier.sequence < notification.sequence)
      order by notification.due_at, notification.id
      limit $5
      for update skip locked
    )
    update alert_notifications as notification
    set claimed_by = $2, claimed_at = $1, fence = notification.fence + 1, attempts = notification.attempts + 1
    from due where notification.id = due.id
    returning notification.id, notification.sink, notification.notice::text as notice, notification.attempts,
              notification.fence, notification.group_key, notification.sequence
"""

SETTLE_SENT = """
    update alert_notifications
    set status = 'sent', sent_at = $3, claimed_by = null, claimed_at = null, last_error = ''
    where id = $1 and fence = $2 and status = 'pending'
"""

# A try that failed gives way to what is newer.
SETTLE_FAILED = """
    update alert_notifications as tried
    set status = case when exists (
          select from alert_notifications as newer
          where newer.group_key = tried.group_key and newer.sink = tried.sink and newer.sequence > tried.sequence
        ) then 'superseded' else 'pending' end,
        due_at = $3, last_error = $4, claimed_by = null, claimed_at = null
    where tried.id = $1 and tried.fence = $2 and tried.status = 'pending'
"""

FORGET = "delete from alert_notifications where created_at < $1 and status <> 'pending'"

LIST_RECENT = """
    select group_key, sequence, sink, status, attempts, last_error, created_at, sent_at
    from alert_notifications order by created_at desc, sink limit $1
"""

COUNT_FAILING = """
    select count(distinct sink)::int from alert_notifications
    where status = 'pending' and attempts > 0 and created_at < $1::timestamptz - $2::interval
"""


class NotificationStatus(StrEnum):
    """How far telling a sink has come."""

    PENDING = "pending"
    SENT = "sent"
    SUPERSEDED = "superseded"  # what came after it tells all that it would have told


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notice that this process tells a sink now."""

    id: UUID
    sink: str
    notice: Notice
    attempts: int
    fence: int


@dataclass(frozen=True, slots=True)
class Notification:
    """What became of telling a sink."""

    group_key: str
    sequence: int
    sink: str
    status: NotificationStatus
    attempts: int
    last_error: str
    created_at: datetime
    sent_at: datetime | None


async def insert_notice(tx: Transaction, notice: Notice, *, sinks: Sequence[str], lease: timedelta) -> None:
    """Write what sinks are to be told of a group's new state; it supersedes what nobody has begun to tell."""
    await tx.execute(SUPERSEDE, notice.group_key, notice.sequence, tx.now, lease)
    document = msgspec.json.encode(notice).decode()
    ids = [new_id() for _ in sinks]
    await tx.execute(INSERT, ids, notice.group_key, notice.sequence, document, tx.now, list(sinks))


async def claim_due(
    tx: Transaction, *, owner: UUID, sinks: Sequence[str], limit: int, lease: timedelta
) -> list[Claimed]:
    """Lease notices that are due for the sinks there are."""
    rows = await tx.fetch(CLAIM, tx.now, owner, lease, list(sinks), limit)
    return [
        Claimed(row["id"], row["sink"], msgspec.json.decode(row["notice"], type=Notice), row["attempts"], row["fence"])
        for row in rows
    ]


async def settle_sent(tx: Transaction, claimed: Claimed) -> bool:
    """Note that a sink has taken a notice; False if the lease had run out and somebody else noted it."""
    return affected(await tx.execute(SETTLE_SENT, claimed.id, claimed.fence, tx.now)) == 1


async def settle_failed(tx: Transaction, claimed: Claimed, *, due_at: datetime, error: str) -> None:
    """Note that a sink has not taken a notice, and when it is tried again."""
    await tx.execute(SETTLE_FAILED, claimed.id, claimed.fence, due_at, error)


async def forget_notices(tx: Transaction, *, before: datetime) -> int:
    """Delete what was told before a moment; returns how many."""
    return affected(await tx.execute(FORGET, before))


async def list_recent(tx: Transaction, *, limit: int) -> list[Notification]:
    """List what sinks were told last."""
    return [
        Notification(**{**dict(row), "status": NotificationStatus(row["status"])})
        for row in await tx.fetch(LIST_RECENT, limit)
    ]


async def count_failing_sinks(tx: Transaction, *, longer_than: timedelta) -> int:
    """Count sinks that have not taken what they are to be told, for longer than a while."""
    found = await tx.fetchval(COUNT_FAILING, tx.now, longer_than)
    return found if isinstance(found, int) else 0
