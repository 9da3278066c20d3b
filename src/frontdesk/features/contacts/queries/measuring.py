"""What is measured of imports, across tenants."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import first_id_of

IMPORTS_LAST = timedelta(days=1)

COUNT_DONE = """
    select business.slug as business, count(*)::float8 as imports
    from tenants as business
    join imports as import on import.tenant_id = business.id
    where import.id >= $2 and import.finished_at > $1::timestamptz - $3::interval
      and import.status = 'completed'
    group by business.slug
"""


async def list_done_imports(tx: Transaction, *, within: timedelta) -> list[tuple[str, float]]:
    """List how many imports, begun within a day, came to their end of late, by business."""
    rows = await tx.fetch(COUNT_DONE, tx.now, first_id_of(tx.now - IMPORTS_LAST), within)
    return [(row["business"], row["imports"]) for row in rows]
