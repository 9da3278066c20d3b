"""The verbs of brands: what carriers let each registered brand send, and how much of it is used."""

from __future__ import annotations

import re

from frontdesk.features.senders import queries
from frontdesk.features.senders.carriers import MAX_DAILY_SEGMENTS, WHOLE, Brand
from frontdesk.features.senders.service.numbers import BRAND_ID
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused


async def put_brand(
    tx: Transaction,
    *,
    brand_id: str,
    daily_segments: int | None,
    daily_share: int = WHOLE,
    minute_share: int = WHOLE,
    by: Actor,
) -> Brand:
    """Write what carriers let a brand send a day (None: no limit), and which percent of its texts counts there.

    It counts from now on; what the brand has sent earlier today, here or through others, is not known. Refuses
    `senders.brand_invalid`.
    """
    if re.fullmatch(BRAND_ID, brand_id) is None:
        raise _invalid("a brand's id is 1 to 64 letters, digits, dots, dashes and underscores")
    if daily_segments is not None and not 0 <= daily_segments <= MAX_DAILY_SEGMENTS:
        raise _invalid(f"daily_segments is 0 to {MAX_DAILY_SEGMENTS:,}")
    if not (1 <= daily_share <= WHOLE and 1 <= minute_share <= WHOLE):
        raise _invalid("a share is 1 to 100 percent")
    await queries.put_brand(
        tx, brand_id=brand_id, daily_segments=daily_segments, daily_share=daily_share, minute_share=minute_share
    )
    details: dict[str, object] = {
        "daily_segments": daily_segments,
        "daily_share": daily_share,
        "minute_share": minute_share,
    }
    await audit.write_entry(tx, actor=by, action="senders.brand_set", subject=f"brand:{brand_id}", details=details)
    return await get_brand(tx, brand_id=brand_id)


async def get_brand(tx: Transaction, *, brand_id: str) -> Brand:
    """Get one of the tenant's brands; refuses `senders.brand_not_found`."""
    found = next((one for one in await list_brands(tx) if one.brand_id == brand_id), None)
    if found is None:
        raise Refused("senders.brand_not_found", "no such brand", status=404)
    return found


async def list_brands(tx: Transaction) -> list[Brand]:
    """List the tenant's brands by id, each with what it has sent today."""
    return await queries.list_brands(tx)


def _invalid(why: str) -> Refused:
    return Refused("senders.brand_invalid", why, status=422)
