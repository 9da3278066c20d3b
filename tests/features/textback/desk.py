"""A business that can be booked by text: one service, one person who gives it, nine to five on weekdays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.features import scheduling
from frontdesk.features.tenants.hours import DAYS
from frontdesk.kernel.ids import new_id
from tests.support.actors import TEST_ACTS
from tests.support.office import CAROL, Office

ZONE = ZoneInfo("America/New_York")
MONDAY_TEN = datetime(2027, 6, 7, 10, 0, tzinfo=ZONE)
NINE_TO_FIVE = json.dumps({day: [["09:00", "17:00"]] for day in DAYS[:5]})


async def open_desk(
    office: Office, *services: str, deposit_cents: int = 0, travels: bool = True, hours: str = NINE_TO_FIVE
) -> list[UUID]:
    """Give Ada's business services and Ben, who gives them all; put the clock to a Monday at ten, if it `travels`."""
    if travels:
        office.clock.ahead += MONDAY_TEN - office.clock.now()
    made: list[UUID] = []
    async with office.parts.app.transaction(office.ada.id) as tx:
        ben = replace(scheduling.new_resource(resource_id=new_id(), name="Ben"), tenant_id=tx.tenant, hours=hours)
        await scheduling.add_resource(tx, ben, by=TEST_ACTS)
        for name in services or ("Drain cleaning",):
            plain = scheduling.new_service(service_id=new_id(), name=name, duration_minutes=60)
            service = replace(plain, tenant_id=tx.tenant, deposit_cents=deposit_cents)
            await scheduling.add_service(tx, service, by=TEST_ACTS)
            await scheduling.set_givers(tx, service_id=service.id, resource_ids=[ben.id], by=TEST_ACTS)
            made.append(service.id)
    return made


class Talk:
    """A customer who texts, and hears what the business answers."""

    def __init__(self, office: Office, customer: str = CAROL) -> None:
        self._office = office
        self._customer = customer
        self._said = 0

    async def say(self, body: str) -> str:
        """Text, let everything settle, and give the one answer; "" if there is none."""
        before = await self._office.texts_to(self._customer)
        self._said += 1
        sid = f"SM{self._customer[-8:]}{self._said:024d}"
        await self._office.text_in(body, sid=sid, sender=self._customer)
        await self._office.settle()
        after = await self._office.texts_to(self._customer)
        assert len(after) <= len(before) + 1, after
        return after[-1] if len(after) > len(before) else ""


async def appointments(office: Office) -> Sequence[str]:
    """List what is booked, on Ada's clock."""
    async with office.login.transaction() as tx:
        rows = await tx.fetch("select starts_at from sched_appointments where status = 'booked' order by starts_at")
    return [f"{row['starts_at'].astimezone(ZONE):%a %H:%M}" for row in rows]
