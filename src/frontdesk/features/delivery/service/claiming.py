"""Claiming many due jobs: lock, gate and lease them in one short transaction."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from frontdesk.features.delivery.events import TextProgressed
from frontdesk.features.delivery.gates import RULES_VERSION, Money, Verdict, decide
from frontdesk.features.delivery.model import VERDICT_SECONDS, ClaimedJob, LeasedJob, MessageClass
from frontdesk.features.delivery.prices import country_of
from frontdesk.features.delivery.queries import budgets, jobs
from frontdesk.features.delivery.queries.claiming import read_facts_of_set
from frontdesk.features.delivery.service.carriers import BrandTally
from frontdesk.features.delivery.service.deciding import STATUS_OF, gather
from frontdesk.features.delivery.service.leasing import NOTHING, Probes, apply_decision, cost_of, lease
from frontdesk.features.delivery.service.strangers import begin_tally, tell_if_turned_away
from frontdesk.kernel.db import Overtaken, Transaction
from frontdesk.kernel.ids import new_ids


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
    tally = await begin_tally(tx, claimed)
    brands = BrandTally(now=tx.now)
    probes = Probes()
    applied: list[jobs.Applied] = []
    leased: list[LeasedJob] = []
    for job, known, decision_id in zip(claimed, stored, new_ids(len(claimed)), strict=True):
        facts = gather(
            job,
            known,
            now=tx.now,
            paused_by_setting=False,
            destination=tally.destination(job),
            money=money.of(job),
            brand_day=brands.day_of(job, known.brand),
        )
        decision = decide(facts)
        if decision.verdict is Verdict.SEND and known.breaker_open and not await probes.may_go(tx, job):
            continue
        again_at = decision.until or tx.now
        applied.append(apply_decision(job, facts, decision, decision_id=decision_id, now=tx.now, again_at=again_at))
        if decision.verdict is Verdict.SEND:
            money.take(job, facts.money)
            tally.take(job, cost_of(facts))
            brands.take(job, known.brand, facts.brand_day)
            post_before = decided_from + VERDICT_SECONDS
            leased.append(lease(job, known, now=tx.now, post_before=post_before, useful_until=job.useful_until))
        elif decision.verdict is not Verdict.HOLD and job.message_class is not MessageClass.MARKETING:
            tx.announce(
                TextProgressed(job_id=job.id, status=STATUS_OF[decision.verdict].value, code=decision.code),
                tenant_id=job.tenant_id,
                correlation_id=job.correlation_id,
            )
            tell_if_turned_away(tx, job, decision, tenant_id=job.tenant_id, correlation_id=job.correlation_id)
    if applied:
        await jobs.apply_decisions(tx, applied, owner=owner, rules_version=RULES_VERSION)
    # Last, so that nobody waits for a row of money longer than a commit takes.
    if money.taken and not await budgets.reserve_many(tx, list(money.taken.items())):
        raise Overtaken
    await tally.write(tx)
    await brands.write(tx)
    return leased, len(claimed)
