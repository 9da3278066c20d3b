"""What happened in a span: alerts, runs of runbooks, changes that were audited, pauses, texts that were hit."""

from __future__ import annotations

from datetime import datetime, timedelta

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import first_id_of
from frontdesk.operations.incidents.model import Impact, TimelineEntry

# A text that was written up to a day before can have been hit.
LOOK_BACK = timedelta(days=1)

LIST_ALERTS = """
    select alertname, coalesce(labels ->> 'tenant', '') as tenant, labels ->> 'severity' as severity, fired_at,
           resolved_at
    from alert_instances
    where fired_at < $2 and (resolved_at is null or resolved_at >= $1) order by fired_at limit 500
"""

LIST_TOLD = """
    select sent_at, sink, coalesce(notice ->> 'alertname', '') as alertname, notice ->> 'status' as status
    from alert_notifications
    where status = 'sent' and sent_at >= $1 and sent_at < $2 order by sent_at limit 500
"""

LIST_RUNS = """
    select slug, state, words, reason, started_by, approved_by, started_at, finished_at from runbook_runs
    where started_at >= $1 and started_at < $2 order by started_at limit 500
"""

LIST_STEPS = """
    select run.slug, step.kind, step.name, step.result, step.words, step.finished_at
    from runbook_runs as run join runbook_steps as step on step.run_id = run.id
    where run.started_at >= $1 and run.started_at < $2 and step.kind in ('do', 'undo', 'expect')
    order by step.finished_at limit 500
"""

# Runs of runbooks and incidents themselves are told by their own rows.
LIST_AUDITED = """
    select at, coalesce(details ->> 'actor_name', actor) as who, action, subject,
           coalesce(details ->> 'reason', '') as reason
    from audit_log
    where at >= $1 and at < $2 and (tenant_id is null or starts_with(action, 'delivery.'))
      and not starts_with(action, 'incidents.') and not starts_with(action, 'runbooks.')
      and action not in ('auth.logged_in', 'auth.logged_out')
    order by at limit 500
"""

LIST_PAUSED_BEFORE = """
    select scope, key, paused_at, paused_by, reason from delivery_switches where paused_at < $1 order by paused_at
"""

MEASURE_IMPACT = """
    with hit as (
      select tenant_id, created_at >= $2 as intended, late_at >= $2 and late_at < $3 as late,
             status in ('failed', 'undelivered') and finished_at >= $2 and finished_at < $3 as failed,
             status in ('blocked', 'dropped') and finished_at >= $2 and finished_at < $3 as blocked,
             status in ('queued', 'posting', 'unknown') as waiting
      from send_jobs where id >= $1 and created_at < $3
    )
    select count(*) filter (where intended)::int as texts, count(*) filter (where late)::int as late,
           count(*) filter (where failed)::int as failed, count(*) filter (where blocked)::int as blocked,
           count(*) filter (where waiting)::int as waiting,
           count(distinct tenant_id) filter (where late or failed or blocked or waiting)::int as businesses
    from hit
"""


async def list_alerts(tx: Transaction, *, since: datetime, until: datetime) -> list[TimelineEntry]:
    """List when alerts began and ended in a span."""
    found = []
    for row in await tx.fetch(LIST_ALERTS, since, until):
        name = f"{row['alertname']} ({row['tenant']})" if row["tenant"] else row["alertname"]
        if row["fired_at"] >= since:
            found.append(TimelineEntry(row["fired_at"], "alert", f"{name} fires, {row['severity']}"))
        if row["resolved_at"] is not None and row["resolved_at"] < until:
            found.append(TimelineEntry(row["resolved_at"], "alert", f"{name} is over"))
    return found


async def list_told(tx: Transaction, *, since: datetime, until: datetime) -> list[TimelineEntry]:
    """List which sinks have taken which notices in a span."""
    return [
        TimelineEntry(row["sent_at"], "told", f"{row['sink']} took: {row['alertname']} {row['status']}")
        for row in await tx.fetch(LIST_TOLD, since, until)
    ]


async def list_runs(tx: Transaction, *, since: datetime, until: datetime) -> list[TimelineEntry]:
    """List runs of runbooks that were started in a span, and how they ended."""
    found = []
    for row in await tx.fetch(LIST_RUNS, since, until):
        begun = f"{row['slug']} is run: {row['reason']}"
        found.append(TimelineEntry(row["started_at"], "runbook", begun, row["started_by"]))
        if row["finished_at"] is not None:
            ended = f"{row['slug']} ended {row['state']}: {row['words']}"
            found.append(TimelineEntry(row["finished_at"], "runbook", ended, row["approved_by"]))
    return found


async def list_steps(tx: Transaction, *, since: datetime, until: datetime) -> list[TimelineEntry]:
    """List what runs of runbooks that were started in a span have done and verified."""
    return [
        TimelineEntry(
            row["finished_at"],
            "runbook",
            f"{row['slug']}: {row['kind']} {row['name']}, {row['result']}: {row['words']}",
        )
        for row in await tx.fetch(LIST_STEPS, since, until)
    ]


async def list_audited(tx: Transaction, *, since: datetime, until: datetime) -> list[TimelineEntry]:
    """List what was changed on the platform in a span, and whatever was changed about sending anywhere."""
    found = []
    for row in await tx.fetch(LIST_AUDITED, since, until):
        source = "sending" if row["action"] in {"delivery.paused", "delivery.resumed"} else "audit"
        words = f"{row['action']} {row['subject']}" + (f": {row['reason']}" if row["reason"] else "")
        found.append(TimelineEntry(row["at"], source, words, row["who"]))
    return found


async def list_paused_before(tx: Transaction, *, moment: datetime) -> list[TimelineEntry]:
    """List the kill switches that have been pulled since before a moment."""
    return [
        TimelineEntry(
            row["paused_at"], "sending", f"paused before it began: {row['scope']} {row['key']}: {row['reason']}",
            row["paused_by"],
        )
        for row in await tx.fetch(LIST_PAUSED_BEFORE, moment)
    ]  # fmt: skip


async def measure_impact(tx: Transaction, *, since: datetime, until: datetime) -> Impact:
    """Count the texts of a span, and those that were late, failed, were stopped or still wait."""
    row = await tx.fetchrow(MEASURE_IMPACT, first_id_of(since - LOOK_BACK), since, until)
    if row is None:
        raise LookupError("send_jobs")
    return Impact(**dict(row))
