"""The SQL of tagging many people at once."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from frontdesk.features.contacts.model import MAX_TAGS
from frontdesk.kernel.db import Transaction, affected

TAG_MANY = """
    insert into contact_tags (tenant_id, contact_id, tag, added_at)
    select $1, contact.id, $3, $4 from contacts as contact
    where contact.tenant_id = $1 and contact.id = any ($2::uuid[]) and contact.deleted_at is null
      and (select count(*) from contact_tags as held where held.tenant_id = $1 and held.contact_id = contact.id) < $5
    on conflict (contact_id, tag) do nothing
"""
UNTAG_MANY = "delete from contact_tags where tenant_id = $1 and contact_id = any ($2::uuid[]) and tag = $3"


async def put_tag(tx: Transaction, ids: Sequence[UUID], *, tag: str) -> int:
    """Give a tag to those of some people who lack it and have room for one more; returns how many that were."""
    return affected(await tx.execute(TAG_MANY, tx.tenant, list(ids), tag, tx.now, MAX_TAGS))


async def delete_tag(tx: Transaction, ids: Sequence[UUID], *, tag: str) -> int:
    """Take a tag off some people; returns how many had it."""
    return affected(await tx.execute(UNTAG_MANY, tx.tenant, list(ids), tag))
