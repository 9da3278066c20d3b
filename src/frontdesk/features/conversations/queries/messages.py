"""SQL of texts and tasks."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from frontdesk.features.conversations.model import InboundText, Task, ThreadMessage
from frontdesk.kernel.db import Transaction, affected

ADD_MESSAGE = """
    with thread as (
      insert into conversations as known (id, tenant_id, contact_id, last_message_at, last_inbound_at, unread,
                                          created_at)
      values ($1, $2, $3, $4, case when $6 = 'inbound' then $4::timestamptz end, ($6 = 'inbound')::int, $4)
      on conflict (tenant_id, contact_id) do update
      set last_message_at = excluded.last_message_at,
          last_inbound_at = coalesce(excluded.last_inbound_at, known.last_inbound_at),
          unread = known.unread + excluded.unread,
          status = case when $6 = 'inbound' then 'open' else known.status end,
          snoozed_until = case when $6 = 'inbound' then null else known.snoozed_until end,
          person_asked_at = case when $6 = 'outbound' and $11 <> '' then null else known.person_asked_at end
      returning known.id
    )
    insert into conv_messages (id, tenant_id, conversation_id, direction, body, media, sender_e164, recipient_e164,
                               author, wording, provider, provider_message_id, send_job_id, created_at)
    select $5, $2, thread.id, $6, $7, $8::jsonb, $9, $10, $11, $12, $13, $14, $15, $4 from thread
    returning conversation_id
"""

FORGET_MESSAGES = """
    delete from conv_messages
    where tenant_id = $1 and id in (
      select id from conv_messages where tenant_id = $1 and created_at < $2 order by created_at limit $3
    )
"""

IS_KNOWN = """
    select exists (
      select from conv_messages where tenant_id = $1 and provider = $2 and provider_message_id = $3
    )
"""

LIST_MESSAGES = """
    select message.id, message.conversation_id, message.direction, message.body, message.author, message.wording,
           message.created_at, message.send_job_id, job.status, job.failure_code
    from conv_messages as message
    left join send_jobs as job on job.id = message.send_job_id and job.tenant_id = message.tenant_id
    where message.tenant_id = $1 and message.conversation_id = $2 and ($3::uuid is null or message.id < $3)
    order by message.id desc
    limit $4
"""

GET_MESSAGE = """
    select message.id, message.conversation_id, message.direction, message.body, message.author, message.wording,
           message.created_at, message.send_job_id, job.status, job.failure_code
    from conv_messages as message
    left join send_jobs as job on job.id = message.send_job_id and job.tenant_id = message.tenant_id
    where message.tenant_id = $1 and (message.id = $2 or message.send_job_id = $2)
"""

FIND_INBOUND = """
    select message.id, message.conversation_id, thread.contact_id, message.sender_e164 as person_e164,
           message.recipient_e164 as line_e164, coalesce(message.provider, '') as provider, message.body,
           message.created_at
    from conv_messages as message
    join conversations as thread on thread.id = message.conversation_id and thread.tenant_id = message.tenant_id
    where message.tenant_id = $1 and message.id = $2 and message.direction = 'inbound'
"""

LAST_INBOUND = """
    select last_inbound_at from conversations where tenant_id = $1 and contact_id = $2
"""

FIND_OF_CONTACT = "select id from conversations where tenant_id = $1 and contact_id = $2"

RAISE_TASK = """
    insert into tasks (id, tenant_id, conversation_id, kind, subject, source_key, created_at)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (tenant_id, source_key) do nothing
    returning true
"""

LIST_TASKS = """
    select id, conversation_id, kind, subject, created_at, done_at from tasks
    where tenant_id = $1 and done_at is null and ($2::uuid is null or id < $2) order by id desc limit $3
"""

FINISH_TASK = """
    update tasks set done_at = $3, done_by = $4 where tenant_id = $1 and id = $2 and done_at is null
    returning conversation_id, kind
"""


async def add_message(  # noqa: PLR0913 - a row's columns
    tx: Transaction,
    *,
    message_id: UUID,
    new_thread_id: UUID,
    contact_id: UUID,
    direction: str,
    body: str,
    media_json: str,
    sender_e164: str,
    recipient_e164: str,
    author: str,
    wording: str | None,
    provider: str | None,
    provider_message_id: str | None,
    send_job_id: UUID | None,
) -> UUID:
    """Add a text to the person's thread, opening it if need be; returns the thread's id."""
    thread_id = await tx.fetchval(
        ADD_MESSAGE,
        new_thread_id,
        tx.tenant,
        contact_id,
        tx.now,
        message_id,
        direction,
        body,
        media_json,
        sender_e164,
        recipient_e164,
        author,
        wording,
        provider,
        provider_message_id,
        send_job_id,
    )
    if not isinstance(thread_id, UUID):
        raise LookupError(str(contact_id))  # noqa: TRY004 - no row came back
    return thread_id


async def is_known(tx: Transaction, *, provider: str, provider_message_id: str) -> bool:
    """Tell whether a carrier's text is in a thread already."""
    return await tx.fetchval(IS_KNOWN, tx.tenant, provider, provider_message_id) is True


async def list_messages(
    tx: Transaction, *, conversation_id: UUID, before: UUID | None, limit: int
) -> list[ThreadMessage]:
    """List a thread's texts, newest first, from before a given one."""
    rows = await tx.fetch(LIST_MESSAGES, tx.tenant, conversation_id, before, limit)
    return [ThreadMessage(**dict(row)) for row in rows]


async def find_message(tx: Transaction, *, message_or_job_id: UUID) -> ThreadMessage | None:
    """Find a text by its id or its send job's."""
    row = await tx.fetchrow(GET_MESSAGE, tx.tenant, message_or_job_id)
    return None if row is None else ThreadMessage(**dict(row))


async def find_inbound(tx: Transaction, *, message_id: UUID) -> InboundText | None:
    """Find a text that a person wrote, with the numbers it went between."""
    row = await tx.fetchrow(FIND_INBOUND, tx.tenant, message_id)
    return None if row is None else InboundText(**dict(row))


async def find_last_inbound(tx: Transaction, *, contact_id: UUID) -> datetime | None:
    """Find when a person last wrote, None if never."""
    heard_at = await tx.fetchval(LAST_INBOUND, tx.tenant, contact_id)
    return heard_at if isinstance(heard_at, datetime) else None


async def find_of_contact(tx: Transaction, *, contact_id: UUID) -> UUID | None:
    """Find a person's thread."""
    found = await tx.fetchval(FIND_OF_CONTACT, tx.tenant, contact_id)
    return found if isinstance(found, UUID) else None


async def raise_task(
    tx: Transaction, *, task_id: UUID, conversation_id: UUID | None, kind: str, subject: str, source_key: str
) -> bool:
    """Write a task, once per source; False if it is there."""
    written = await tx.fetchval(RAISE_TASK, task_id, tx.tenant, conversation_id, kind, subject, source_key, tx.now)
    return written is True


async def list_tasks(tx: Transaction, *, before: UUID | None, limit: int) -> list[Task]:
    """List open tasks, newest first, from before a given one."""
    return [Task(**dict(row)) for row in await tx.fetch(LIST_TASKS, tx.tenant, before, limit)]


async def finish_task(tx: Transaction, *, task_id: UUID, by: str) -> tuple[UUID | None, str] | None:
    """Mark a task as done; its thread and kind, None if it is not open."""
    row = await tx.fetchrow(FINISH_TASK, tx.tenant, task_id, tx.now, by)
    return None if row is None else (row["conversation_id"], row["kind"])


async def forget_messages(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` texts from before a moment; returns how many."""
    return affected(await tx.execute(FORGET_MESSAGES, tx.tenant, before, limit))


FIND_LINE_USED = """
    select line.phone_e164
    from conv_messages as message
    join sending_numbers as line on line.tenant_id = message.tenant_id and line.phone_e164 =
      case message.direction when 'inbound' then message.recipient_e164 else message.sender_e164 end
    where message.tenant_id = $1 and message.conversation_id = $2 and line.texting_allowed
    order by message.created_at desc, message.id desc
    limit 1
"""


async def find_line_used(tx: Transaction, *, conversation_id: UUID) -> str | None:
    """Find which of the business's numbers a thread was last held on, if it may still text."""
    found = await tx.fetchval(FIND_LINE_USED, tx.tenant, conversation_id)
    return found if isinstance(found, str) else None
