"""SQL of the inbox: a page of threads in each view, how many wait in them, and what events have touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never
from uuid import UUID

from frontdesk.features.conversations.model import Counts, Line, ThreadStatus, View
from frontdesk.kernel.db import Transaction

LAST = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))

PICK_ALL = """
    select id from conversations
    where tenant_id = $1 and (last_message_at, id) < ($2, $3)
    order by last_message_at desc, id desc limit $4
"""
PICK_BY_STATUS = """
    select id from conversations
    where tenant_id = $1 and status = $5 and (last_message_at, id) < ($2, $3)
    order by last_message_at desc, id desc limit $4
"""
PICK_MINE = """
    select id from conversations
    where tenant_id = $1 and assigned_to = $5 and status = 'open' and (last_message_at, id) < ($2, $3)
    order by last_message_at desc, id desc limit $4
"""
PICK_UNASSIGNED = """
    select id from conversations
    where tenant_id = $1 and assigned_to is null and status = 'open' and (last_message_at, id) < ($2, $3)
    order by last_message_at desc, id desc limit $4
"""
PICK_UNREAD = """
    select thread.id from conversations as thread
    left join conv_reads as seen
           on seen.conversation_id = thread.id and seen.user_id = $5 and seen.tenant_id = thread.tenant_id
    where thread.tenant_id = $1 and thread.status = 'open' and (thread.last_message_at, thread.id) < ($2, $3)
      and thread.last_inbound_at > coalesce(seen.read_at, '-infinity')
    order by thread.last_message_at desc, thread.id desc limit $4
"""
# No further than a person reads: nobody is told more than "99+".
COUNT_VIEWS = """
    select
      (select count(*)::int from (
         select from conversations where tenant_id = $1 and status = 'open' limit 100) as few) as open,
      (select count(*)::int from (
         select from conversations
         where tenant_id = $1 and assigned_to = $2 and status = 'open' limit 100) as few) as mine,
      (select count(*)::int from (
         select from conversations
         where tenant_id = $1 and assigned_to is null and status = 'open' limit 100) as few) as unassigned,
      (select count(*)::int from (
         select from conversations where tenant_id = $1 and status = 'snoozed' limit 100) as few) as snoozed,
      (select count(*)::int from (
         select from (
           select id, tenant_id, last_inbound_at from conversations
           where tenant_id = $1 and status = 'open' order by last_message_at desc, id desc limit 1000) as thread
         left join conv_reads as seen
                on seen.conversation_id = thread.id and seen.user_id = $2 and seen.tenant_id = thread.tenant_id
         where thread.last_inbound_at > coalesce(seen.read_at, '-infinity') limit 100) as few) as unread
"""
DESCRIBE = """
    select thread.id, thread.contact_id, person.phone_e164, person.name, thread.last_message_at,
           thread.last_inbound_at, coalesce(latest.body, '') as last_body,
           coalesce(latest.direction, '') as last_direction, coalesce(latest.channel, 'sms') as channel,
           coalesce(thread.last_inbound_at > coalesce(seen.read_at, '-infinity'), false) as unread,
           refusal.scope as opted_out_scope, thread.status, thread.assigned_to, thread.snoozed_until,
           thread.person_asked_at
    from conversations as thread
    join contacts as person on person.id = thread.contact_id and person.tenant_id = thread.tenant_id
    left join do_not_contact as refusal
           on refusal.tenant_id = thread.tenant_id and refusal.phone_e164 = person.phone_e164
    left join conv_reads as seen
           on seen.conversation_id = thread.id and seen.user_id = $3 and seen.tenant_id = thread.tenant_id
    left join lateral (
      select body, direction, channel from conv_messages
      where conversation_id = thread.id and tenant_id = $1 order by id desc limit 1
    ) as latest on true
    where thread.tenant_id = $1 and thread.id = any($2::uuid[])
    order by thread.last_message_at desc, thread.id desc
"""
LIST_TOUCHED = """
    select conversation_id as id from conv_messages where tenant_id = $1 and send_job_id = any($2::uuid[])
    union
    select thread.id from calls as call
    join conversations as thread on thread.tenant_id = call.tenant_id and thread.contact_id = call.contact_id
    where call.tenant_id = $1 and call.id = any($3::uuid[])
    union
    select id from conversations where tenant_id = $1 and contact_id = any($4::uuid[])
"""
# To before what the person wrote last, so that it is new again; a thread in which nobody wrote has nothing unread.
MARK_UNREAD = """
    insert into conv_reads as seen (tenant_id, conversation_id, user_id, read_at)
    select tenant_id, id, $3, last_inbound_at - interval '1 microsecond' from conversations
    where tenant_id = $1 and id = $2 and last_inbound_at is not null
    on conflict (conversation_id, user_id) do update set read_at = excluded.read_at
"""
ADD_CHANGE = """
    insert into conv_changes (id, tenant_id, conversation_id, kind, author, given_to, rests_until, changed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
FIND_LATEST = """
    select id, author from conv_messages
    where tenant_id = $1 and conversation_id = $2 and direction = 'outbound' and author <> ''
    order by id desc limit 1
"""


@dataclass(frozen=True, slots=True)
class Touched:
    """What events have touched: send jobs, calls and people."""

    jobs: Sequence[UUID] = ()
    calls: Sequence[UUID] = ()
    contacts: Sequence[UUID] = ()


async def pick(
    tx: Transaction, view: View, *, reader: UUID | None, before: tuple[datetime, UUID] | None, limit: int
) -> list[UUID]:
    """Pick a page of a view's threads, the latest text first; what is a member's own is nobody's without one."""
    place = (tx.tenant, *(before or LAST), limit)
    match view:
        case View.ALL:
            rows = await tx.fetch(PICK_ALL, *place)
        case View.OPEN | View.SNOOZED | View.DONE:
            rows = await tx.fetch(PICK_BY_STATUS, *place, view.value)
        case View.MINE:
            rows = await tx.fetch(PICK_MINE, *place, reader)
        case View.UNASSIGNED:
            rows = await tx.fetch(PICK_UNASSIGNED, *place)
        case View.UNREAD:
            rows = await tx.fetch(PICK_UNREAD, *place, reader)
        case _:
            assert_never(view)
    return [row["id"] for row in rows]


async def list_lines(tx: Transaction, *, ids: Sequence[UUID], reader: UUID | None) -> list[Line]:
    """List some threads as lines of the inbox, the latest text first."""
    rows = await tx.fetch(DESCRIBE, tx.tenant, list(ids), reader)
    return [Line(**(dict(row) | {"status": ThreadStatus(row["status"])})) for row in rows]


async def get_counts(tx: Transaction, *, reader: UUID | None) -> Counts:
    """Get how many threads wait in each view, up to 100."""
    row = await tx.fetchrow(COUNT_VIEWS, tx.tenant, reader)
    return Counts(open=0, mine=0, unassigned=0, unread=0, snoozed=0) if row is None else Counts(**dict(row))


async def list_touched(tx: Transaction, touched: Touched) -> set[UUID]:
    """List the threads that events have touched through send jobs, calls and people."""
    rows = await tx.fetch(LIST_TOUCHED, tx.tenant, list(touched.jobs), list(touched.calls), list(touched.contacts))
    return {row["id"] for row in rows}


async def mark_unread(tx: Transaction, *, conversation_id: UUID, by: UUID) -> None:
    """Have a member's latest text of a thread unread again."""
    await tx.execute(MARK_UNREAD, tx.tenant, conversation_id, by)


async def add_change(
    tx: Transaction,
    *,
    change_id: UUID,
    conversation_id: UUID,
    kind: str,
    author: str,
    given_to: UUID | None,
    rests_until: datetime | None,
) -> None:
    """Write down what somebody did with a thread."""
    await tx.execute(ADD_CHANGE, change_id, tx.tenant, conversation_id, kind, author, given_to, rests_until, tx.now)


async def find_latest_by_hand(tx: Transaction, *, conversation_id: UUID) -> tuple[UUID, str] | None:
    """Find the latest text that a person at the business wrote in a thread, and who it was."""
    row = await tx.fetchrow(FIND_LATEST, tx.tenant, conversation_id)
    return None if row is None else (row["id"], row["author"])
