"""SQL of looking after dialogues: texts nobody answered, people who wait too long, and how a drill makes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from frontdesk.kernel.db import Transaction, affected
from frontdesk.kernel.ids import first_id_of, new_id

LOOKS_BACK = timedelta(hours=1)

COUNT_UNDECIDED = """
    select count(*)::int from conv_dialogue_turns
    where decided_at is null and heard_at < $1::timestamptz - interval '1 minute'
"""

# An id is as old as its text: no more than the texts of an hour are read.
LIST_UNHEARD = """
    select message.id, message.tenant_id, message.conversation_id from conv_messages as message
    left join dialogue_settings as wish on wish.tenant_id = message.tenant_id
    where message.id >= $2 and message.direction = 'inbound' and message.wording = 'none'
      and message.created_at < $1::timestamptz - interval '1 minute'
      and (wish.tenant_id is null or (wish.active and wish.changed_at < message.created_at))
      and exists (
        select from sched_services as service
        where service.tenant_id = message.tenant_id and service.active and service.created_at < message.created_at
      )
      and not exists (
        select from conv_dialogue_turns as turn
        where turn.message_id = message.id and turn.tenant_id = message.tenant_id
      )
    order by message.id limit 500
"""

DROP_UNDECIDED = """
    delete from conv_dialogue_turns
    where message_id in (
      select message_id from conv_dialogue_turns
      where decided_at is null and heard_at < $1::timestamptz - interval '1 minute' order by heard_at limit 500
    )
    returning message_id as id, tenant_id, conversation_id
"""

COUNT_WAITING = """
    select count(*)::int from conversations as thread
    left join dialogue_settings as wish on wish.tenant_id = thread.tenant_id
    where thread.person_asked_at
          < $1::timestamptz - make_interval(mins => coalesce(wish.person_within_minutes, 60))
"""

ADD_DRILL_PERSON = """
    insert into contacts (id, tenant_id, phone_e164, created_at)
    select $1, tenant_id, '+12065550176', $2 from sending_numbers where retired_at is null order by created_at, id
    limit 1
    on conflict (tenant_id, phone_e164) do update set phone_e164 = excluded.phone_e164
    returning id, tenant_id
"""

ADD_DRILL_THREAD = """
    insert into conversations as known (id, tenant_id, contact_id, last_message_at, last_inbound_at, created_at,
                                        person_asked_at)
    values ($1, $2, $3, $4, $4, $4, $5)
    on conflict (tenant_id, contact_id) do update set person_asked_at = excluded.person_asked_at
    returning known.id
"""

ADD_DRILL_TEXT = """
    insert into conv_messages (id, tenant_id, conversation_id, direction, body, sender_e164, recipient_e164, wording,
                               provider, provider_message_id, created_at)
    select $1, $2, $3, 'inbound', 'Words of a drill.', '+12065550176', number.phone_e164, 'none', number.provider,
           'drill:' || $1::uuid::text, $4
    from sending_numbers as number
    where number.tenant_id = $2 and number.retired_at is null order by number.created_at, number.id limit 1
"""

ADD_DRILL_TURN = """
    insert into conv_dialogue_turns (message_id, tenant_id, conversation_id, understood_by, meaning, outcome, heard_at)
    values ($1, $2, $3, 'rules', '', 'open', $4)
"""

DROP_WAITING = """
    update conversations as thread set person_asked_at = null
    from contacts as person
    where person.id = thread.contact_id and person.tenant_id = thread.tenant_id
      and person.phone_e164 = '+12065550176' and thread.person_asked_at is not null
"""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A text that nothing was made of."""

    message_id: UUID
    tenant_id: UUID
    conversation_id: UUID


async def count_undecided(tx: Transaction) -> int:
    """Count texts that were taken up more than a minute ago and have no answer yet."""
    found = await tx.fetchval(COUNT_UNDECIDED, tx.now)
    return found if isinstance(found, int) else 0


async def list_unheard(tx: Transaction) -> list[Unanswered]:
    """List texts of the last hour, older than a minute, that nobody has taken up where the dialogue is on."""
    rows = await tx.fetch(LIST_UNHEARD, tx.now, first_id_of(tx.now - LOOKS_BACK))
    return [Unanswered(row["id"], row["tenant_id"], row["conversation_id"]) for row in rows]


async def drop_undecided(tx: Transaction) -> list[Unanswered]:
    """Forget that texts were taken up which have no answer after a minute; lists them."""
    rows = await tx.fetch(DROP_UNDECIDED, tx.now)
    return [Unanswered(row["id"], row["tenant_id"], row["conversation_id"]) for row in rows]


async def count_waiting(tx: Transaction) -> int:
    """Count threads in which somebody has waited for a person longer than their business allows."""
    found = await tx.fetchval(COUNT_WAITING, tx.now)
    return found if isinstance(found, int) else 0


async def add_stuck_text(tx: Transaction) -> None:
    """Let a text of five minutes ago be without its answer."""
    thread_id, tenant_id = await _add_drill_thread(tx, waits=None)
    written = tx.now - timedelta(minutes=5)
    message_id = new_id()
    await tx.execute(ADD_DRILL_TEXT, message_id, tenant_id, thread_id, written)
    await tx.execute(ADD_DRILL_TURN, message_id, tenant_id, thread_id, written)


async def add_waiting_person(tx: Transaction) -> None:
    """Let somebody wait for a person for eight days, longer than any business may allow."""
    await _add_drill_thread(tx, waits=timedelta(days=8))


async def drop_waiting(tx: Transaction) -> int:
    """Let nobody of a drill wait any more; returns how many did."""
    return affected(await tx.execute(DROP_WAITING))


async def _add_drill_thread(tx: Transaction, *, waits: timedelta | None) -> tuple[UUID, UUID]:
    person = await tx.fetchrow(ADD_DRILL_PERSON, new_id(), tx.now)
    if person is None:
        raise LookupError("no business has a number")
    since = None if waits is None else tx.now - waits
    thread_id = await tx.fetchval(ADD_DRILL_THREAD, new_id(), person["tenant_id"], person["id"], tx.now, since)
    if not isinstance(thread_id, UUID):
        raise LookupError("the thread was not written")  # noqa: TRY004 - no row came back
    return thread_id, person["tenant_id"]
