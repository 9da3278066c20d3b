"""Claiming many due jobs: lock, gate and lease them in one short transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from frontdesk.features.delivery.events import TextProgressed
from frontdesk.features.delivery.gates import RULES_VERSION, Decision, Facts, Money, Verdict, decide
from frontdesk.features.delivery.model import VERDICT_SECONDS, ClaimedJob, JobStatus, LeasedJob, MessageClass
from frontdesk.features.delivery.prices import country_of
from frontdesk.features.delivery.queries import budgets, jobs, switches
from frontdesk.features.delivery.queries.claiming import read_facts_of_set
from frontdesk.features.delivery.queries.gate_facts import StoredFacts
from frontdesk.features.delivery.service.deciding import REASON_OF, STATUS_OF, facts_json, gates_json, gather
from frontdesk.kernel.db import Overtaken, Transaction
from frontdesk.kernel.ids import new_ids

NOTHING = Decimal(0)


class _Till:
    """What texts cost and what their businesses may still spend, counted down text by text."""

    def __init__(self, *, prices: dict[tuple[str, str], Decimal], left: dict[UUID, Decimal]) -> None:
        self._prices = prices
        self._left = left
        self.taken: dict[UUID, Decimal] = {}

    def of(self, job: ClaimedJob) -> Money | None:
        """Say what a text costs and what is left for it; what the law makes us answer costs nothing here."""
        if job.message_class is MessageClass.COMPLIANCE:
            return None
        price = self._prices.get((job.provider, country_of(job.recipient_e164)))
        left = self._left.get(job.tenant_id)
        return Money(
            cost_cents=None if price is None else price * job.segments,
            left_cents=None if left is None else left - self.taken.get(job.tenant_id, NOTHING) + job.cost_cents,
        )

    def take(self, job: ClaimedJob, money: Money | None) -> None:
        """Count a text that goes, by what it costs more than it has reserved already."""
        more = NOTHING if money is None or money.cost_cents is None else money.cost_cents - job.cost_cents
        if more:
            self.taken[job.tenant_id] = self.taken.get(job.tenant_id, NOTHING) + more


async def _count_the_money(tx: Transaction, claimed: Sequence[ClaimedJob]) -> _Till:
    """Read prices and budgets without locking them: whoever is overtaken at the end starts anew."""
    places = sorted({(job.provider, country_of(job.recipient_e164)) for job in claimed})
    held = await budgets.read_budgets(tx, sorted({job.tenant_id for job in claimed}))
    return _Till(
        prices=await budgets.list_prices(tx, places),
        left={tenant_id: budget.left_cents for tenant_id, budget in held.items()},
    )


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
    money = await _count_the_money(tx, claimed)
    probes: dict[tuple[str, str], bool] = {}
    applied: list[jobs.Applied] = []
    leased: list[LeasedJob] = []
    for job, known, decision_id in zip(claimed, stored, new_ids(len(claimed)), strict=True):
        facts = gather(job, known, now=tx.now, paused_by_setting=False, money=money.of(job))
        decision = decide(facts)
        if decision.verdict is Verdict.SEND and known.breaker_open and not await _may_probe(tx, job, probes):
            continue
        applied.append(_applied(job, facts, decision, decision_id=decision_id, now=tx.now))
        if decision.verdict is Verdict.SEND:
            money.take(job, facts.money)
            leased.append(_leased(job, known, now=tx.now, post_before=decided_from + VERDICT_SECONDS))
        elif decision.verdict is not Verdict.HOLD and job.message_class is not MessageClass.MARKETING:
            tx.announce(
                TextProgressed(job_id=job.id, status=STATUS_OF[decision.verdict].value, code=decision.code),
                tenant_id=job.tenant_id,
                correlation_id=job.correlation_id,
            )
    if applied:
        await jobs.apply_decisions(tx, applied, owner=owner, rules_version=RULES_VERSION)
    # Last, so that nobody waits for a row of money longer than a commit takes.
    if money.taken and not await budgets.reserve_many(tx, list(money.taken.items())):
        raise Overtaken
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
        cost_cents=facts.money.cost_cents if facts.money and facts.money.cost_cents else NOTHING,
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
