"""All SQL of text-back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from frontdesk.features.textback.model import Textback
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import first_id_of

CALL_LASTS = timedelta(hours=4)  # a call's id is as old as the call, its answer as young as the end of it

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

# Texts that carriers were not asked for in time, or not at all; what gates kept back is no failure of ours.
FIRST_TEXTS_BY_SPAN = """
    with answers as (
      select answer.decided_at,
             coalesce(attempt.started_at, $1) - call.missed_at > interval '5 seconds' or job.status = 'failed' as late
      from textbacks as answer
      join calls as call on call.id = answer.call_id and call.tenant_id = answer.tenant_id
      join send_jobs as job on job.id = answer.send_job_id and job.tenant_id = answer.tenant_id
      left join lateral (
        select min(started_at) as started_at from send_attempts
        where job_id = job.id and tenant_id = job.tenant_id
      ) as attempt on true
      where answer.call_id >= $2 and job.status not in ('blocked', 'dropped')
    )
    select span.name, count(answers.decided_at)::float8 as texts,
           count(answers.decided_at) filter (where answers.late)::float8 as late
    from unnest($3::text[], $4::interval[]) as span (name, length)
    left join answers on answers.decided_at > $1 - span.length
    group by span.name
"""

# An id is as old as its call: neither statement reads more than the calls of the last hours.
COUNT_UNANSWERED = """
    select count(*)::int from calls as call
    where call.id >= $1 and call.missed_at between $2::timestamptz - interval '1 hour'
                                               and $2::timestamptz - interval '1 minute'
      and not exists (
        select from textbacks as answer where answer.call_id = call.id and answer.tenant_id = call.tenant_id)
"""

COUNT_DOUBLED = """
    select count(*)::int
    from (
      select answer.decided_at - lag(answer.decided_at) over (
               partition by call.tenant_id, call.caller_e164 order by answer.decided_at
             ) as after, business.textback_cooldown_seconds as cooldown
      from textbacks as answer
      join calls as call on call.id = answer.call_id and call.tenant_id = answer.tenant_id
      join tenants as business on business.id = answer.tenant_id
      where answer.call_id >= $1 and answer.outcome = 'texting' and call.caller_e164 <> ''
    ) as texted
    where texted.after < make_interval(secs => least(texted.cooldown, 60))
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


async def count_first_texts(tx: Transaction, *, spans: Mapping[str, timedelta]) -> dict[str, tuple[float, float]]:
    """Count first texts of spans that end now, and those of them that were later than 5 s or failed, by span."""
    oldest = first_id_of(tx.now - max(spans.values()) - CALL_LASTS)
    rows = await tx.fetch(FIRST_TEXTS_BY_SPAN, tx.now, oldest, list(spans), list(spans.values()))
    return {row["name"]: (row["texts"], row["late"]) for row in rows}


async def measure_first_text_p95(tx: Transaction) -> float:
    """Tell the 95th percentile of seconds from missed call to carrier POST over the last 10 min; 0 without calls."""
    seconds = await tx.fetchval(FIRST_TEXT_P95, tx.now)
    return float(seconds) if isinstance(seconds, float | int) else 0.0


async def count_unanswered(tx: Transaction) -> int:
    """Count missed calls of the last hour that nothing was decided about within a minute (I2)."""
    found = await tx.fetchval(COUNT_UNANSWERED, first_id_of(tx.now - CALL_LASTS), tx.now)
    return found if isinstance(found, int) else 0


async def count_doubled(tx: Transaction) -> int:
    """Count texts to a caller who had one for another call within a minute, or a shorter cool-down (I1)."""
    found = await tx.fetchval(COUNT_DOUBLED, first_id_of(tx.now - CALL_LASTS))
    return found if isinstance(found, int) else 0
