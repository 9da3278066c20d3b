"""SQL of what texts mean: which are to be read, what was made of them, and which are asked for a search.

People's texts are read, and what a person at the business or the dialogue wrote; campaigns and templates say what
everybody was told. Between the two moments of a business's mark everything is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.features.conversations.model import Alike, Meaning
from frontdesk.kernel.db import Transaction, affected

# A mark is new, or is begun anew: for another model, or when nobody has read for an hour.
ADD_MARKS = """
    insert into conv_meaning_marks (tenant_id, model, newest_at, oldest_at)
    select tenant.id, $1::text, $2::timestamptz, $2 from tenants as tenant
    where not exists (
      select from conv_meaning_marks as mark
      where mark.tenant_id = tenant.id and mark.model = $1 and mark.newest_at > $2::timestamptz - interval '1 hour'
    )
    on conflict (tenant_id) do update
    set model = excluded.model, newest_at = excluded.newest_at, oldest_at = excluded.oldest_at, leased_until = null
"""
# A text may become visible a little after the moment it bears: two minutes are looked at again.
CLAIM_NEW = """
    with due as (
      select mark.tenant_id from conv_meaning_marks as mark
      where mark.model = $1 and (mark.leased_until is null or mark.leased_until < $2) and exists (
        select from conv_messages as message
        left join send_jobs as job on job.id = message.send_job_id and job.tenant_id = message.tenant_id
        where message.tenant_id = mark.tenant_id and message.created_at > mark.newest_at - interval '2 minutes'
          and message.body ~ '\\S'
          and (message.direction = 'inbound' or message.author <> '' or job.template like 'dialogue.%')
          and not exists (
            select from conv_meanings as known
            where known.message_id = message.id and known.tenant_id = message.tenant_id and known.model = $1
          )
      )
      order by mark.newest_at, mark.tenant_id limit 1 for update of mark skip locked
    )
    update conv_meaning_marks as mark set leased_until = $3 from due
    where mark.tenant_id = due.tenant_id
    returning mark.tenant_id, mark.newest_at, mark.oldest_at
"""
CLAIM_OLD = """
    with due as (
      select tenant_id from conv_meaning_marks
      where model = $1 and (leased_until is null or leased_until < $2) and oldest_at is not null
      order by oldest_at desc, tenant_id limit 1 for update skip locked
    )
    update conv_meaning_marks as mark set leased_until = $3 from due
    where mark.tenant_id = due.tenant_id
    returning mark.tenant_id, mark.newest_at, mark.oldest_at
"""
ADVANCE_MARKS = """
    update conv_meaning_marks set newest_at = $2
    where model = $1 and newest_at < $2::timestamptz - interval '10 minutes'
      and (leased_until is null or leased_until < $2)
"""
LIST_NEW = """
    select message.id, message.body, message.created_at
    from conv_messages as message
    left join send_jobs as job on job.id = message.send_job_id and job.tenant_id = message.tenant_id
    where message.tenant_id = $1 and message.created_at > $3::timestamptz - interval '2 minutes'
      and message.body ~ '\\S'
      and (message.direction = 'inbound' or message.author <> '' or job.template like 'dialogue.%')
      and not exists (
        select from conv_meanings as known
        where known.message_id = message.id and known.tenant_id = message.tenant_id and known.model = $2
      )
    order by message.created_at, message.id limit $4
"""
LIST_OLD = """
    select message.id, message.body, message.created_at
    from conv_messages as message
    left join send_jobs as job on job.id = message.send_job_id and job.tenant_id = message.tenant_id
    where message.tenant_id = $1 and message.created_at <= $3 and message.body ~ '\\S'
      and (message.direction = 'inbound' or message.author <> '' or job.template like 'dialogue.%')
      and not exists (
        select from conv_meanings as known
        where known.message_id = message.id and known.tenant_id = message.tenant_id and known.model = $2
      )
    order by message.created_at desc, message.id desc limit $4
"""
COUNT_NEWER = """
    select count(*)::int from (
      select from conv_meanings where tenant_id = $1 and model = $2 and said_at >= $3 limit $4
    ) as newer
"""
# A text that is deleted meanwhile is waited for, and then has no meaning.
ADD_MEANINGS = """
    with said as (
      select message.id, message.created_at, made.scale, made.vector
      from conv_messages as message
      join unnest($3::uuid[], $4::integer[], $5::bytea[]) as made (id, scale, vector) on made.id = message.id
      where message.tenant_id = $1
      for key share of message
    )
    insert into conv_meanings (message_id, tenant_id, model, scale, vector, said_at)
    select id, $1, $2, scale, vector, created_at from said
    on conflict (message_id) do update
    set model = excluded.model, scale = excluded.scale, vector = excluded.vector, said_at = excluded.said_at
"""
MOVE_MARK = """
    update conv_meaning_marks
    set newest_at = greatest(newest_at, $3), oldest_at = $4, leased_until = null, failed_at = null, failure = ''
    where tenant_id = $1 and model = $2
"""
NOTE_FAILURE = """
    update conv_meaning_marks
    set leased_until = null, failed_at = coalesce(failed_at, $3), failure = $4
    where tenant_id = $1 and model = $2
"""
FORGET_FAILURES = "update conv_meaning_marks set failed_at = null, failure = '' where failed_at is not null"
FIND_FAILURE = """
    select failed_at, failure from conv_meaning_marks where failed_at is not null order by failed_at limit 1
"""
COUNT_READING = "select count(*)::int from conv_meaning_marks where oldest_at is not null"
# One value a column instead of 20,000 rows: a row costs more than what stands in it. Vectors of another length are left
# out last, as PostgreSQL takes such a condition for a rare one and would sort everything.
READ_NEWEST = """
    select string_agg(uuid_send(message_id), ''::bytea) filter (where octet_length(vector) = $3) as ids,
           string_agg(int4send(scale), ''::bytea) filter (where octet_length(vector) = $3) as scales,
           string_agg(vector, ''::bytea) filter (where octet_length(vector) = $3) as vectors
    from (
      select message_id, scale, vector from conv_meanings
      where tenant_id = $1 and model = $2
      order by said_at desc limit $4
    ) as newest
"""
IS_READING = "select oldest_at is not null from conv_meaning_marks where tenant_id = $1 and model = $2"
SHOW_ALIKE = """
    select message.id, message.conversation_id, thread.contact_id, person.name, person.phone_e164, message.direction,
           message.created_at as at, left(message.body, 400) as body, close.similarity
    from unnest($2::uuid[], $3::double precision[]) as close (id, similarity)
    join conv_messages as message on message.id = close.id and message.tenant_id = $1
    join conversations as thread on thread.id = message.conversation_id and thread.tenant_id = message.tenant_id
    join contacts as person on person.id = thread.contact_id and person.tenant_id = thread.tenant_id
    order by close.similarity desc, message.created_at desc
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """Between which moments a business's texts were read."""

    tenant_id: UUID
    newest_at: datetime
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Packed:
    """The newest meanings of a business, one after the other: ids of 16 bytes, scales of 4, vectors."""

    ids: bytes
    scales: bytes
    vectors: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """A text that is to be read."""

    id: UUID
    body: str
    created_at: datetime


async def add_marks(tx: Transaction, *, model: str) -> None:
    """Add the marks of businesses that have none for a model, or whose texts nobody has read for an hour."""
    await tx.execute(ADD_MARKS, model, tx.now)


async def claim_new(tx: Transaction, *, model: str, until: datetime) -> Mark | None:
    """Lease the mark of a business that has new texts to be read, until a moment."""
    row = await tx.fetchrow(CLAIM_NEW, model, tx.now, until)
    return None if row is None else Mark(**dict(row))


async def claim_old(tx: Transaction, *, model: str, until: datetime) -> Mark | None:
    """Lease the mark of the business whose older texts are read least far back, until a moment."""
    row = await tx.fetchrow(CLAIM_OLD, model, tx.now, until)
    return None if row is None else Mark(**dict(row))


async def advance_marks(tx: Transaction, *, model: str) -> None:
    """Move the marks of businesses without new texts to now, so that looks for new ones stay short."""
    await tx.execute(ADVANCE_MARKS, model, tx.now)


async def list_new(tx: Transaction, *, tenant_id: UUID, model: str, after: datetime, limit: int) -> list[Said]:
    """List texts that came after a moment and were not read, oldest first."""
    return [Said(**dict(row)) for row in await tx.fetch(LIST_NEW, tenant_id, model, after, limit)]


async def list_old(tx: Transaction, *, tenant_id: UUID, model: str, until: datetime, limit: int) -> list[Said]:
    """List texts until a moment that were not read, newest first."""
    return [Said(**dict(row)) for row in await tx.fetch(LIST_OLD, tenant_id, model, until, limit)]


async def count_newer(tx: Transaction, *, tenant_id: UUID, model: str, since: datetime, most: int) -> int:
    """Count what was read of texts since a moment, up to `most`."""
    count = await tx.fetchval(COUNT_NEWER, tenant_id, model, since, most)
    return count if isinstance(count, int) else 0


async def add_meanings(tx: Transaction, *, model: str, meanings: Sequence[tuple[UUID, Meaning]]) -> int:
    """Write down what texts mean, over what was known; texts that are gone are left out."""
    ids = [one for one, _ in meanings]
    scales, vectors = [made.scale for _, made in meanings], [made.vector for _, made in meanings]
    return affected(await tx.execute(ADD_MEANINGS, tx.tenant, model, ids, scales, vectors))


async def move_mark(tx: Transaction, *, model: str, newest_at: datetime, oldest_at: datetime | None) -> None:
    """Say between which moments everything is read, and give the lease back."""
    await tx.execute(MOVE_MARK, tx.tenant, model, newest_at, oldest_at)


async def note_failure(tx: Transaction, *, model: str, failure: str) -> None:
    """Say that texts could not be read and why, and give the lease back."""
    await tx.execute(NOTE_FAILURE, tx.tenant, model, tx.now, failure)


async def forget_failures(tx: Transaction) -> None:
    """Forget what went wrong, of every business."""
    await tx.execute(FORGET_FAILURES)


async def find_failure(tx: Transaction) -> tuple[datetime, str] | None:
    """Find since when and why texts are not read, None if they are."""
    row = await tx.fetchrow(FIND_FAILURE)
    return None if row is None else (row["failed_at"], row["failure"])


async def count_reading(tx: Transaction) -> int:
    """Count the businesses whose older texts are still to be read."""
    count = await tx.fetchval(COUNT_READING)
    return count if isinstance(count, int) else 0


async def read_newest(tx: Transaction, *, model: str, dimensions: int, limit: int) -> Packed | None:
    """Read the newest meanings of a business by one model, newest first; None if there are none."""
    row = await tx.fetchrow(READ_NEWEST, tx.tenant, model, dimensions, limit)
    return None if row is None or row["ids"] is None else Packed(**dict(row))


async def is_reading(tx: Transaction, *, model: str) -> bool:
    """Tell whether texts of the business are still to be read by a model."""
    return await tx.fetchval(IS_READING, tx.tenant, model) is not False


async def list_alike(tx: Transaction, *, close: Sequence[tuple[UUID, float]]) -> list[Alike]:
    """List texts by how close they are, the closest first."""
    ids, similarities = [one for one, _ in close], [similarity for _, similarity in close]
    return [Alike(**dict(row)) for row in await tx.fetch(SHOW_ALIKE, tx.tenant, ids, similarities)]
