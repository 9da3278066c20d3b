"""Opening incidents: by hand, or because an alert fires that people were told of."""

from __future__ import annotations

from datetime import datetime

from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.operations.incidents.model import Grade, Incident, NoteKind
from frontdesk.operations.incidents.queries import incidents
from frontdesk.operations.runbooks.reading import get_runbook

MOST_TITLE = 200


async def open_incident(
    tx: Transaction,
    *,
    title: str,
    grade: Grade,
    by: Actor,
    tenant: str = "",
    runbook: str = "",
    began_at: datetime | None = None,
) -> Incident:
    """Open an incident; whoever is on call is told within seconds by the worker.

    `began_at` is when the trouble began, now if it is not known. Refuses no title or a long one, and a beginning in the
    future (`incidents.bad_opening`, 422), and a runbook that there is not (`runbooks.unknown`, 404).
    """
    if not title.strip() or len(title) > MOST_TITLE:
        raise Refused("incidents.bad_opening", "Say in up to 200 characters what is wrong.", status=422)
    if runbook:
        get_runbook(runbook)
    if began_at is not None and began_at > tx.now:
        raise Refused("incidents.bad_opening", "It cannot begin later than now.", status=422)
    opened = await incidents.insert_incident(
        tx,
        title=title.strip(),
        grade=grade,
        tenant=tenant,
        runbook=runbook,
        alert_group="",
        opened_by=by.shown,
        began_at=began_at or tx.now,
        level=0,
    )
    if opened is None:
        raise LookupError("incidents")
    await _write_down(tx, opened, by)
    return opened


async def open_for_alert(
    tx: Transaction,
    *,
    group_key: str,
    title: str,
    grade: Grade,
    tenant: str,
    runbook: str,
    began_at: datetime,
    by: Actor,
    told: bool = False,
) -> Incident | None:
    """Open an incident for a group of alerts; None while one of this group is open.

    `told` says that the alert's own notice has told everybody there is at the first level.
    """
    opened = await incidents.insert_incident(
        tx,
        title=title[:MOST_TITLE],
        grade=grade,
        tenant=tenant,
        runbook=runbook,
        alert_group=group_key,
        opened_by=by.shown,
        began_at=min(began_at, tx.now),
        level=1 if told else 0,
    )
    if opened is not None:
        await _write_down(tx, opened, by)
    return opened


async def _write_down(tx: Transaction, opened: Incident, by: Actor) -> None:
    words = f"opened as {opened.grade.name}: {opened.title}"
    await incidents.insert_note(tx, incident_id=opened.id, kind=NoteKind.SYSTEM, words=words, by=by.shown)
    details = {"title": opened.title, "grade": opened.grade.name, "alerts": opened.alert_group}
    await audit.write_entry(
        tx, actor=by, action="incidents.opened", subject=f"incident:{opened.number}", details=details
    )
