"""What alerts and runbooks mean for incidents: which groups alarm, which have ended, which repairs failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from frontdesk.kernel.db import Transaction
from frontdesk.operations.incidents.model import Incident

TAKE_TURN = "select pg_try_advisory_xact_lock(hashtext('operations.incidents'))"

# What fires since before an incident of the group was resolved belongs to that incident.
LIST_ALARMING = """
    select known.key, known.alertname, known.tenant, min(alert.active_at) as began_at
    from alert_groups as known
    join alert_instances as alert on alert.alertname = known.alertname and alert.state = 'firing'
     and coalesce(alert.labels ->> 'tenant', '') = known.tenant and alert.labels ->> 'severity' = 'critical'
    where cardinality(known.told) > 0
      and not exists (
        select from incidents as incident
        where incident.alert_group = known.key
          and (incident.resolved_at is null or incident.resolved_at >= alert.fired_at))
    group by known.key, known.alertname, known.tenant
    order by began_at, known.key
"""

# Incidents of alerts that all ended a while ago, and that nobody has taken.
LIST_ENDED = """
    select incident.number
    from incidents as incident join alert_groups as known on known.key = incident.alert_group
    where incident.resolved_at is null and incident.acknowledged_at is null
      and not exists (
        select from alert_instances as alert
        where alert.alertname = known.alertname and coalesce(alert.labels ->> 'tenant', '') = known.tenant
          and (alert.state = 'firing' or alert.resolved_at > $1::timestamptz - $2::interval))
    order by incident.number
"""

COUNT_FAILED_REPAIRS = """
    select count(*)::int
    from (
      select state from runbook_runs
      where slug = $1 and started_at >= $2 and finished_at is not null and state <> 'canceled'
      order by started_at desc limit 2
    ) as latest
    where state in ('unresolved', 'refused')
"""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A group of alerts that fires, that people were told of, and that no incident is open for."""

    key: str
    alertname: str
    tenant: str
    began_at: datetime


async def take_turn(tx: Transaction) -> bool:
    """Win the right to look after incidents, until the transaction ends; False while somebody else does."""
    return await tx.fetchval(TAKE_TURN) is True


async def list_alarming(tx: Transaction) -> list[Alarm]:
    """List groups of critical alerts that need an incident, the oldest first."""
    return [Alarm(**dict(row)) for row in await tx.fetch(LIST_ALARMING)]


async def list_ended(tx: Transaction, *, for_longer_than: timedelta) -> list[int]:
    """List the numbers of incidents that nobody took and whose alerts have ended."""
    return [row["number"] for row in await tx.fetch(LIST_ENDED, tx.now, for_longer_than)]


async def count_failed_repairs(tx: Transaction, incident: Incident) -> int:
    """Count how many of the last two runs of its runbook failed since it began."""
    if not incident.runbook:
        return 0
    found = await tx.fetchval(COUNT_FAILED_REPAIRS, incident.runbook, incident.began_at)
    return found if isinstance(found, int) else 0
