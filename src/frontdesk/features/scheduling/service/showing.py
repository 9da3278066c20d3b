"""The verbs of how things look to strangers: which services they see, at what price, in which colour."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from frontdesk.features.scheduling.model.showing import Accent, Showing
from frontdesk.features.scheduling.queries import showing as queries
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction


async def list_showings(tx: Transaction) -> Mapping[UUID, Showing]:
    """Tell how services are shown; one that is not in it is public and names no price."""
    return await queries.list_showings(tx)


async def show_service_so(tx: Transaction, *, service_id: UUID, showing: Showing, by: Actor) -> None:
    """Say how a service is shown to strangers."""
    await queries.put_showing(tx, service_id=service_id, showing=showing)
    details = {"public": showing.public, "price_cents": showing.price_cents}
    await audit.write_entry(
        tx, actor=by, action="scheduling.service_shown", subject=f"service:{service_id}", details=details
    )


async def get_accent(tx: Transaction) -> Accent:
    """Get the colour of the booking page."""
    return await queries.find_accent(tx) or Accent.INDIGO


async def paint_page(tx: Transaction, accent: Accent, *, by: Actor) -> None:
    """Say which colour the booking page has."""
    await queries.put_accent(tx, accent)
    await audit.write_entry(
        tx, actor=by, action="scheduling.page_painted", subject="booking_page", details={"accent": accent.value}
    )
