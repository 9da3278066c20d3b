"""What the gates need to know of a whole set of claimed texts: once per number, and once per person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import asyncpg

from frontdesk.features.delivery.model import ClaimedJob
from frontdesk.features.delivery.queries.gate_facts import StoredFacts, read_brand_limit
from frontdesk.features.senders import carrier_day
from frontdesk.kernel.db import Transaction

READ_NUMBERS = """
    select number.id is not null as sender_known,
           number.texting_allowed and number.retired_at is null as texting_allowed,
           coalesce(number.texting_blocked_reason, '') as texting_blocked_reason,
           coalesce(number.messaging_service, '') as messaging_service,
           array(
             select switch.scope from delivery_switches as switch
             where switch.paused_at is not null
               and (switch.scope, switch.key)
                   in (('global', 'all'), ('tenant', asked.tenant_id::text), ('channel', 'sms'))
           ) as paused,
           not exists (
             select from system_epochs as epoch
             where epoch.ended_at is null and epoch.server = current_setting('app.server', true)
           ) and exists (select from system_epochs) as fenced,
           breaker.hold_until,
           coalesce(breaker.hold_reason, '') as hold_reason,
           breaker.opened_at is not null as breaker_open,
           brand.brand_id, brand.daily_segments, brand.daily_share, brand.brand_used
    from unnest($1::uuid[], $2::text[], $3::text[])
         with ordinality as asked (tenant_id, sender, provider, position)
    left join sending_numbers as number on number.phone_e164 = asked.sender and number.tenant_id = asked.tenant_id
    left join breakers as breaker on breaker.provider = asked.provider and breaker.sender_e164 = asked.sender
    left join lateral (
      select known.brand_id, known.daily_segments, known.daily_share, coalesce(sent.segments, 0) as brand_used
      from sending_brands as known
      left join brand_days as sent
             on sent.tenant_id = known.tenant_id and sent.brand_id = known.brand_id and sent.day = $4
      where number.brand_id <> '' and known.tenant_id = asked.tenant_id and known.brand_id = number.brand_id
        and known.daily_segments is not null
      limit 1
    ) as brand on true
    order by asked.position
"""

READ_PEOPLE = """
    select case when 'all' in (refusal.scope, elsewhere.scope) then 'all'
                else coalesce(refusal.scope, elsewhere.scope) end as opted_out_scope,
           exists (
             select from sender_opt_outs as stop
             where stop.sender_e164 = asked.sender and stop.phone_e164 = asked.recipient
           ) as opted_out_of_sender,
           exists (
             select from sending_numbers as own
             where own.tenant_id = asked.tenant_id and own.phone_e164 = asked.recipient
           ) as recipient_is_own_number,
           exists (
             select from send_jobs as earlier
             where earlier.tenant_id = asked.tenant_id and earlier.recipient_e164 = asked.recipient
               and earlier.status in ('queued', 'posting', 'unknown') and earlier.message_class in ('C1', 'C2')
               and (this.id is null or (earlier.created_at, earlier.id) < (this.created_at, this.id))
           ) as earlier_unsettled
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
         with ordinality as asked (job_id, tenant_id, recipient, sender, position)
    left join send_jobs as this on this.id = asked.job_id and this.tenant_id = asked.tenant_id
    left join do_not_contact as refusal
           on refusal.tenant_id = asked.tenant_id and refusal.phone_e164 = asked.recipient
    left join global_do_not_contact as elsewhere on elsewhere.phone_e164 = asked.recipient
    order by asked.position
"""


async def read_facts_of_set(tx: Transaction, claimed: Sequence[ClaimedJob]) -> list[StoredFacts]:
    """Read the facts of each text, in order; the persons' locks must be held before.

    Texts of which the same is known share one record.
    """
    lines = [(job.tenant_id, job.sender_e164, job.provider) for job in claimed]
    asked = list(dict.fromkeys(lines))
    numbers = await tx.fetch(
        READ_NUMBERS,
        [line[0] for line in asked],
        [line[1] for line in asked],
        [line[2] for line in asked],
        carrier_day(tx.now),
    )
    of_line = {line: _of_number(row) for line, row in zip(asked, numbers, strict=True)}
    people = await tx.fetch(
        READ_PEOPLE,
        [job.id for job in claimed],
        [job.tenant_id for job in claimed],
        [job.recipient_e164 for job in claimed],
        [job.sender_e164 for job in claimed],
    )
    return [
        of_line[line] if tuple(row) == UNREMARKABLE else _of_person(of_line[line], row)
        for line, row in zip(lines, people, strict=True)
    ]


# In the order of READ_PEOPLE's columns.
UNREMARKABLE = (None, False, False, False)


def _of_number(row: asyncpg.Record) -> StoredFacts:
    return StoredFacts(
        sender_known=row["sender_known"],
        texting_allowed=row["texting_allowed"],
        texting_blocked_reason=row["texting_blocked_reason"],
        messaging_service=row["messaging_service"],
        opted_out_scope=None,
        opted_out_of_sender=False,
        recipient_is_own_number=False,
        paused=tuple(row["paused"]),
        fenced=row["fenced"],
        hold_until=row["hold_until"],
        hold_reason=row["hold_reason"],
        breaker_open=row["breaker_open"],
        earlier_unsettled=False,
        brand=read_brand_limit(row),
    )


def _of_person(number: StoredFacts, row: asyncpg.Record) -> StoredFacts:
    return replace(
        number,
        opted_out_scope=row["opted_out_scope"],
        opted_out_of_sender=row["opted_out_of_sender"],
        recipient_is_own_number=row["recipient_is_own_number"],
        earlier_unsettled=row["earlier_unsettled"],
    )
