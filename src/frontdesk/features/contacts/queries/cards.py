"""The SQL of people's details: lists, changes by hand, tags, and the columns of an export."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import asyncpg
import msgspec

from frontdesk.features.contacts.model import Card, Details, ZoneSource
from frontdesk.kernel.db import Transaction, affected

LIST_FOUND = """
    select contact.id from contacts as contact
    where contact.tenant_id = $1 and contact.deleted_at is null and contact.id < $2
      and ($3 = '' or exists (
        select from contact_tags as tagged
        where tagged.tenant_id = $1 and tagged.contact_id = contact.id and tagged.tag = $3))
      and ($4 = '' or position($4 in lower(contact.name)) > 0 or position($4 in lower(contact.email)) > 0
        or ($5 <> '' and position($5 in contact.phone_e164) > 0))
    order by contact.id desc limit $6
"""
# Row-level security keeps an index of words from being asked first, so this is for the system role alone. As many as
# fit are found by the index, then put in order: the other way round, one rare name reads everybody.
LIST_NAMED = """
    with found as materialized (
      select id from contacts
      where tenant_id = $1 and deleted_at is null
        and (lower(name || ' ' || email || ' ' || phone_e164) like $2
          or lower(name || ' ' || email || ' ' || phone_e164) like $3)
      limit 5000
    )
    select id from found where id < $4 order by id desc limit $5
"""
LIST_CARDS = """
    select contact.id, contact.tenant_id, contact.phone_e164, contact.name, contact.given_name, contact.family_name,
           contact.email, contact.timezone, contact.timezone_source, contact.country, contact.region,
           contact.postal_code, contact.city, contact.fields::text as fields, contact.source, contact.line_kind,
           contact.line_country, contact.created_at, contact.updated_at, (
             select array_agg(tagged.tag order by tagged.tag) from contact_tags as tagged
             where tagged.tenant_id = $1 and tagged.contact_id = contact.id) as tags
    from contacts as contact
    where contact.tenant_id = $1 and contact.id = any ($2::uuid[]) and contact.deleted_at is null
    order by contact.id desc
"""
LOCK_CONTACT = "select id from contacts where tenant_id = $1 and id = $2 and deleted_at is null for update"
FIND_ID_BY_PHONE = "select id from contacts where tenant_id = $1 and phone_e164 = $2 and deleted_at is null"
# Who was deleted comes back as what is told now; their number, threads and consent had stayed.
INSERT_CARD = """
    insert into contacts (id, tenant_id, phone_e164, name, given_name, family_name, email, timezone, timezone_source,
                          country, region, postal_code, city, fields, source, line_kind, line_country, created_at,
                          updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb, $15, $16, $17, $18, $18)
    on conflict (tenant_id, phone_e164) do update
    set name = excluded.name, given_name = excluded.given_name, family_name = excluded.family_name,
        email = excluded.email, timezone = excluded.timezone, timezone_source = excluded.timezone_source,
        country = excluded.country, region = excluded.region, postal_code = excluded.postal_code,
        city = excluded.city, fields = excluded.fields, source = excluded.source, line_kind = excluded.line_kind,
        line_country = excluded.line_country, updated_at = excluded.updated_at, deleted_at = null
    where contacts.deleted_at is not null
    returning id
"""
UPDATE_CARD = """
    update contacts
    set name = $3, given_name = $4, family_name = $5, email = $6, timezone = $7, timezone_source = $8, country = $9,
        region = $10, postal_code = $11, city = $12, fields = $13::jsonb, updated_at = $14
    where tenant_id = $1 and id = $2
"""
DELETE_CONTACT = """
    update contacts set deleted_at = $3, updated_at = $3 where tenant_id = $1 and id = $2 and deleted_at is null
"""
DELETE_TAGS = "delete from contact_tags where tenant_id = $1 and contact_id = $2 and tag = any ($3::text[])"
DELETE_ALL_TAGS = "delete from contact_tags where tenant_id = $1 and contact_id = $2"
INSERT_TAGS = """
    insert into contact_tags (tenant_id, contact_id, tag, added_at)
    select $1, $2, tag, $4 from unnest($3::text[]) as tag
    on conflict (contact_id, tag) do nothing
"""
COUNT_TAGS = """
    select tagged.tag, count(*) as people
    from contact_tags as tagged join contacts as contact on contact.tenant_id = $1 and contact.id = tagged.contact_id
    where tagged.tenant_id = $1 and contact.deleted_at is null group by tagged.tag order by tagged.tag
"""
# From one tag to the next by the index: however many people there are, as many steps as tags.
LIST_TAGS = """
    with recursive next as (
      (select tag from contact_tags where tenant_id = $1 order by tag limit 1)
      union all
      select (select tag from contact_tags where tenant_id = $1 and tag > next.tag order by tag limit 1)
      from next where next.tag is not null
    )
    select tag from next where tag is not null limit $2
"""
LIST_FIELD_KEYS = """
    select distinct jsonb_object_keys(fields) as key from contacts
    where tenant_id = $1 and deleted_at is null and fields <> '{}' order by key limit $2
"""


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag and how many people have it."""

    tag: str
    people: int


async def list_found(tx: Transaction, *, before: UUID, tag: str, words: str, digits: str, limit: int) -> list[UUID]:
    """List people, newest first, with a tag and words in name, e-mail or number (each if not empty)."""
    rows = await tx.fetch(LIST_FOUND, tx.tenant, before, tag, words, digits, limit)
    return [row["id"] for row in rows]


async def list_named(tx: Transaction, *, pattern: str, digits: str, before: UUID, limit: int) -> list[UUID]:
    """List people, newest first, whose name, e-mail or number fits one of two patterns; as the system role.

    Among 5,000 who fit, whoever they are, where there are more.
    """
    return [row["id"] for row in await tx.fetch(LIST_NAMED, tx.tenant, pattern, digits, before, limit)]


async def list_cards(tx: Transaction, *, ids: list[UUID]) -> list[Card]:
    """List everything kept of some people, newest first; deleted ones are left out."""
    return [_card(row) for row in await tx.fetch(LIST_CARDS, tx.tenant, ids)]


async def lock_contact(tx: Transaction, *, contact_id: UUID) -> bool:
    """Hold a person's row until the end of the transaction; tells whether there is one."""
    return await tx.fetchval(LOCK_CONTACT, tx.tenant, contact_id) is not None


async def find_id_by_phone(tx: Transaction, *, phone_e164: str) -> UUID | None:
    """Find the id of a person by number."""
    found = await tx.fetchval(FIND_ID_BY_PHONE, tx.tenant, phone_e164)
    return found if isinstance(found, UUID) else None


async def insert_card(tx: Transaction, details: Details, *, contact_id: UUID, source: str) -> UUID | None:
    """Add a person, or bring a deleted one back; None if the number is known."""
    found = await tx.fetchval(
        INSERT_CARD,
        contact_id,
        tx.tenant,
        details.phone_e164,
        *_columns(details),
        source,
        details.line_kind,
        details.line_country,
        tx.now,
    )
    if not isinstance(found, UUID):
        return None
    await tx.execute(DELETE_ALL_TAGS, tx.tenant, found)
    await put_tags(tx, contact_id=found, tags=details.tags)
    return found


async def update_card(tx: Transaction, details: Details, *, contact_id: UUID) -> None:
    """Write a person's details, all but number and tags."""
    await tx.execute(UPDATE_CARD, tx.tenant, contact_id, *_columns(details), tx.now)


async def delete_contact(tx: Transaction, *, contact_id: UUID) -> bool:
    """Hide a person; tells whether there was one."""
    return affected(await tx.execute(DELETE_CONTACT, tx.tenant, contact_id, tx.now)) == 1


async def put_tags(tx: Transaction, *, contact_id: UUID, tags: tuple[str, ...]) -> None:
    """Add tags to a person."""
    await tx.execute(INSERT_TAGS, tx.tenant, contact_id, list(tags), tx.now)


async def delete_tags(tx: Transaction, *, contact_id: UUID, tags: tuple[str, ...]) -> None:
    """Take tags off a person."""
    await tx.execute(DELETE_TAGS, tx.tenant, contact_id, list(tags))


async def list_tags(tx: Transaction) -> list[TagCount]:
    """List the tags in use, with how many people have each."""
    return [TagCount(row["tag"], row["people"]) for row in await tx.fetch(COUNT_TAGS, tx.tenant)]


async def list_tag_names(tx: Transaction, *, limit: int) -> list[str]:
    """List the first tags in use by name, uncounted."""
    return [row["tag"] for row in await tx.fetch(LIST_TAGS, tx.tenant, limit)]


async def list_field_keys(tx: Transaction, *, limit: int) -> list[str]:
    """List the custom fields in use."""
    return [row["key"] for row in await tx.fetch(LIST_FIELD_KEYS, tx.tenant, limit)]


def _columns(details: Details) -> tuple[object, ...]:
    return (
        details.name,
        details.given_name,
        details.family_name,
        details.email,
        details.timezone,
        details.timezone_source.value,
        details.country,
        details.region,
        details.postal_code,
        details.city,
        msgspec.json.encode(details.fields).decode(),
    )


def _card(row: asyncpg.Record) -> Card:
    columns = dict(row)
    return Card(
        **columns
        | {
            "fields": msgspec.json.decode(row["fields"], type=dict[str, str]),
            "tags": tuple(row["tags"] or ()),
            "timezone_source": ZoneSource(row["timezone_source"]),
        }
    )
