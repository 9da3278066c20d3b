"""Runbooks that answer alerts by themselves: a page that says so is run when an alert that leads to it fires."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from frontdesk.kernel.actor import system as system_actor
from frontdesk.kernel.db import Database
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.telemetry import get_logger
from frontdesk.operations.runbooks import queries
from frontdesk.operations.runbooks.model import Runbook
from frontdesk.operations.runbooks.opening import start_run

BY = system_actor("alerts")
log = get_logger("operations")


async def answer_alerts(system: Database, *, pages: Mapping[str, Runbook], page_of: Callable[[str], str | None]) -> int:
    """Start the runbook of each alert that fires and has none yet, where the page is automatic; returns how many.

    `page_of` names the page that an alert leads to. What such a run may do without anybody, and how often, the engine
    decides: remedies that need nobody's approval, twice an hour.
    """
    started = 0
    async with system.transaction() as tx:
        unanswered = await queries.list_unanswered(tx)
    for alertname in unanswered:
        page = pages.get(page_of(alertname) or "")
        if page is None or not page.automatic:
            continue
        try:
            async with system.transaction() as tx:
                run = await start_run(tx, page, by=BY, reason=f"the alert {alertname} fires", alert_name=alertname)
        except Refused:
            continue  # somebody runs it already
        started += 1
        log.warning("runbook_answers_alert", runbook=page.slug, alert=alertname, run=run.id)
    return started
