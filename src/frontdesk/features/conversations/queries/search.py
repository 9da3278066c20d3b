"""SQL of looking up words in texts and notes, and people by name, e-mail or number.

Finding runs as the system role with the tenant named in each statement, since row-level security would keep the
indexes of words from being used; showing runs as the app role behind the tenant's own wall.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from frontdesk.features.conversations.model import Found, FoundPerson
from frontdesk.kernel.db import Transaction

FIND_WORDS = """
    (select id, created_at as at from conv_messages
     where tenant_id = $1 and (to_tsvector('english', body) || to_tsvector('spanish', body))
           @@ (websearch_to_tsquery('english', $2) || websearch_to_tsquery('spanish', $2))
       and (created_at, id) < ($3, $4)
     order by created_at desc, id desc limit $5)
    union all
    (select id, created_at from conv_notes
     where tenant_id = $1 and (to_tsvector('english', body) || to_tsvector('spanish', body))
           @@ (websearch_to_tsquery('english', $2) || websearch_to_tsquery('spanish', $2))
       and (created_at, id) < ($3, $4)
     order by created_at desc, id desc limit $5)
    order by at desc, id desc limit $5
"""
SHOW_WORDS = """
    with found as (
      select id, 'text' as kind, conversation_id, direction, body, created_at as at
      from conv_messages where tenant_id = $1 and id = any($2::uuid[])
      union all
      select id, 'note', conversation_id, 'internal', body, created_at
      from conv_notes where tenant_id = $1 and id = any($2::uuid[])
    )
    select found.id, found.kind, found.conversation_id, thread.contact_id, person.name, person.phone_e164,
           found.direction, found.at,
           ts_headline('english', found.body, websearch_to_tsquery('english', $3), $4) as in_english,
           ts_headline('spanish', found.body, websearch_to_tsquery('spanish', $3), $4) as in_spanish
    from found
    join conversations as thread on thread.id = found.conversation_id and thread.tenant_id = $1
    join contacts as person on person.id = thread.contact_id and person.tenant_id = thread.tenant_id
    order by found.at desc, found.id desc
"""
FIND_PEOPLE = """
    select id from contacts
    where tenant_id = $1 and deleted_at is null
      and (lower(name || ' ' || email || ' ' || phone_e164) like $2
        or lower(name || ' ' || email || ' ' || phone_e164) like $3)
    limit $4
"""
SHOW_PEOPLE = """
    select person.id, person.name, person.phone_e164, thread.id as conversation_id, thread.last_message_at
    from contacts as person
    left join conversations as thread on thread.contact_id = person.id and thread.tenant_id = person.tenant_id
    where person.tenant_id = $1 and person.id = any($2::uuid[])
    order by thread.last_message_at desc nulls last, person.name, person.id
"""
MARK_BEGIN, MARK_END = "\x02", "\x03"
HEADLINE = f"StartSel={MARK_BEGIN}, StopSel={MARK_END}, MaxWords=28, MinWords=14, ShortWord=2"


async def list_places(
    tx: Transaction, *, words: str, before: tuple[datetime, UUID], limit: int
) -> list[tuple[datetime, UUID]]:
    """List texts and notes that have all of some words in English or Spanish, newest first; as the system role."""
    rows = await tx.fetch(FIND_WORDS, tx.tenant, words, *before, limit)
    return [(row["at"], row["id"]) for row in rows]


async def list_found(tx: Transaction, *, ids: Sequence[UUID], words: str) -> list[Found]:
    """List texts and notes with some words marked in them, newest first."""
    found = []
    for row in await tx.fetch(SHOW_WORDS, tx.tenant, list(ids), words, HEADLINE):
        columns = dict(row)
        english, spanish = columns.pop("in_english"), columns.pop("in_spanish")
        found.append(Found(**columns, snippet=english if MARK_BEGIN in english else spanish))
    return found


async def list_people_like(tx: Transaction, *, pattern: str, digits: str, limit: int) -> list[UUID]:
    """List people whose name, e-mail or number is like one of two patterns; as the system role."""
    return [row["id"] for row in await tx.fetch(FIND_PEOPLE, tx.tenant, pattern, digits, limit)]


async def list_found_people(tx: Transaction, *, ids: Sequence[UUID]) -> list[FoundPerson]:
    """List people with their threads, whom we heard of last first."""
    return [FoundPerson(**dict(row)) for row in await tx.fetch(SHOW_PEOPLE, tx.tenant, list(ids))]
