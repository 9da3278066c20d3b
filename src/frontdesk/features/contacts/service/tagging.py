"""Tagging many people at once: some that were picked, or all who fit, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias
from uuid import UUID

from frontdesk.features.contacts.filters import Filter
from frontdesk.features.contacts.model import clean_tag
from frontdesk.features.contacts.queries import tagging
from frontdesk.features.contacts.service.matching import list_matching
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction

BATCH = 2_000
OpenTransaction: TypeAlias = Callable[[], AbstractAsyncContextManager[Transaction]]


async def tag_picked(tx: Transaction, ids: Sequence[UUID], *, tag: str, remove: bool, by: Actor) -> int:
    """Tag some people, or take the tag off them; returns how many changed. Refuses a tag that is none."""
    changed = await _change(tx, ids, tag=clean_tag(tag), remove=remove)
    if changed:
        await _note(tx, tag=clean_tag(tag), people=changed, remove=remove, by=by)
    return changed


async def tag_matching(open_transaction: OpenTransaction, filter_: Filter, *, tag: str, remove: bool, by: Actor) -> int:
    """Tag everybody who fits a filter, or take the tag off them; returns how many changed.

    Batches of 2,000 commit one by one: what was tagged stays so if it breaks off, and done again it adds the rest.
    """
    cleaned, changed, after = clean_tag(tag), 0, None
    while True:
        async with open_transaction() as tx:
            people = await list_matching(tx, filter_, after=after, limit=BATCH)
            changed += await _change(tx, [one.id for one in people], tag=cleaned, remove=remove)
            if len(people) < BATCH:
                if changed:
                    await _note(tx, tag=cleaned, people=changed, remove=remove, by=by)
                return changed
        after = people[-1].id


async def _change(tx: Transaction, ids: Sequence[UUID], *, tag: str, remove: bool) -> int:
    if remove:
        return await tagging.delete_tag(tx, ids, tag=tag)
    return await tagging.put_tag(tx, ids, tag=tag)


async def _note(tx: Transaction, *, tag: str, people: int, remove: bool, by: Actor) -> None:
    details = {"tag": tag, "people": people, "removed": remove}
    await audit.write_entry(tx, actor=by, action="contacts.bulk_tagged", subject=f"tag:{tag}", details=details)
