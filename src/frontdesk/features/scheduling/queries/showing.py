"""How services and the booking page look to strangers, as rows."""

from __future__ import annotations

from uuid import UUID

from frontdesk.features.scheduling.model.showing import Accent, Showing
from frontdesk.kernel.db import Transaction

LIST_SHOWINGS = """
    select service_id, public, price_cents::int as price_cents from sched_showings where tenant_id = $1
"""

PUT_SHOWING = """
    insert into sched_showings (service_id, tenant_id, public, price_cents, updated_at)
    select service.id, $1, $3, $4, $5 from sched_services as service where service.tenant_id = $1 and service.id = $2
    on conflict (service_id) do update
    set public = excluded.public, price_cents = excluded.price_cents, updated_at = excluded.updated_at
"""

FIND_ACCENT = "select accent from sched_pages where tenant_id = $1"

PUT_ACCENT = """
    insert into sched_pages (tenant_id, accent, updated_at) values ($1, $2, $3)
    on conflict (tenant_id) do update set accent = excluded.accent, updated_at = excluded.updated_at
"""


async def list_showings(tx: Transaction) -> dict[UUID, Showing]:
    """List how services are shown, of those of which it was said."""
    rows = await tx.fetch(LIST_SHOWINGS, tx.tenant)
    return {row["service_id"]: Showing(public=row["public"], price_cents=row["price_cents"]) for row in rows}


async def put_showing(tx: Transaction, *, service_id: UUID, showing: Showing) -> None:
    """Write how a service is shown."""
    await tx.execute(PUT_SHOWING, tx.tenant, service_id, showing.public, showing.price_cents, tx.now)


async def find_accent(tx: Transaction) -> Accent | None:
    """Find the colour of the booking page; None if nothing was said of the page."""
    word = await tx.fetchval(FIND_ACCENT, tx.tenant)
    return Accent(word) if isinstance(word, str) else None


async def put_accent(tx: Transaction, accent: Accent) -> None:
    """Write the colour of the booking page."""
    await tx.execute(PUT_ACCENT, tx.tenant, accent.value, tx.now)
