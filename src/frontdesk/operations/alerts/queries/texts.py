"""Texts to people on call: who may get one, what was posted, and how many left within an hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from frontdesk.kernel.db import Transaction, affected
from frontdesk.kernel.ids import new_id

LOCK_TEXTS = "select pg_advisory_xact_lock(hashtext('operations.alert_texts'))"

FIND_OPENED = "select opened_at from alert_groups where key = $1"

FIND_TEXT = """
    select id, recipient_e164, body, status, reason, posted_at from alert_texts
    where group_key = $1 and began_at = $2 and recipient_e164 = $3
"""

INSERT_TEXT = """
    insert into alert_texts (id, group_key, began_at, recipient_e164, sender_e164, body, status, reason, created_at,
                             posted_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $7 = 'posting' then $9::timestamptz end)
    returning id, recipient_e164, body, status, reason, posted_at
"""

POST_AGAIN = "update alert_texts set status = 'posting', posted_at = $2 where id = $1 and status <> 'sent'"

SETTLE_TEXT = """
    update alert_texts set status = $2, reason = $3, provider_message_id = $4 where id = $1 and status <> 'sent'
"""

COUNT_POSTED = "select count(*)::int from alert_texts where posted_at > $1::timestamptz - $2::interval"

# A STOP to the number binds whoever uses it, and one to its business binds all that it sends.
IS_STOPPED = """
    select exists (select from sender_opt_outs where sender_e164 = $1 and phone_e164 = $2)
        or exists (select from global_do_not_contact where phone_e164 = $2 and scope = 'all')
        or exists (
          select from do_not_contact as refusal
          join sending_numbers as number on number.tenant_id = refusal.tenant_id
          where number.phone_e164 = $1 and refusal.phone_e164 = $2 and refusal.scope = 'all')
"""

IS_TOLD_OF_ALERT = """
    select exists (
      select from incidents as incident
      join alert_texts as told on told.group_key = incident.alert_group and told.recipient_e164 = $2
      where incident.number = $1 and incident.alert_group <> '' and told.created_at >= incident.began_at
        and told.status in ('posting', 'sent', 'unknown', 'waiting'))
"""

FIND_CARRIER = "select provider, messaging_service from sending_numbers where phone_e164 = $1"

FORGET_TEXTS = "delete from alert_texts where created_at < $1"


class TextStatus(StrEnum):
    """How far a text to somebody on call has come."""

    POSTING = "posting"
    SENT = "sent"
    UNKNOWN = "unknown"  # it may have been taken: the carrier is asked before it is posted again
    WAITING = "waiting"  # it was not taken, and is posted again
    FAILED = "failed"  # it never will be taken
    HELD = "held"  # it was not posted, for a reason of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertText:
    """A text to somebody on call; `id` is our reference for it at the carrier."""

    id: UUID
    recipient_e164: str
    body: str
    status: TextStatus
    reason: str
    posted_at: datetime | None


async def lock_texts(tx: Transaction) -> None:
    """Wait for the right to decide about texts, until the transaction ends: two workers never count past the limit."""
    await tx.execute(LOCK_TEXTS)


async def find_opened(tx: Transaction, *, group_key: str) -> datetime | None:
    """Tell since when a group has been open; None if it is over or was never opened."""
    found = await tx.fetchval(FIND_OPENED, group_key)
    return found if isinstance(found, datetime) else None


async def find_text(tx: Transaction, *, group_key: str, began_at: datetime, recipient_e164: str) -> AlertText | None:
    """Find somebody's text about an incident."""
    row = await tx.fetchrow(FIND_TEXT, group_key, began_at, recipient_e164)
    return None if row is None else _text(row)


async def insert_text(
    tx: Transaction,
    *,
    group_key: str,
    began_at: datetime,
    recipient_e164: str,
    sender_e164: str,
    body: str,
    status: TextStatus,
    reason: str = "",
) -> AlertText:
    """Write down a text before it is posted, or why it is not."""
    row = await tx.fetchrow(
        INSERT_TEXT, new_id(), group_key, began_at, recipient_e164, sender_e164, body, status.value, reason, tx.now
    )
    if row is None:
        raise LookupError(group_key)
    return _text(row)


async def record_posting(tx: Transaction, *, text_id: UUID) -> None:
    """Note that a text is posted once more."""
    await tx.execute(POST_AGAIN, text_id, tx.now)


async def settle_text(
    tx: Transaction, *, text_id: UUID, status: TextStatus, reason: str = "", provider_message_id: str = ""
) -> None:
    """Note what became of posting a text."""
    await tx.execute(SETTLE_TEXT, text_id, status.value, reason, provider_message_id)


async def count_posted(tx: Transaction, *, within: timedelta) -> int:
    """Count the texts that were posted lately."""
    found = await tx.fetchval(COUNT_POSTED, tx.now, within)
    return found if isinstance(found, int) else 0


async def is_stopped(tx: Transaction, *, sender_e164: str, phone_e164: str) -> bool:
    """Tell whether a person has said STOP to a number, or to the business that it belongs to."""
    return await tx.fetchval(IS_STOPPED, sender_e164, phone_e164) is True


async def is_told_of_alert(tx: Transaction, *, incident_number: int, recipient_e164: str) -> bool:
    """Tell whether a person got a text about the alert that an incident was opened by."""
    return await tx.fetchval(IS_TOLD_OF_ALERT, incident_number, recipient_e164) is True


async def find_carrier(tx: Transaction, *, phone_e164: str) -> tuple[str, str] | None:
    """Tell at which carrier a number of ours is, and in which messaging service; None if it is nobody's here."""
    row = await tx.fetchrow(FIND_CARRIER, phone_e164)
    return None if row is None else (row["provider"], row["messaging_service"])


async def forget_texts(tx: Transaction, *, before: datetime) -> int:
    """Delete texts from before a moment; returns how many."""
    return affected(await tx.execute(FORGET_TEXTS, before))


def _text(row: asyncpg.Record) -> AlertText:
    return AlertText(**{**dict(row), "status": TextStatus(row["status"])})
