"""All SQL of text-back."""

from __future__ import annotations

from uuid import UUID

from frontdesk.features.textback.model import Textback
from frontdesk.kernel.db import Transaction

TAKE_TURN = """
    insert into textback_cooldowns as last (tenant_id, caller_e164, texted_at, call_id)
    values ($1, $2, $3, $4)
    on conflict (tenant_id, caller_e164) do update
    set texted_at = excluded.texted_at, call_id = excluded.call_id
    where last.texted_at <= excluded.texted_at - make_interval(secs => $5)
    returning true
"""

RECORD = """
    insert into textbacks (call_id, tenant_id, outcome, reason, send_job_id, decided_at)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (call_id) do nothing
    returning true
"""

FIRST_TEXT_P95 = """
    select percentile_cont(0.95) within group (
             order by extract(epoch from coalesce(attempt.started_at, $1) - call.missed_at)
           )::float8
    from textbacks as answer
    join calls as call on call.id = answer.call_id and call.tenant_id = answer.tenant_id
    join send_jobs as job on job.id = answer.send_job_id and job.tenant_id = answer.tenant_id
    left join lateral (
      select min(started_at) as started_at from send_attempts
      where job_id = job.id and tenant_id = job.tenant_id
    ) as attempt on true
    where answer.decided_at > $1 - interval '10 minutes' and job.status not in ('blocked', 'dropped')
"""


async def take_turn(tx: Transaction, *, caller_e164: str, call_id: UUID, cooldown_seconds: int) -> bool:
    """Win the right to text this caller now; False while the last text is younger than the cool-down.

    Two calls at the same moment: the second waits for the first's transaction and then loses.
    """
    return await tx.fetchval(TAKE_TURN, tx.tenant, caller_e164, tx.now, call_id, cooldown_seconds) is True


async def record(tx: Transaction, textback: Textback) -> bool:
    """Write what became of a missed call, once; False if that is known already."""
    written = await tx.fetchval(
        RECORD,
        textback.call_id,
        tx.tenant,
        textback.outcome.value,
        textback.reason,
        textback.send_job_id,
        textback.decided_at,
    )
    return written is True


async def measure_first_text_p95(tx: Transaction) -> float:
    """Tell the 95th percentile of seconds from missed call to carrier POST over the last 10 min; 0 without calls."""
    seconds = await tx.fetchval(FIRST_TEXT_P95, tx.now)
    return float(seconds) if isinstance(seconds, float | int) else 0.0
