"""All SQL of calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.features.calls.events import CallAnswered, CallStarted
from frontdesk.features.calls.model import Call
from frontdesk.kernel.db import Overtaken, Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.intake import Webhook, headers_json

ENSURE_CALL = """
    insert into calls as call (id, tenant_id, provider, provider_call_id, contact_id, caller_e164, called_e164, status,
                               status_rank, started_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
    on conflict (provider, provider_call_id) do update
    set contact_id = coalesce(call.contact_id, excluded.contact_id), updated_at = excluded.updated_at
    returning call.id, call.contact_id, call.missed_at, call.answered_at, call.started_at, (xmax = 0) as is_new
"""

# Whatever a carrier tells of a call: the webhook, the person, the call and what is announced, at once or not at all.
# `before` locks the call as it is; where it finds none and the insert meets one all the same, somebody else was first.
HEAR = """
    with archived as (
      insert into webhook_events (id, tenant_id, provider, kind, dedupe_key, content_type, body, headers,
                                  correlation_id, received_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10)
      on conflict (provider, dedupe_key) do nothing
      returning id
    ), known as (
      select person.id from contacts as person, archived
      where person.tenant_id = $2 and person.phone_e164 = $13
    ), added as (
      insert into contacts (id, tenant_id, phone_e164, name, created_at)
      select $14, $2, $13, $15, $10 from archived where $13 <> '' and not exists (select from known)
      on conflict (tenant_id, phone_e164) do update set name = contacts.name
      returning id
    ), before as (
      select call.id, call.missed_at, call.answered_at from calls as call, archived
      where call.tenant_id = $2 and call.provider = $3 and call.provider_call_id = $12
      for update of call
    ), heard as (
      insert into calls as call (id, tenant_id, provider, provider_call_id, contact_id, caller_e164, called_e164,
                                 status, status_rank, duration_seconds, ended_at, dial_status, dial_seconds,
                                 answered_at, missed_at, missed_because, started_at, updated_at)
      select $11, $2, $3, $12, coalesce((select id from known), (select id from added)), $13, $16, $17, $18::smallint,
             $19::int, case when $18 >= 3 then $10 end, $20, $21::int, case when $22 then $10 end,
             case when $23::text is not null then $10 end, $23, $10, $10
      from archived left join before on true
      on conflict (provider, provider_call_id) do update
      set contact_id = coalesce(call.contact_id, excluded.contact_id),
          status = case when $24 and call.status_rank <= excluded.status_rank then excluded.status
                        else call.status end,
          duration_seconds = case when $24 and call.status_rank <= excluded.status_rank
                                  then coalesce(excluded.duration_seconds, call.duration_seconds)
                                  else call.duration_seconds end,
          ended_at = case when $24 and call.status_rank <= excluded.status_rank
                          then coalesce(call.ended_at, excluded.ended_at) else call.ended_at end,
          status_rank = case when $24 then greatest(call.status_rank, excluded.status_rank)
                             else call.status_rank end,
          dial_status = coalesce(excluded.dial_status, call.dial_status),
          dial_seconds = coalesce(excluded.dial_seconds, call.dial_seconds),
          answered_at = coalesce(call.answered_at, excluded.answered_at),
          missed_at = case when call.answered_at is null then coalesce(call.missed_at, excluded.missed_at)
                           else call.missed_at end,
          missed_because = case when call.answered_at is null and call.missed_at is null
                                then excluded.missed_because else call.missed_because end,
          updated_at = excluded.updated_at
      returning call.id, call.contact_id, call.started_at, (xmax = 0) as is_new
    ), news as (
      select $25::uuid as id, $26 as name,
             jsonb_build_object('call_id', heard.id, 'caller_e164', $13, 'called_e164', $16) as payload
      from heard where heard.is_new
      union all
      select $27, $28, jsonb_build_object('call_id', heard.id)
      from heard left join before on true where $22 and before.answered_at is null
    ), announced as (
      insert into outbox_events (id, tenant_id, name, payload, correlation_id, created_at, available_at, dispatched_at)
      select id, $2, name, payload, $9, $10, $10, case when name = any($29::text[]) then null else $10::timestamptz end
      from news
    )
    select heard.id, heard.contact_id, heard.started_at,
           not heard.is_new and before.id is null as overtaken,
           $23::text is not null and before.missed_at is null and before.answered_at is null as newly_missed
    from heard left join before on true
"""

ADD_VOICEMAIL = """
    insert into voicemails (id, tenant_id, call_id, provider, provider_recording_id, url, duration_seconds, received_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (provider, provider_recording_id) do nothing
    returning true
"""

GET_VOICEMAIL = """
    select id, call_id, provider, provider_recording_id, url, duration_seconds, stored_as, content_type
    from voicemails where tenant_id = $1 and id = $2
"""

NOTE_STORED = "update voicemails set stored_as = $3, content_type = $4 where tenant_id = $1 and id = $2"

FIND = """
    select id, tenant_id, provider, provider_call_id, contact_id, caller_e164, called_e164, status, dial_status,
           dial_seconds, duration_seconds, missed_at, missed_because, answered_at, ended_at, started_at
    from calls where tenant_id = $1 and id = $2
"""

FIND_CALLED_NUMBER = "select called_e164 from calls where provider = $1 and provider_call_id = $2"

LIST = """
    select id, tenant_id, provider, provider_call_id, contact_id, caller_e164, called_e164, status, dial_status,
           dial_seconds, duration_seconds, missed_at, missed_because, answered_at, ended_at, started_at
    from calls where tenant_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3
"""


@dataclass(frozen=True, slots=True)
class StoredCall:
    """What is known of a call when news of it arrives."""

    id: UUID
    contact_id: UUID | None
    missed_at: datetime | None
    answered_at: datetime | None
    started_at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNews:
    """What a webhook tells of a call: `moves` if it may move the status of one that is known, `because` if missed."""

    provider_call_id: str
    caller_e164: str
    called_e164: str
    status: str
    status_rank: int
    caller_name: str = ""
    moves: bool = False
    duration_seconds: int | None = None
    dial_status: str | None = None
    dial_seconds: int | None = None
    answered: bool = False
    because: str | None = None


@dataclass(frozen=True, slots=True)
class HeardCall:
    """A call after news of it."""

    id: UUID
    contact_id: UUID | None
    started_at: datetime
    newly_missed: bool


async def ensure_call(
    tx: Transaction,
    *,
    call_id: UUID,
    provider: str,
    provider_call_id: str,
    contact_id: UUID | None,
    caller_e164: str,
    called_e164: str,
    status: str,
    status_rank: int,
) -> StoredCall:
    """Get a call by the carrier's id, adding it if this is its first news; locks it until the commit."""
    row = await tx.fetchrow(
        ENSURE_CALL,
        call_id,
        tx.tenant,
        provider,
        provider_call_id,
        contact_id,
        caller_e164,
        called_e164,
        status,
        status_rank,
        tx.now,
    )
    if row is None:
        raise LookupError(provider_call_id)
    return StoredCall(**dict(row))


async def take_in_news(tx: Transaction, webhook: Webhook, news: CallNews, *, heard: Sequence[str]) -> HeardCall | None:
    """Archive a webhook and write what it tells of a call, in one statement; None if it was taken in before.

    A status never moves backwards, and a call is missed once, unless somebody had answered. A call that two webhooks
    open at the same moment fails as `Overtaken` for the second, where it matters, and is tried again. `heard` names the
    events that somebody listens to.
    """
    row = await tx.fetchrow(
        HEAR,
        new_id(),
        tx.tenant,
        webhook.provider,
        webhook.kind,
        webhook.dedupe_key,
        webhook.content_type,
        webhook.body,
        headers_json(webhook),
        webhook.correlation_id,
        tx.now,
        new_id(),
        news.provider_call_id,
        news.caller_e164,
        new_id(),
        news.caller_name,
        news.called_e164,
        news.status,
        news.status_rank,
        news.duration_seconds,
        news.dial_status,
        news.dial_seconds,
        news.answered,
        news.because,
        news.moves,
        new_id(),
        CallStarted.name,
        new_id(),
        CallAnswered.name,
        list(heard),
    )
    if row is None:
        return None
    if news.because is not None and row["overtaken"]:
        raise Overtaken
    return HeardCall(row["id"], row["contact_id"], row["started_at"], newly_missed=row["newly_missed"])


async def add_voicemail(
    tx: Transaction,
    *,
    voicemail_id: UUID,
    call_id: UUID,
    provider: str,
    provider_recording_id: str,
    url: str,
    duration_seconds: int,
) -> bool:
    """Link a voicemail to its call; False if it is linked already."""
    written = await tx.fetchval(
        ADD_VOICEMAIL, voicemail_id, tx.tenant, call_id, provider, provider_recording_id, url, duration_seconds, tx.now
    )
    return written is True


async def find_voicemail(tx: Transaction, *, voicemail_id: UUID) -> dict[str, object] | None:
    """Find a voicemail by id."""
    row = await tx.fetchrow(GET_VOICEMAIL, tx.tenant, voicemail_id)
    return None if row is None else dict(row)


async def note_stored(tx: Transaction, *, voicemail_id: UUID, stored_as: str, content_type: str) -> None:
    """Write where a voicemail's sound is kept."""
    await tx.execute(NOTE_STORED, tx.tenant, voicemail_id, stored_as, content_type)


async def find_call(tx: Transaction, *, call_id: UUID) -> Call | None:
    """Find a call by id."""
    row = await tx.fetchrow(FIND, tx.tenant, call_id)
    return None if row is None else Call(**dict(row))


async def find_called_number(tx: Transaction, *, provider: str, provider_call_id: str) -> str | None:
    """Find which of our numbers a call came to, whoever's it is."""
    called = await tx.fetchval(FIND_CALLED_NUMBER, provider, provider_call_id)
    return called if isinstance(called, str) else None


async def list_calls(tx: Transaction, *, before: UUID | None, limit: int) -> list[Call]:
    """List calls, newest first, from before a given one."""
    return [Call(**dict(row)) for row in await tx.fetch(LIST, tx.tenant, before, limit)]
