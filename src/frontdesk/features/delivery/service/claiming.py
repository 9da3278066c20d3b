"""Claiming many due jobs: lock, gate and lease them in one short transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from frontdesk.features.delivery.events import TextProgressed
from frontdesk.features.delivery.gates import RULES_VERSION, Decision, Facts, Verdict, decide
from frontdesk.features.delivery.model import VERDICT_SECONDS, ClaimedJob, JobStatus, LeasedJob, MessageClass
from frontdesk.features.delivery.queries import jobs, switches
from frontdesk.features.delivery.queries.claiming import read_facts_of_set
from frontdesk.features.delivery.queries.gate_facts import StoredFacts
from frontdesk.features.delivery.service.deciding import REASON_OF, STATUS_OF, facts_json, gates_json, gather
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_ids


async def claim_and_gate(
    tx: Transaction, *, limit: int, owner: UUID, decided_from: float, paused_by_setting: bool
) -> tuple[list[LeasedJob], int]:
    """Lease up to `limit` due jobs that may go, and settle those that may never; returns them and how many were seen.

    `decided_from` is the process's monotonic time before any fact was read: a verdict is acted on for 0.5 s.
    """
    if paused_by_setting:
        return [], 0
    claimed = [job for job in await jobs.claim_jobs(tx, limit=limit) if job.person_locked]
    if not claimed:
        return [], 0
    stored = await read_facts_of_set(tx, claimed)
    probes: dict[tuple[str, str], bool] = {}
    applied: list[jobs.Applied] = []
    leased: list[LeasedJob] = []
    for job, known, decision_id in zip(claimed, stored, new_ids(len(claimed)), strict=True):
        facts = gather(job, known, now=tx.now, paused_by_setting=False)
        decision = decide(facts)
        if decision.verdict is Verdict.SEND and known.breaker_open and not await _may_probe(tx, job, probes):
            continue
        applied.append(_applied(job, facts, decision, decision_id=decision_id, now=tx.now))
        if decision.verdict is Verdict.SEND:
            leased.append(_leased(job, known, now=tx.now, post_before=decided_from + VERDICT_SECONDS))
        elif decision.verdict is not Verdict.HOLD and job.message_class is not MessageClass.MARKETING:
            tx.announce(
                TextProgressed(job_id=job.id, status=STATUS_OF[decision.verdict].value, code=decision.code),
                tenant_id=job.tenant_id,
                correlation_id=job.correlation_id,
            )
    if applied:
        await jobs.apply_decisions(tx, applied, owner=owner, rules_version=RULES_VERSION)
    return leased, len(claimed)


async def _may_probe(tx: Transaction, job: ClaimedJob, probes: dict[tuple[str, str], bool]) -> bool:
    """Let the first job of a number with an open breaker through, if no other process did."""
    key = (job.provider, job.sender_e164)
    if key in probes:
        return False
    probes[key] = await switches.take_probe(tx, provider=job.provider, sender_e164=job.sender_e164)
    return probes[key]


def _applied(job: ClaimedJob, facts: Facts, decision: Decision, *, decision_id: UUID, now: datetime) -> jobs.Applied:
    status = STATUS_OF[decision.verdict]
    return jobs.Applied(
        id=job.id,
        status=status,
        available_at=now + jobs.POST_LEASE if status is JobStatus.POSTING else decision.until or now,
        code=decision.code,
        reason=REASON_OF.get(decision.code),
        decision_id=decision_id,
        verdict=decision.verdict.value,
        gates_json=gates_json(decision),
        facts_json=facts_json(facts),
    )


def _leased(job: ClaimedJob, known: StoredFacts, *, now: datetime, post_before: float) -> LeasedJob:
    return LeasedJob(
        id=job.id,
        tenant_id=job.tenant_id,
        message_class=job.message_class,
        recipient_e164=job.recipient_e164,
        sender_e164=job.sender_e164,
        provider=job.provider,
        messaging_service=known.messaging_service,
        body=job.body,
        useful_until=job.useful_until,
        fence=job.fence + 1,
        attempts=job.attempts + 1,
        correlation_id=job.correlation_id,
        decided_at=now,
        post_before=post_before,
    )
