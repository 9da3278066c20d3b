"""Who comes next: booked appointments with their names, for the page that a business looks at all day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.kernel.db import Transaction

LIST_COMING = """
    select appointment.id, appointment.starts_at, service.name as service, giver.name as resource,
           person.name, person.phone_e164
    from sched_appointments as appointment
    join sched_services as service on service.id = appointment.service_id and service.tenant_id = appointment.tenant_id
    join sched_resources as giver on giver.id = appointment.resource_id and giver.tenant_id = appointment.tenant_id
    join contacts as person on person.id = appointment.contact_id and person.tenant_id = appointment.tenant_id
    where appointment.tenant_id = $1 and appointment.starts_at >= $2 and appointment.status = 'booked'
    order by appointment.starts_at, appointment.id limit $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """An appointment to come: when, for what, with whom, and who comes."""

    id: UUID
    starts_at: datetime
    service: str
    resource: str
    name: str
    phone_e164: str


async def list_coming(tx: Transaction, *, limit: int) -> list[Coming]:
    """List the next appointments, the soonest first."""
    return [Coming(**dict(row)) for row in await tx.fetch(LIST_COMING, tx.tenant, tx.now, limit)]
