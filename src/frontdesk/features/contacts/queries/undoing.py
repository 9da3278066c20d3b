"""The SQL that undoes an import batch by batch, and forgets what that would take once it is old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from frontdesk.features.contacts.model import LEFT_BECAUSE, LeftPerson, UndoOutcome
from frontdesk.kernel.db import Transaction, affected

BEGIN = """
    update imports
    set undo_run_id = $3, undo_starts = undo_starts + 1, undo_started_at = coalesce(undo_started_at, $4),
        updated_at = $4
    where tenant_id = $1 and id = $2
"""
LIST_NEXT = """
    select contact_id from import_changes
    where tenant_id = $1 and import_id = $2 and outcome is null order by contact_id limit $3
"""
HOLD = "select id from contacts where tenant_id = $1 and id = any ($2::uuid[]) order by phone_e164 for no key update"
# Who was added and is not touched becomes an empty row that nobody sees, as after a deletion: a text that comes in this
# moment still finds whom it refers to. $4 is when the import ended; a tag that was added later is somebody else's.
UNDO = """
    with used as materialized (
      select contact_id from conversations where tenant_id = $1 and contact_id = any ($3::uuid[])
      union
      select contact_id from calls where tenant_id = $1 and contact_id = any ($3::uuid[])
      union
      select contact_id from campaign_recipients where tenant_id = $1 and contact_id = any ($3::uuid[])
    ), judged as materialized (
      select change.contact_id, change.kind, change.before, change.tags,
             case
               when contact.id is null then 'not_known'
               when change.kind = 'tagged' then 'restored'
               when contact.updated_at <> change.written_at then 'changed_since'
               when change.kind = 'changed' and change.before is null then 'not_known'
               when change.kind = 'changed' and change.before ->> 'deleted_at' is not null then 'removed'
               when change.kind = 'changed' then 'restored'
               when change.contact_id in (select contact_id from used) then 'in_use'
               when exists (
                 select from contact_tags as tagged
                 where tagged.tenant_id = $1 and tagged.contact_id = change.contact_id
                   and tagged.added_at > $4) then 'changed_since'
               else 'removed'
             end as outcome
      from import_changes as change
      left join contacts as contact on contact.tenant_id = $1 and contact.id = change.contact_id
      where change.tenant_id = $1 and change.import_id = $2 and change.contact_id = any ($3::uuid[])
    ), put_back as (
      update contacts as contact
      set name = was.name, given_name = was.given_name, family_name = was.family_name, email = was.email,
          timezone = was.timezone, timezone_source = was.timezone_source, country = was.country, region = was.region,
          postal_code = was.postal_code, city = was.city, fields = was.fields, line_kind = was.line_kind,
          line_country = was.line_country, deleted_at = was.deleted_at, updated_at = $5
      from judged
      cross join lateral jsonb_to_record(judged.before)
        as was (name text, given_name text, family_name text, email text, timezone text, timezone_source text,
                country text, region text, postal_code text, city text, fields jsonb, line_kind text,
                line_country text, deleted_at timestamptz)
      where contact.tenant_id = $1 and contact.id = judged.contact_id
        and judged.kind = 'changed' and judged.outcome in ('restored', 'removed')
    ), emptied as (
      update contacts as contact
      set name = '', given_name = '', family_name = '', email = '', timezone = null, timezone_source = '',
          country = '', region = '', postal_code = '', city = '', fields = '{}', source = '', deleted_at = $5,
          updated_at = $5
      from judged
      where contact.tenant_id = $1 and contact.id = judged.contact_id
        and judged.kind = 'added' and judged.outcome = 'removed'
    ), untagged as (
      delete from contact_tags as tagged using judged
      where tagged.tenant_id = $1 and tagged.contact_id = judged.contact_id
        and (judged.kind = 'added' or tagged.tag = any (judged.tags))
        and tagged.added_at <= $4 and judged.outcome in ('restored', 'removed')
    ), earlier as (
      update import_changes as one set written_at = $5
      from judged
      where one.tenant_id = $1 and one.contact_id = judged.contact_id and one.outcome is null
        and one.import_id in (
          select id from imports where tenant_id = $1 and id <> $2 and undone_at is null and rows_forgotten_at is null)
        and judged.kind = 'changed' and judged.outcome in ('restored', 'removed')
        and one.written_at = (judged.before ->> 'updated_at')::timestamptz
    ), noted as (
      update import_changes as change set outcome = judged.outcome
      from judged
      where change.tenant_id = $1 and change.import_id = $2 and change.contact_id = judged.contact_id
    )
    update imports
    set undone_removed = undone_removed + counted.removed, undone_restored = undone_restored + counted.restored,
        undone_left = undone_left + counted.kept, updated_at = $5
    from (
      select count(*) filter (where outcome = 'removed') as removed,
             count(*) filter (where outcome = 'restored') as restored,
             count(*) filter (where outcome not in ('removed', 'restored')) as kept
      from judged
    ) as counted
    where imports.tenant_id = $1 and imports.id = $2
"""
FINISH = """
    update imports set undone_at = $3, updated_at = $3
    where tenant_id = $1 and id = $2 and undo_started_at is not null and undone_at is null
"""
LIST_LEFT = """
    select change.contact_id, contact.phone_e164, contact.name, change.outcome
    from import_changes as change
    join contacts as contact on contact.tenant_id = $1 and contact.id = change.contact_id
    where change.tenant_id = $1 and change.import_id = $2 and change.contact_id < $3
      and change.outcome in ('changed_since', 'in_use', 'not_known')
    order by change.contact_id desc limit $4
"""
FIND_OLD = """
    select id from imports
    where tenant_id = $1 and finished_at < $2 and rows_forgotten_at is null
      and (undo_started_at is null or undone_at is not null)
    order by finished_at limit 1
    for update
"""
FORGET_ROWS = """
    delete from import_rows
    where tenant_id = $1 and import_id = $2 and row_number in (
      select row_number from import_rows where tenant_id = $1 and import_id = $2 order by row_number limit $3
    )
"""
FORGET_CHANGES = """
    delete from import_changes
    where tenant_id = $1 and import_id = $2 and contact_id in (
      select contact_id from import_changes where tenant_id = $1 and import_id = $2 order by contact_id limit $3
    )
"""
NOTE_FORGOTTEN = "update imports set rows_forgotten_at = $3 where tenant_id = $1 and id = $2"


async def record_undo_begun(tx: Transaction, *, import_id: UUID, run_id: UUID) -> None:
    """Note that a run was started to undo an import."""
    await tx.execute(BEGIN, tx.tenant, import_id, run_id, tx.now)


async def list_next(tx: Transaction, *, import_id: UUID, limit: int) -> list[UUID]:
    """List the next people whom undoing an import concerns."""
    return [row["contact_id"] for row in await tx.fetch(LIST_NEXT, tx.tenant, import_id, limit)]


async def put_back(tx: Transaction, *, import_id: UUID, contact_ids: Sequence[UUID], ended_at: datetime) -> None:
    """Undo what an import did to some people as far as nobody has touched them since, and count what became of them."""
    ids = list(contact_ids)
    await tx.execute(HOLD, tx.tenant, ids)
    await tx.execute(UNDO, tx.tenant, import_id, ids, ended_at, tx.now)


async def record_undone(tx: Transaction, *, import_id: UUID) -> bool:
    """Note that an import is undone; tells whether it was being undone."""
    return affected(await tx.execute(FINISH, tx.tenant, import_id, tx.now)) == 1


async def list_left(tx: Transaction, *, import_id: UUID, before: UUID, limit: int) -> list[LeftPerson]:
    """List people whom undoing an import left as they are, newest first, from before a given one."""
    return [
        LeftPerson(
            contact_id=row["contact_id"],
            phone_e164=row["phone_e164"],
            name=row["name"],
            reason=UndoOutcome(row["outcome"]),
            words=LEFT_BECAUSE[UndoOutcome(row["outcome"])],
        )
        for row in await tx.fetch(LIST_LEFT, tx.tenant, import_id, before, limit)
    ]


async def find_old(tx: Transaction, *, before: datetime) -> UUID | None:
    """Find an import that ended before a moment and whose rows are still kept, and hold it."""
    found = await tx.fetchval(FIND_OLD, tx.tenant, before)
    return found if isinstance(found, UUID) else None


async def forget_some(tx: Transaction, *, import_id: UUID, limit: int) -> int:
    """Forget up to `limit` rows and as many changes of an import; returns how many went."""
    rows = affected(await tx.execute(FORGET_ROWS, tx.tenant, import_id, limit))
    return rows + affected(await tx.execute(FORGET_CHANGES, tx.tenant, import_id, limit))


async def note_forgotten(tx: Transaction, *, import_id: UUID) -> None:
    """Note that the rows of an import are gone."""
    await tx.execute(NOTE_FORGOTTEN, tx.tenant, import_id, tx.now)
