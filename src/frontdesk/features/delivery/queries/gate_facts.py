"""What the gates need to know, for one text or for many, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.kernel.db import Transaction

LOCK_PERSON = "select pg_advisory_xact_lock_shared(1, hashtext($1))"

READ_FACTS = """
    select number.id is not null as sender_known,
           number.texting_allowed,
           coalesce(number.texting_blocked_reason, '') as texting_blocked_reason,
           coalesce(number.messaging_service, '') as messaging_service,
           refusal.scope as opted_out_scope,
           exists (
             select from sender_opt_outs as stop
             where stop.sender_e164 = asked.sender and stop.phone_e164 = asked.recipient
           ) as opted_out_of_sender,
           exists (
             select from sending_numbers as own
             where own.tenant_id = asked.tenant_id and own.phone_e164 = asked.recipient
           ) as recipient_is_own_number,
           array(
             select switch.scope from delivery_switches as switch
             where switch.paused_at is not null
               and (switch.scope, switch.key)
                   in (('global', 'all'), ('tenant', asked.tenant_id::text), ('channel', 'sms'))
           ) as paused,
           breaker.hold_until,
           coalesce(breaker.hold_reason, '') as hold_reason,
           breaker.opened_at is not null as breaker_open,
           exists (
             select from send_jobs as earlier
             where earlier.tenant_id = asked.tenant_id and earlier.recipient_e164 = asked.recipient
               and earlier.status in ('queued', 'posting', 'unknown') and earlier.message_class in ('C1', 'C2')
               and (this.id is null or (earlier.created_at, earlier.id) < (this.created_at, this.id))
           ) as earlier_unsettled
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
         with ordinality as asked (job_id, tenant_id, recipient, sender, provider, position)
    left join send_jobs as this on this.id = asked.job_id and this.tenant_id = asked.tenant_id
    left join sending_numbers as number on number.phone_e164 = asked.sender and number.tenant_id = asked.tenant_id
    left join do_not_contact as refusal
           on refusal.tenant_id = asked.tenant_id and refusal.phone_e164 = asked.recipient
    left join breakers as breaker on breaker.provider = asked.provider and breaker.sender_e164 = asked.sender
    order by asked.position
"""


# The same for one text that is asked for now, behind everything its thread has. Given arrays, PostgreSQL plans anew
# each time, hoping to learn from their length: 0.66 ms, longer than all the reading.
READ_FACTS_OF_ONE = """
    select number.id is not null as sender_known,
           number.texting_allowed,
           coalesce(number.texting_blocked_reason, '') as texting_blocked_reason,
           coalesce(number.messaging_service, '') as messaging_service,
           refusal.scope as opted_out_scope,
           exists (
             select from sender_opt_outs as stop where stop.sender_e164 = $3 and stop.phone_e164 = $2
           ) as opted_out_of_sender,
           exists (
             select from sending_numbers as own where own.tenant_id = $1 and own.phone_e164 = $2
           ) as recipient_is_own_number,
           array(
             select switch.scope from delivery_switches as switch
             where switch.paused_at is not null
               and (switch.scope, switch.key) in (('global', 'all'), ('tenant', $1::uuid::text), ('channel', 'sms'))
           ) as paused,
           breaker.hold_until,
           coalesce(breaker.hold_reason, '') as hold_reason,
           breaker.opened_at is not null as breaker_open,
           exists (
             select from send_jobs as earlier
             where earlier.tenant_id = $1 and earlier.recipient_e164 = $2
               and earlier.status in ('queued', 'posting', 'unknown') and earlier.message_class in ('C1', 'C2')
           ) as earlier_unsettled
    from (select 1) as asked
    left join sending_numbers as number on number.phone_e164 = $3 and number.tenant_id = $1
    left join do_not_contact as refusal on refusal.tenant_id = $1 and refusal.phone_e164 = $2
    left join breakers as breaker on breaker.provider = $4 and breaker.sender_e164 = $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One text whose facts are wanted."""

    job_id: UUID
    tenant_id: UUID
    recipient_e164: str
    sender_e164: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFacts:
    """What the database holds about one text; the breaker's probe is decided by the caller."""

    sender_known: bool
    texting_allowed: bool | None
    texting_blocked_reason: str
    messaging_service: str
    opted_out_scope: str | None
    opted_out_of_sender: bool
    recipient_is_own_number: bool
    paused: tuple[str, ...]
    hold_until: datetime | None
    hold_reason: str
    breaker_open: bool
    earlier_unsettled: bool


async def lock_person(tx: Transaction, *, phone_e164: str) -> None:
    """Share a person's consent lock until the transaction ends; a STOP takes it alone."""
    await tx.execute(LOCK_PERSON, phone_e164)


async def read_facts(tx: Transaction, asked: Sequence[Asked]) -> list[StoredFacts]:
    """Read the facts of each text, in order; the persons' locks must be held before."""
    rows = await tx.fetch(
        READ_FACTS,
        [one.job_id for one in asked],
        [one.tenant_id for one in asked],
        [one.recipient_e164 for one in asked],
        [one.sender_e164 for one in asked],
        [one.provider for one in asked],
    )
    return [_stored(row) for row in rows]


async def read_facts_of_one(tx: Transaction, *, recipient_e164: str, sender_e164: str, provider: str) -> StoredFacts:
    """Read the facts of a text of this tenant that has no job yet; the person's lock must be held before."""
    row = await tx.fetchrow(READ_FACTS_OF_ONE, tx.tenant, recipient_e164, sender_e164, provider)
    if row is None:
        raise LookupError(recipient_e164)
    return _stored(row)


def _stored(row: asyncpg.Record) -> StoredFacts:
    return StoredFacts(
        sender_known=row["sender_known"],
        texting_allowed=row["texting_allowed"],
        texting_blocked_reason=row["texting_blocked_reason"],
        messaging_service=row["messaging_service"],
        opted_out_scope=row["opted_out_scope"],
        opted_out_of_sender=row["opted_out_of_sender"],
        recipient_is_own_number=row["recipient_is_own_number"],
        paused=tuple(row["paused"]),
        hold_until=row["hold_until"],
        hold_reason=row["hold_reason"],
        breaker_open=row["breaker_open"],
        earlier_unsettled=row["earlier_unsettled"],
    )
