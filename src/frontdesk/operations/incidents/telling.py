"""Telling those on call of an incident, through the sinks of alerts: written first, then told by the worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from frontdesk.kernel.db import Transaction
from frontdesk.operations.alerts.evaluating import LEASE, Watch
from frontdesk.operations.alerts.grouping import Group
from frontdesk.operations.alerts.model import fingerprint_of, page_url
from frontdesk.operations.alerts.queries import notices, states
from frontdesk.operations.incidents.model import Incident
from frontdesk.operations.incidents.on_call import OnCall
from frontdesk.ports.alerts import Notice, NoticedAlert, NoticeStatus

INCIDENT = "Incident"
PAGE = "incident"


async def tell(
    tx: Transaction, watch: Watch, incident: Incident, *, because: str, on_call: Sequence[OnCall]
) -> Incident:
    """Write what sinks are told of an incident as it stands; returns it with the notice counted.

    What is newer takes the place of what no sink has taken yet. `on_call` are those it is meant for.
    """
    counted = replace(incident, notices=incident.notices + 1)
    notice = _notice(counted, watch, because=because, on_call=on_call, tx=tx)
    severity = incident.grade.severity
    sinks = [sink for sink in watch.sinks if severity >= watch.book.routes.get(sink, severity)]
    await states.put_groups(tx, [Group(key=notice.group_key, alertname=INCIDENT, tenant=incident.tenant)])
    await notices.insert_notice(tx, notice, sinks=sinks, lease=LEASE)
    return counted


def _notice(incident: Incident, watch: Watch, *, because: str, on_call: Sequence[OnCall], tx: Transaction) -> Notice:
    over = incident.resolved_at is not None
    status = NoticeStatus.RESOLVED if over else NoticeStatus.FIRING
    severity = incident.grade.severity.word
    labels = {
        "alertname": INCIDENT,
        "severity": severity,
        "owner": "operations",
        "incident": str(incident.number),
        **({"tenant": incident.tenant} if incident.tenant else {}),
    }
    return Notice(
        group_key=f"{INCIDENT}/{incident.number}",
        sequence=incident.notices,
        alertname=INCIDENT,
        tenant=incident.tenant,
        status=status,
        severity=severity,
        owner="operations",
        runbook=incident.runbook or PAGE,
        runbook_url=page_url(watch.base_url, incident.runbook or PAGE),
        external_url=watch.base_url,
        at=tx.now,
        repeats=incident.notices > 1,
        alerts=(
            NoticedAlert(
                fingerprint=fingerprint_of(labels),
                status=status,
                labels=labels,
                summary=words_for(incident, because=because, on_call=on_call),
                value=None,
                starts_at=incident.began_at,
                ends_at=incident.resolved_at,
            ),
        ),
    )


def words_for(incident: Incident, *, because: str, on_call: Sequence[OnCall]) -> str:
    """Say in one line what is wrong, for whom it is and what to type."""
    head = f"{incident.grade.name} incident {incident.number}: {incident.title} ({because})"
    if incident.resolved_at is not None:
        return head
    people = ", ".join(f"L{one.level} {one.name} {one.addresses[0]}" for one in on_call)
    return f"{head}. For: {people or 'whoever reads this'}. Take it: frontdesk incident ack {incident.number}"
