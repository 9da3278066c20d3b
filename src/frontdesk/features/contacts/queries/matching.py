"""The SQL of filters: candidates in the order of their ids, and which of them fit; both statements are fixed."""

from __future__ import annotations

from uuid import UUID

import msgspec

from frontdesk.features.contacts.filters import Compiled
from frontdesk.features.contacts.model import Person
from frontdesk.kernel.db import Transaction

LIST_CANDIDATES = """
    select id from contacts where tenant_id = $1 and deleted_at is null and id > $2 order by id limit $3
"""
LIST_TAGGED = """
    select contact_id as id from contact_tags
    where tenant_id = $1 and tag = $4 and contact_id > $2 order by contact_id limit $3
"""
# Some blocks of the table: everybody has the same chance to be among them, and few are read.
LIST_SAMPLE = """
    select contact.id from contacts as contact tablesample system ($2)
    where contact.tenant_id = $1 and contact.deleted_at is null
"""
COUNT_ALL = "select count(*) from contacts where tenant_id = $1 and deleted_at is null"
# A condition counts for one way of fitting; a person fits if all conditions of any way hold. $4 turns the answer round.
LIST_FITTING = """
    with condition as materialized (
      select one.way, one.negated, one.kind, one.key, one.words, one.since, one.until
      from jsonb_to_recordset($3::jsonb)
        as one (way integer, negated boolean, kind text, key text, words text[], since timestamptz, until timestamptz)
    )
    select contact.id from contacts as contact
    where contact.tenant_id = $1 and contact.id = any ($2::uuid[]) and contact.deleted_at is null
      and exists (
        select 1 from condition group by condition.way
        having bool_and(condition.negated <> case condition.kind
          when 'everybody' then true
          when 'tag' then exists (
            select from contact_tags as tagged
            where tagged.tenant_id = $1 and tagged.contact_id = contact.id and tagged.tag = any (condition.words))
          when 'field' then coalesce(lower(contact.fields ->> condition.key) = any (condition.words), false)
          when 'has_field' then contact.fields ? condition.key
          when 'country' then coalesce(nullif(contact.country, ''), contact.line_country) = any (condition.words)
          when 'region' then contact.region = any (condition.words)
          when 'timezone' then coalesce(contact.timezone = any (condition.words), false)
          when 'source' then contact.source = any (condition.words)
          when 'line' then contact.line_kind = any (condition.words)
          when 'phone' then exists (
            select from unnest(condition.words) as start where starts_with(contact.phone_e164, start))
          when 'name' then position(condition.words[1] in lower(contact.name)) > 0
          when 'created' then (condition.since is null or contact.created_at >= condition.since)
            and (condition.until is null or contact.created_at < condition.until)
          when 'known' then case condition.key
            when 'name' then contact.name <> ''
            when 'email' then contact.email <> ''
            when 'zone' then contact.timezone is not null
            when 'region' then contact.region <> ''
            when 'tag' then exists (
              select from contact_tags as tagged where tagged.tenant_id = $1 and tagged.contact_id = contact.id)
          end
        end)
      ) <> $4
    order by contact.id
"""
LIST_PERSONS = """
    select contact.id, contact.phone_e164, contact.name, contact.given_name, contact.family_name, contact.timezone,
           coalesce(nullif(contact.country, ''), contact.line_country) as country, contact.region,
           contact.fields::text as fields, (
             select array_agg(tagged.tag order by tagged.tag) from contact_tags as tagged
             where tagged.tenant_id = $1 and tagged.contact_id = contact.id) as tags
    from contacts as contact
    where contact.tenant_id = $1 and contact.id = any ($2::uuid[]) and contact.deleted_at is null
    order by contact.id
"""


async def list_candidates(tx: Transaction, *, tag: str, after: UUID, limit: int) -> list[UUID]:
    """List the next people by id, only those with `tag` if it is not empty."""
    if tag:
        return [row["id"] for row in await tx.fetch(LIST_TAGGED, tx.tenant, after, limit, tag)]
    return [row["id"] for row in await tx.fetch(LIST_CANDIDATES, tx.tenant, after, limit)]


async def count_all(tx: Transaction) -> int:
    """Count everybody who is not deleted."""
    found = await tx.fetchval(COUNT_ALL, tx.tenant)
    return found if isinstance(found, int) else 0


async def list_sample(tx: Transaction, *, percent: float) -> list[UUID]:
    """List about so many percent of the people, taken by chance."""
    return [row["id"] for row in await tx.fetch(LIST_SAMPLE, tx.tenant, percent)]


async def list_fitting(tx: Transaction, *, ids: list[UUID], filter_: Compiled) -> list[UUID]:
    """List which of some people fit a filter, by id; deleted ones never do."""
    laid = msgspec.json.encode(filter_.laid).decode()
    return [row["id"] for row in await tx.fetch(LIST_FITTING, tx.tenant, ids, laid, filter_.inverted)]


async def list_persons(tx: Transaction, *, ids: list[UUID]) -> list[Person]:
    """List people by their ids, in the order of these; deleted ones are left out."""
    return [
        Person(
            id=row["id"],
            phone_e164=row["phone_e164"],
            name=row["name"],
            given_name=row["given_name"],
            family_name=row["family_name"],
            timezone=row["timezone"],
            country=row["country"],
            region=row["region"],
            fields=msgspec.json.decode(row["fields"], type=dict[str, str]),
            tags=tuple(row["tags"] or ()),
        )
        for row in await tx.fetch(LIST_PERSONS, tx.tenant, ids)
    ]
