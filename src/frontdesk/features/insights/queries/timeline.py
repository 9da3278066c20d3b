"""The timeline's SQL: reading together what calls, text-back, conversations and delivery have written."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from frontdesk.features.insights.model import CallEntry, TextEntry, TextState, Voicemail
from frontdesk.kernel.db import Transaction

LIST_CALLS = """
    select call.id, call.caller_e164, coalesce(person.name, '') as caller_name, call.contact_id,
           thread.id as conversation_id, call.status, call.started_at, call.missed_at, call.missed_because,
           call.answered_at, call.ended_at, coalesce(call.dial_seconds, call.duration_seconds) as seconds,
           answer.outcome, answer.reason, job.id as job_id, job.body as job_body, job.status as job_status,
           coalesce(job.failure_code, '') as job_code, job.available_at as held_until,
           post.started_at as handed_over_at, coalesce(word.citation, '') as citation
    from calls as call
    left join contacts as person on person.id = call.contact_id and person.tenant_id = call.tenant_id
    left join conversations as thread on thread.tenant_id = call.tenant_id and thread.contact_id = call.contact_id
    left join textbacks as answer on answer.call_id = call.id and answer.tenant_id = call.tenant_id
    left join send_jobs as job on job.id = answer.send_job_id and job.tenant_id = call.tenant_id
    left join lateral (
      select min(started_at) as started_at from send_attempts
      where tenant_id = job.tenant_id and job_id = job.id
    ) as post on true
    left join lateral (
      select gate ->> 'citation' as citation
      from send_decisions as decision cross join lateral jsonb_array_elements(decision.gates) as gate
      where decision.tenant_id = job.tenant_id and decision.job_id = job.id and gate ->> 'code' = job.failure_code
      order by decision.decided_at desc
      limit 1
    ) as word on true
    where call.tenant_id = $1 and ($2::uuid is null or call.id < $2) and ($3::uuid[] is null or call.id = any($3))
    order by call.id desc
    limit $4
"""

# Picked first, from the newest on, and one by one: joined, PostgreSQL thinks few are left and sorts them all.
LIST_TEXTS = """
    with picked as materialized (
      select text.id, text.conversation_id, text.direction, text.body, text.author, text.wording, text.created_at,
             text.send_job_id
      from conv_messages as text
      where text.tenant_id = $1 and ($2::uuid is null or text.id < $2)
        and ($3::uuid[] is null or text.id = any($3))
        and coalesce(
          (select cause from send_jobs where id = text.send_job_id and tenant_id = $1), ''
        ) not like 'call:%'
      order by text.id desc
      limit $4
    ), message as (
      select picked.id, picked.conversation_id, picked.direction, picked.body, picked.author, picked.wording,
             picked.created_at, job.id as job_id, job.body as job_body, job.status as job_status,
             coalesce(job.failure_code, '') as job_code, job.available_at as held_until
      from picked left join send_jobs as job on job.id = picked.send_job_id and job.tenant_id = $1
    )
    select message.id, message.conversation_id, person.phone_e164, person.name, message.direction, message.body,
           message.author, message.wording, message.created_at, message.job_id, message.job_body, message.job_status,
           message.job_code, message.held_until, post.started_at as handed_over_at,
           coalesce(word.citation, '') as citation
    from message
    join conversations as thread on thread.id = message.conversation_id and thread.tenant_id = $1
    join contacts as person on person.id = thread.contact_id and person.tenant_id = $1
    left join lateral (
      select min(started_at) as started_at from send_attempts
      where tenant_id = $1 and job_id = message.job_id
    ) as post on true
    left join lateral (
      select gate ->> 'citation' as citation
      from send_decisions as decision cross join lateral jsonb_array_elements(decision.gates) as gate
      where decision.tenant_id = $1 and decision.job_id = message.job_id and gate ->> 'code' = message.job_code
      order by decision.decided_at desc
      limit 1
    ) as word on true
    order by message.id desc
"""

LIST_VOICEMAILS = """
    select id, call_id, duration_seconds as seconds from voicemails
    where tenant_id = $1 and call_id = any($2) order by received_at, id
"""

FIND_VOICEMAIL = """
    select provider, url, stored_as, content_type from voicemails where tenant_id = $1 and id = $2
"""

LIST_OWNERS = """
    select job.cause, message.id as message_id
    from send_jobs as job
    left join conv_messages as message on message.send_job_id = job.id and message.tenant_id = job.tenant_id
    where job.tenant_id = $1 and job.id = any($2)
"""


async def list_calls(tx: Transaction, *, before: UUID | None, only: list[UUID] | None, limit: int) -> list[CallEntry]:
    """List calls with their texts, newest first, from before a given one; or some by id."""
    rows = await tx.fetch(LIST_CALLS, tx.tenant, before, only, limit)
    by_call: dict[UUID, list[Voicemail]] = {}
    for row in await tx.fetch(LIST_VOICEMAILS, tx.tenant, [row["id"] for row in rows]) if rows else []:
        by_call.setdefault(row["call_id"], []).append(Voicemail(**dict(row)))
    return [_call(row, tuple(by_call.get(row["id"], ()))) for row in rows]


async def list_texts(tx: Transaction, *, before: UUID | None, only: list[UUID] | None, limit: int) -> list[TextEntry]:
    """List texts that answer no call, newest first, from before a given one; or some by id."""
    return [_text(row) for row in await tx.fetch(LIST_TEXTS, tx.tenant, before, only, limit)]


async def list_owners(tx: Transaction, *, job_ids: list[UUID]) -> list[tuple[str, UUID | None]]:
    """Tell for send jobs their cause and the text in a thread that each carries."""
    return [(row["cause"], row["message_id"]) for row in await tx.fetch(LIST_OWNERS, tx.tenant, job_ids)]


async def find_voicemail(tx: Transaction, *, voicemail_id: UUID) -> tuple[str, str, str | None, str | None] | None:
    """Find a voicemail: its provider, its address there, and where and as what its sound is kept, if it is."""
    row = await tx.fetchrow(FIND_VOICEMAIL, tx.tenant, voicemail_id)
    return None if row is None else (row["provider"], row["url"], row["stored_as"], row["content_type"])


def _call(row: asyncpg.Record, voicemails: tuple[Voicemail, ...]) -> CallEntry:
    return CallEntry(
        id=row["id"],
        caller_e164=row["caller_e164"],
        caller_name=row["caller_name"],
        contact_id=row["contact_id"],
        conversation_id=row["conversation_id"],
        status=row["status"],
        started_at=row["started_at"],
        missed_at=row["missed_at"],
        missed_because=row["missed_because"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        seconds=row["seconds"],
        outcome=row["outcome"],
        reason=row["reason"],
        text=_state(row),
        voicemails=voicemails,
    )


def _text(row: asyncpg.Record) -> TextEntry:
    return TextEntry(
        id=row["id"],
        conversation_id=row["conversation_id"],
        phone_e164=row["phone_e164"],
        name=row["name"],
        direction=row["direction"],
        body=row["body"],
        author=row["author"],
        wording=row["wording"],
        created_at=row["created_at"],
        text=_state(row),
    )


def _state(row: asyncpg.Record) -> TextState | None:
    if row["job_id"] is None:
        return None
    return TextState(
        job_id=row["job_id"],
        body=row["job_body"],
        status=row["job_status"],
        code=row["job_code"],
        citation=row["citation"],
        handed_over_at=row["handed_over_at"],
        held_until=row["held_until"] if row["job_status"] == "queued" else None,
    )
