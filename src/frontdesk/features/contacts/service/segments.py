"""Saved filters: made, read, changed, deleted."""

from __future__ import annotations

from uuid import UUID

from frontdesk.features.contacts.filters import Filter, Segment, compile_filter
from frontdesk.features.contacts.model import MAX_SHORT, clean_text
from frontdesk.features.contacts.queries import segments as queries
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id

LAST = UUID(int=2**128 - 1)


async def get_segment(tx: Transaction, segment_id: UUID) -> Segment:
    """Get a segment; refuses one the business does not have (`contacts.segment_not_found`)."""
    found = await queries.find_segment(tx, segment_id=segment_id)
    if found is None:
        raise _unknown()
    return found


async def list_segments(tx: Transaction, *, before: UUID | None, limit: int) -> list[Segment]:
    """List segments, newest first."""
    return await queries.list_segments(tx, before=before or LAST, limit=limit)


async def save_segment(tx: Transaction, *, name: str, filter_: Filter, by: Actor) -> Segment:
    """Save a filter under a name; refuses a name that is taken and a filter that is too complex to be asked."""
    compile_filter(filter_)
    segment_id, name = new_id(), _name(name)
    if not await queries.insert_segment(tx, segment_id=segment_id, name=name, filter_=filter_, by=by.id):
        raise _taken(name)
    await audit.write_entry(tx, actor=by, action="contacts.segment_saved", subject=f"segment:{segment_id}")
    return await get_segment(tx, segment_id)


async def change_segment(
    tx: Transaction, segment_id: UUID, *, name: str | None, filter_: Filter | None, by: Actor
) -> Segment:
    """Rename a segment or give it another filter; refuses as `save_segment` does."""
    before = await get_segment(tx, segment_id)
    name, filter_ = before.name if name is None else _name(name), before.filter if filter_ is None else filter_
    compile_filter(filter_)
    if not await queries.update_segment(tx, segment_id=segment_id, name=name, filter_=filter_):
        raise _taken(name)
    await audit.write_entry(tx, actor=by, action="contacts.segment_changed", subject=f"segment:{segment_id}")
    return await get_segment(tx, segment_id)


async def delete_segment(tx: Transaction, segment_id: UUID, *, by: Actor) -> None:
    """Delete a segment; refuses an unknown one."""
    if not await queries.delete_segment(tx, segment_id=segment_id):
        raise _unknown()
    await audit.write_entry(tx, actor=by, action="contacts.segment_deleted", subject=f"segment:{segment_id}")


def _name(raw: str) -> str:
    name = clean_text(raw)
    if not name or len(name) > MAX_SHORT:
        raise Refused("contacts.segment_name", f"A segment's name has 1 to {MAX_SHORT} characters.", status=422)
    return name


def _taken(name: str) -> Refused:
    return Refused("contacts.segment_exists", f"A segment named {name} exists already.", status=409)


def _unknown() -> Refused:
    return Refused("contacts.segment_not_found", "There is no such segment.", status=404)
