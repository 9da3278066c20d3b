"""What a decision makes of a claimed text, in either lane: a lease to post it, or a state with its reason."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from frontdesk.features.delivery.gates import Decision, Facts
from frontdesk.features.delivery.model import ClaimedJob, JobStatus, LeasedJob
from frontdesk.features.delivery.queries import jobs, switches
from frontdesk.features.delivery.queries.gate_facts import StoredFacts
from frontdesk.features.delivery.service.deciding import REASON_OF, STATUS_OF, facts_json, gates_json
from frontdesk.kernel.db import Transaction

NOTHING = Decimal(0)


class Probes:
    """Numbers with an open breaker that one claim has asked about: each lets one text through, in one process."""

    def __init__(self) -> None:
        self._asked: set[tuple[str, str]] = set()

    async def may_go(self, tx: Transaction, job: ClaimedJob) -> bool:
        """Let the first text of a number through, if no other process did."""
        number = (job.provider, job.sender_e164)
        if number in self._asked:
            return False
        self._asked.add(number)
        return await switches.take_probe(tx, provider=job.provider, sender_e164=job.sender_e164)


def cost_of(facts: Facts) -> Decimal:
    """Tell what a text costs, as far as it is known."""
    return facts.money.cost_cents if facts.money and facts.money.cost_cents else NOTHING


def apply_decision(
    job: ClaimedJob, facts: Facts, decision: Decision, *, decision_id: UUID, now: datetime, again_at: datetime
) -> jobs.Applied:
    """Say where a decision moves a text; one that is held is looked at again at `again_at`."""
    status = STATUS_OF[decision.verdict]
    return jobs.Applied(
        id=job.id,
        status=status,
        available_at=now + jobs.POST_LEASE if status is JobStatus.POSTING else again_at,
        code=decision.code,
        reason=REASON_OF.get(decision.code),
        decision_id=decision_id,
        verdict=decision.verdict.value,
        gates_json=gates_json(decision),
        facts_json=facts_json(facts),
        cost_cents=cost_of(facts),
    )


def lease(
    job: ClaimedJob, known: StoredFacts, *, now: datetime, post_before: float, useful_until: datetime
) -> LeasedJob:
    """Lease a text to this process, which posts it before `post_before` (monotonic s) or not at all."""
    return LeasedJob(
        id=job.id,
        tenant_id=job.tenant_id,
        message_class=job.message_class,
        recipient_e164=job.recipient_e164,
        sender_e164=job.sender_e164,
        provider=job.provider,
        messaging_service=known.messaging_service,
        body=job.body,
        useful_until=useful_until,
        fence=job.fence + 1,
        attempts=job.attempts + 1,
        correlation_id=job.correlation_id,
        decided_at=now,
        post_before=post_before,
    )
