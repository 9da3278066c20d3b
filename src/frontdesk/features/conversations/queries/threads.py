"""SQL of threads: who has them, whether they rest, what is noted in them, and who has read how far."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from frontdesk.features.conversations.model import (
    CannedReply,
    Item,
    Note,
    Thread,
    ThreadFilter,
    ThreadStatus,
)
from frontdesk.kernel.db import Transaction

LIST_THREADS = """
    select thread.id, thread.contact_id, person.phone_e164, person.name, thread.last_message_at,
           case when $6::uuid is null then thread.unread else news.unread end as unread,
           latest.body as last_body, refusal.scope as opted_out_scope, thread.status, thread.assigned_to,
           thread.snoozed_until, thread.person_asked_at
    from conversations as thread
    join contacts as person on person.id = thread.contact_id and person.tenant_id = thread.tenant_id
    left join do_not_contact as refusal
           on refusal.tenant_id = thread.tenant_id and refusal.phone_e164 = person.phone_e164
    left join conv_reads as seen
           on seen.conversation_id = thread.id and seen.user_id = $6 and seen.tenant_id = thread.tenant_id
    left join lateral (
      select body from conv_messages where conversation_id = thread.id and tenant_id = $1
      order by id desc limit 1
    ) as latest on true
    left join lateral (
      select count(*)::int as unread from (
        select from conv_messages
        where conversation_id = thread.id and tenant_id = $1 and direction = 'inbound' and $6::uuid is not null
          and (seen.read_at is null or created_at > seen.read_at)
        limit 100
      ) as unseen
    ) as news on true
    where thread.tenant_id = $1 and ($2::uuid is null or thread.id = $2)
      and ($3::timestamptz is null or (thread.last_message_at, thread.id) < ($3, $4::uuid))
      and ($7::text is null or thread.status = $7) and ($8::uuid is null or thread.assigned_to = $8)
    order by thread.last_message_at desc, thread.id desc
    limit $5
"""

MARK_READ = "update conversations set unread = 0 where tenant_id = $1 and id = $2"

MARK_READ_BY = """
    insert into conv_reads as seen (tenant_id, conversation_id, user_id, read_at) values ($1, $2, $3, $4)
    on conflict (conversation_id, user_id) do update set read_at = greatest(seen.read_at, excluded.read_at)
"""

SET_STATUS = """
    update conversations
    set status = $3, snoozed_until = $4,
        person_asked_at = case when $3 = 'done' then null else person_asked_at end
    where tenant_id = $1 and id = $2
    returning assigned_to
"""

ASSIGN = "update conversations set assigned_to = $3 where tenant_id = $1 and id = $2 returning status"

IS_MEMBER = "select exists (select from members where tenant_id = $1 and user_id = $2)"

ASK_FOR_PERSON = """
    update conversations set person_asked_at = coalesce(person_asked_at, $3), status = 'open', snoozed_until = null
    where tenant_id = $1 and id = $2
"""

NOBODY_WAITS = "update conversations set person_asked_at = null where tenant_id = $1 and id = $2"

WAKE_THREADS = """
    update conversations set status = 'open', snoozed_until = null
    where status = 'snoozed' and snoozed_until <= $1
    returning id, tenant_id, assigned_to
"""

LAST_BY_HAND = """
    select max(created_at) from conv_messages
    where tenant_id = $1 and conversation_id = $2 and direction = 'outbound' and author <> ''
"""

ADD_NOTE = """
    insert into conv_notes (id, tenant_id, conversation_id, author, body, created_at) values ($1, $2, $3, $4, $5, $6)
"""

LIST_NOTES = """
    select id, conversation_id, author, body, created_at from conv_notes
    where tenant_id = $1 and conversation_id = $2 and ($3::uuid is null or id < $3) order by id desc limit $4
"""

PUT_CANNED = """
    insert into canned_replies as known (id, tenant_id, name, body, updated_at) values ($1, $2, $3, $4, $5)
    on conflict (tenant_id, name) do update set body = excluded.body, updated_at = excluded.updated_at
    returning id, name, body, updated_at
"""

LIST_CANNED = """
    select id, name, body, updated_at from canned_replies
    where tenant_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3
"""

FIND_CANNED = "select id, name, body, updated_at from canned_replies where tenant_id = $1 and name = $2"

DROP_CANNED = "delete from canned_replies where tenant_id = $1 and id = $2 returning true"

LIST_ITEMS = """
    with thread as (select contact_id from conversations where tenant_id = $1 and id = $2), items as (
      (select id, 'text' as kind, direction, body as words, author, created_at as at
       from conv_messages where tenant_id = $1 and conversation_id = $2 and ($3::timestamptz is null or created_at < $3)
       order by created_at desc limit $4)
      union all
      (select call.id, 'call', 'inbound', case when call.missed_at is null then call.status else 'missed' end, '',
              call.started_at
       from calls as call join thread on call.contact_id = thread.contact_id
       where call.tenant_id = $1 and ($3::timestamptz is null or call.started_at < $3)
       order by call.started_at desc limit $4)
      union all
      (select message.id, 'voicemail', 'inbound', message.duration_seconds || ' s', '', message.received_at
       from voicemails as message
       join calls as call on call.id = message.call_id and call.tenant_id = message.tenant_id
       join thread on call.contact_id = thread.contact_id
       where message.tenant_id = $1 and ($3::timestamptz is null or message.received_at < $3)
       order by message.received_at desc limit $4)
      union all
      (select id, 'note', 'internal', body, author, created_at
       from conv_notes where tenant_id = $1 and conversation_id = $2 and ($3::timestamptz is null or created_at < $3)
       order by created_at desc limit $4)
    )
    select id, kind, direction, words, author, at from items order by at desc, id desc limit $4
"""


async def list_threads(
    tx: Transaction,
    wanted: ThreadFilter,
    *,
    only: UUID | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Thread]:
    """List threads, the latest text first, from before a latest text and its thread; or one thread."""
    at, thread_id = before or (None, None)
    rows = await tx.fetch(
        LIST_THREADS, tx.tenant, only, at, thread_id, limit, wanted.reader, wanted.status, wanted.assigned_to
    )
    return [Thread(**(dict(row) | {"status": ThreadStatus(row["status"])})) for row in rows]


async def mark_read(tx: Transaction, *, conversation_id: UUID, by: UUID | None) -> None:
    """Note that somebody has read a thread, and which member it was."""
    await tx.execute(MARK_READ, tx.tenant, conversation_id)
    if by is not None:
        await tx.execute(MARK_READ_BY, tx.tenant, conversation_id, by, tx.now)


async def put_status(
    tx: Transaction, *, conversation_id: UUID, status: ThreadStatus, until: datetime | None
) -> tuple[UUID | None] | None:
    """Set whether a thread is worked on; who has it, in a tuple, or None if it is not there."""
    row = await tx.fetchrow(SET_STATUS, tx.tenant, conversation_id, status.value, until)
    return None if row is None else (row["assigned_to"],)


async def put_assignee(tx: Transaction, *, conversation_id: UUID, to: UUID | None) -> ThreadStatus | None:
    """Give a thread to a member or to nobody; its status, None if it is not there."""
    status = await tx.fetchval(ASSIGN, tx.tenant, conversation_id, to)
    return ThreadStatus(status) if isinstance(status, str) else None


async def is_member(tx: Transaction, *, user_id: UUID) -> bool:
    """Tell whether somebody works for this business."""
    return await tx.fetchval(IS_MEMBER, tx.tenant, user_id) is True


async def record_person_asked(tx: Transaction, *, conversation_id: UUID) -> None:
    """Note since when somebody waits for a person, and open the thread."""
    await tx.execute(ASK_FOR_PERSON, tx.tenant, conversation_id, tx.now)


async def record_nobody_waits(tx: Transaction, *, conversation_id: UUID) -> None:
    """Note that nobody waits for a person any more."""
    await tx.execute(NOBODY_WAITS, tx.tenant, conversation_id)


async def claim_woken(tx: Transaction) -> list[tuple[UUID, UUID, UUID | None]]:
    """Open every business's threads whose rest is over; each with its tenant and who has it."""
    return [(row["id"], row["tenant_id"], row["assigned_to"]) for row in await tx.fetch(WAKE_THREADS, tx.now)]


async def find_last_by_hand(tx: Transaction, *, conversation_id: UUID) -> datetime | None:
    """Find when a person at the business last wrote in a thread."""
    found = await tx.fetchval(LAST_BY_HAND, tx.tenant, conversation_id)
    return found if isinstance(found, datetime) else None


async def add_note(tx: Transaction, note: Note) -> None:
    """Write a note into a thread."""
    await tx.execute(ADD_NOTE, note.id, tx.tenant, note.conversation_id, note.author, note.body, note.created_at)


async def list_notes(tx: Transaction, *, conversation_id: UUID, before: UUID | None, limit: int) -> list[Note]:
    """List a thread's notes, newest first, from before a given one."""
    rows = await tx.fetch(LIST_NOTES, tx.tenant, conversation_id, before, limit)
    return [Note(**dict(row)) for row in rows]


async def put_canned(tx: Transaction, *, reply_id: UUID, name: str, body: str) -> CannedReply:
    """Keep an answer under its name, in place of one that was there."""
    row = await tx.fetchrow(PUT_CANNED, reply_id, tx.tenant, name, body, tx.now)
    if row is None:
        raise LookupError(name)
    return CannedReply(**dict(row))


async def list_canned(tx: Transaction, *, before: UUID | None, limit: int) -> list[CannedReply]:
    """List the answers that are kept ready, newest first, from before a given one."""
    return [CannedReply(**dict(row)) for row in await tx.fetch(LIST_CANNED, tx.tenant, before, limit)]


async def find_canned(tx: Transaction, *, name: str) -> CannedReply | None:
    """Find an answer that is kept ready by its name."""
    row = await tx.fetchrow(FIND_CANNED, tx.tenant, name)
    return None if row is None else CannedReply(**dict(row))


async def drop_canned(tx: Transaction, *, reply_id: UUID) -> bool:
    """Forget an answer that was kept ready; False if it is not there."""
    return await tx.fetchval(DROP_CANNED, tx.tenant, reply_id) is True


async def list_items(tx: Transaction, *, conversation_id: UUID, before: datetime | None, limit: int) -> list[Item]:
    """List what happened between a thread's person and the business in every channel, newest first."""
    rows = await tx.fetch(LIST_ITEMS, tx.tenant, conversation_id, before, limit)
    return [Item(**dict(row)) for row in rows]
