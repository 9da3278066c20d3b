"""Whom a campaign is for: a saved segment as it is when the texts are made, or a filter of its own."""

from __future__ import annotations

from uuid import UUID

import msgspec

from frontdesk.features import contacts
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused


class Audience(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A segment's id or a filter, one of the two."""

    segment_id: str | None = None
    filter: dict[str, object] | None = None


async def read_audience(tx: Transaction, document: str) -> contacts.Filter:
    """Read whom a campaign is for; refuses what is neither (`campaigns.bad_audience`, 422)."""
    try:
        audience = msgspec.json.decode(document, type=Audience)
    except msgspec.DecodeError as error:
        raise _refused(str(error)) from None
    if (audience.segment_id is None) == (audience.filter is None):
        raise _refused("give either `segment_id` or `filter`")
    if audience.filter is not None:
        return contacts.read_filter(msgspec.json.encode(audience.filter))
    try:
        segment_id = msgspec.convert(audience.segment_id, UUID)
    except msgspec.ValidationError:
        raise _refused("`segment_id` is no id") from None
    return (await contacts.get_segment(tx, segment_id)).filter


def _refused(why: str) -> Refused:
    return Refused("campaigns.bad_audience", f"the audience cannot be read: {why}", status=422)
