"""The SQL that takes people in by the thousand: one statement a batch, and what is known stays known."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from frontdesk.features.contacts.model import Details
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id

# Held before they are looked at, so that what is noted for an undoing is what stood there. Inserts that refer to them
# do not wait.
HOLD = """
    select id from contacts where tenant_id = $1 and phone_e164 = any ($2::text[])
    order by phone_e164 for no key update
"""
# Ordered by number, so that two batches at once cannot wait for each other in a ring. `$18`: what is known wins over
# the file. A row that says nothing new is not written; `was` is how people stood before this statement.
MERGE = """
    with taken as (
      insert into contacts (id, tenant_id, phone_e164, name, given_name, family_name, email, timezone, timezone_source,
                            country, region, postal_code, city, fields, line_kind, line_country, source, created_at,
                            updated_at)
      select given.id, $1, given.phone_e164, given.name, given.given_name, given.family_name, given.email,
             given.timezone, given.timezone_source, given.country, given.region, given.postal_code, given.city,
             given.fields::jsonb, given.line_kind, given.line_country, $17, $19, $19
      from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                  $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[])
        as given (id, phone_e164, name, given_name, family_name, email, timezone, timezone_source, country, region,
                  postal_code, city, fields, line_kind, line_country)
      order by given.phone_e164
      on conflict (tenant_id, phone_e164) do update
      set (name, given_name, family_name, email, timezone, timezone_source, country, region, postal_code, city, fields,
           line_kind, line_country, updated_at, deleted_at) = row (
        case when excluded.name = '' or ($18 and contacts.name <> '') then contacts.name else excluded.name end,
        case when excluded.given_name = '' or ($18 and contacts.given_name <> '') then contacts.given_name
             else excluded.given_name end,
        case when excluded.family_name = '' or ($18 and contacts.family_name <> '') then contacts.family_name
             else excluded.family_name end,
        case when excluded.email = '' or ($18 and contacts.email <> '') then contacts.email else excluded.email end,
        case when array_position('{"",address,import,person}', excluded.timezone_source)
                  < array_position('{"",address,import,person}', contacts.timezone_source)
                  or excluded.timezone is null or ($18 and contacts.timezone is not null)
             then contacts.timezone else excluded.timezone end,
        case when array_position('{"",address,import,person}', excluded.timezone_source)
                  < array_position('{"",address,import,person}', contacts.timezone_source)
                  or excluded.timezone is null or ($18 and contacts.timezone is not null)
             then contacts.timezone_source else excluded.timezone_source end,
        case when excluded.country = '' or ($18 and contacts.country <> '') then contacts.country
             else excluded.country end,
        case when excluded.region = '' or ($18 and contacts.region <> '') then contacts.region
             else excluded.region end,
        case when excluded.postal_code = '' or ($18 and contacts.postal_code <> '') then contacts.postal_code
             else excluded.postal_code end,
        case when excluded.city = '' or ($18 and contacts.city <> '') then contacts.city else excluded.city end,
        case when $18 then excluded.fields || contacts.fields else contacts.fields || excluded.fields end,
        excluded.line_kind, excluded.line_country, excluded.updated_at, null)
      where contacts.deleted_at is not null
         or contacts.line_kind <> excluded.line_kind
         or (excluded.name not in ('', contacts.name) and not ($18 and contacts.name <> ''))
         or (excluded.given_name not in ('', contacts.given_name) and not ($18 and contacts.given_name <> ''))
         or (excluded.family_name not in ('', contacts.family_name) and not ($18 and contacts.family_name <> ''))
         or (excluded.email not in ('', contacts.email) and not ($18 and contacts.email <> ''))
         or (contacts.timezone is distinct from excluded.timezone and excluded.timezone is not null
             and not ($18 and contacts.timezone is not null))
         or (excluded.country not in ('', contacts.country) and not ($18 and contacts.country <> ''))
         or (excluded.region not in ('', contacts.region) and not ($18 and contacts.region <> ''))
         or (excluded.postal_code not in ('', contacts.postal_code) and not ($18 and contacts.postal_code <> ''))
         or (excluded.city not in ('', contacts.city) and not ($18 and contacts.city <> ''))
         or not contacts.fields @> excluded.fields
      returning id, xmax = 0 as is_new
    ), noted as (
      insert into import_changes (tenant_id, import_id, contact_id, kind, before, written_at)
      select $1, $20, taken.id, case when taken.is_new then 'added' else 'changed' end, to_jsonb(was), $19
      from taken left join contacts as was on was.tenant_id = $1 and was.id = taken.id
      on conflict (import_id, contact_id) do update
      set written_at = excluded.written_at,
          before = case when import_changes.kind = 'tagged' then excluded.before else import_changes.before end,
          kind = case when import_changes.kind = 'tagged' then excluded.kind else import_changes.kind end
    )
    select count(*) from taken left join contacts as was on was.tenant_id = $1 and was.id = taken.id
    where taken.is_new or was.deleted_at is not null
"""
# Whose being here is the import's doing loses all tags with it; only those of others have to be noted.
TAG = """
    with added as (
      insert into contact_tags (tenant_id, contact_id, tag, added_at)
      select $1, contact.id, given.tag, $4
      from unnest($2::text[], $3::text[]) as given (phone_e164, tag)
      join contacts as contact on contact.tenant_id = $1 and contact.phone_e164 = given.phone_e164
      order by contact.id, given.tag
      on conflict (contact_id, tag) do nothing
      returning contact_id, tag
    )
    insert into import_changes (tenant_id, import_id, contact_id, kind, tags, written_at)
    select $1, $5, contact_id, 'tagged', array_agg(tag order by tag), $4 from added
    where not exists (
      select from import_changes as known
      where known.tenant_id = $1 and known.import_id = $5 and known.contact_id = added.contact_id
        and known.kind = 'added')
    group by contact_id
    on conflict (import_id, contact_id) do update set tags = import_changes.tags || excluded.tags
"""
COUNT_KNOWN = """
    select count(*) from contacts where tenant_id = $1 and phone_e164 = any ($2::text[]) and deleted_at is null
"""


async def put_people(
    tx: Transaction, people: Sequence[Details], *, import_id: UUID, source: str, known_wins: bool
) -> int:
    """Add people and merge what is told of those who are known, noting how they stood; returns how many are new.

    Each number once only; a deleted person who comes back counts as new.
    """
    await tx.execute(HOLD, tx.tenant, [one.phone_e164 for one in people])
    added = await tx.fetchval(
        MERGE,
        tx.tenant,
        [new_id() for _ in people],
        [one.phone_e164 for one in people],
        [one.name for one in people],
        [one.given_name for one in people],
        [one.family_name for one in people],
        [one.email for one in people],
        [one.timezone for one in people],
        [one.timezone_source.value for one in people],
        [one.country for one in people],
        [one.region for one in people],
        [one.postal_code for one in people],
        [one.city for one in people],
        [msgspec.json.encode(one.fields).decode() for one in people],
        [one.line_kind for one in people],
        [one.line_country for one in people],
        source,
        known_wins,
        tx.now,
        import_id,
    )
    return added if isinstance(added, int) else 0


async def put_tags_by_phone(tx: Transaction, tags: Sequence[tuple[str, str]], *, import_id: UUID) -> None:
    """Add tags to people, given as number and tag, noting which are new."""
    await tx.execute(TAG, tx.tenant, [phone for phone, _ in tags], [tag for _, tag in tags], tx.now, import_id)


async def count_known(tx: Transaction, phones: Sequence[str]) -> int:
    """Count which of some numbers are people known already."""
    found = await tx.fetchval(COUNT_KNOWN, tx.tenant, list(phones))
    return found if isinstance(found, int) else 0
