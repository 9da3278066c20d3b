"""Asking for a text: gated at once, and sent by this process if a person waits for it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from frontdesk.features.delivery.events import TextRequested
from frontdesk.features.delivery.gates import RULES_VERSION, Decision, Facts, Money, Verdict, decide
from frontdesk.features.delivery.model import (
    VERDICT_SECONDS,
    JobStatus,
    LeasedJob,
    MessageClass,
    Requested,
    TextIntent,
)
from frontdesk.features.delivery.prices import country_of
from frontdesk.features.delivery.queries import asking, budgets, gate_facts, jobs
from frontdesk.features.delivery.segments import Segments, count
from frontdesk.features.delivery.service import carriers
from frontdesk.features.delivery.service.carriers import brand_day_of
from frontdesk.features.delivery.service.deciding import REASON_OF, STATUS_OF, facts_json, gates_json, gather
from frontdesk.features.delivery.service.strangers import count_one, destination_of, range_asked, tell_if_turned_away
from frontdesk.kernel.db import Overtaken, Transaction
from frontdesk.kernel.ids import new_id

NOTHING = Decimal(0)


class InlineLane(Protocol):
    """Whoever posts leased jobs from this process."""

    @property
    def paused_by_setting(self) -> bool:
        """Whether PAUSE_OUTBOUND_SMS is set."""
        ...

    def lease_owner(self) -> UUID | None:
        """Give the id under which a job may be leased now, or None when this process is full or stopping."""
        ...

    def monotonic(self) -> float:
        """Tell the time of the clock that bounds a verdict's life, in seconds."""
        ...

    def take(self, job: LeasedJob) -> None:
        """Post a job whose lease has been committed."""
        ...

    def wake_dispatch(self) -> None:
        """Tell the set-based lane that a job is due."""
        ...


async def request_text(tx: Transaction, intent: TextIntent, lane: InlineLane) -> Requested:
    """Decide on a text and, if all gates let it through, lease it to this process to be posted after the commit.

    The same intent key asked twice makes one job. The job, its decision and its lease are durable before the POST.
    """
    decided_from = lane.monotonic()
    job_id = new_id()
    await gate_facts.lock_person(tx, phone_e164=intent.recipient_e164)
    known = await gate_facts.read_facts_of_one(
        tx,
        recipient_e164=intent.recipient_e164,
        sender_e164=intent.sender_e164,
        provider=intent.provider,
        country=country_of(intent.recipient_e164),
        number_range=range_asked(intent),
    )
    stored = known.stored
    if known.provider != intent.provider:  # calls may come by one company and texts leave by another
        intent = replace(intent, provider=known.provider)
    segments = count(intent.body)
    money = _money(intent, known.price_cents, known.left_cents, segments=segments.count)
    to = destination_of(intent, known.reach)
    facts = gather(
        intent,
        stored,
        now=tx.now,
        paused_by_setting=lane.paused_by_setting,
        destination=to,
        money=money,
        brand_day=brand_day_of(intent, stored.brand, segments=segments.count, now=tx.now),
    )
    decision = decide(facts)
    status = STATUS_OF[decision.verdict]
    # An open breaker's one probe is the set-based lane's to send.
    owner = lane.lease_owner() if status is JobStatus.POSTING and not stored.breaker_open else None
    if status is JobStatus.POSTING and owner is None:
        status = JobStatus.QUEUED
    cost_cents = money.cost_cents if money and money.cost_cents and status is JobStatus.POSTING else NOTHING
    if not await asking.insert_job(
        tx, _new_job(tx, intent, job_id, status, owner, decision, facts, segments=segments, cost_cents=cost_cents)
    ):
        existing = await jobs.find_by_intent(tx, key=intent.key)
        if existing is None:
            raise LookupError(intent.key)
        return Requested(job_id=existing[0], status=existing[1], code=existing[2], created=False)
    tx.announce(TextRequested(job_id=job_id, status=status.value, code=decision.code))
    tell_if_turned_away(tx, intent, decision)
    if status is JobStatus.POSTING:
        if intent.is_provoked or cost_cents:
            tx.before_commit(lambda: _pay(tx, intent, cost_cents))
        if (brand := stored.brand) is not None and facts.brand_day is not None:
            tx.before_commit(lambda: carriers.count_one(tx, intent, brand, segments=segments.count))
        leased = _leased(tx, intent, job_id, stored, post_before=decided_from + VERDICT_SECONDS)
        tx.on_commit(lambda: lane.take(leased))
    elif status is JobStatus.QUEUED:
        tx.on_commit(lane.wake_dispatch)
    return Requested(job_id=job_id, status=status, code=decision.code, created=True)


def _money(intent: TextIntent, price_cents: Decimal | None, left_cents: Decimal, *, segments: int) -> Money | None:
    """Say what a text costs and what is left; what the law makes us answer is sent whatever is left."""
    if intent.message_class is MessageClass.COMPLIANCE:
        return None
    cost = None if price_cents is None else price_cents * segments
    return Money(cost_cents=cost, left_cents=left_cents)


async def _pay(tx: Transaction, intent: TextIntent, cents: Decimal) -> None:
    """Reserve the money last, and count who caused it, so that their rows are locked no longer than the commit takes.

    Whoever came in between and spent it makes this transaction start anew, with what is left then.
    """
    if cents and not await budgets.reserve(tx, cents=cents):
        raise Overtaken
    if intent.is_provoked:
        await count_one(tx, intent, cents)


def _new_job(
    tx: Transaction,
    intent: TextIntent,
    job_id: UUID,
    status: JobStatus,
    owner: UUID | None,
    decision: Decision,
    facts: Facts,
    *,
    segments: Segments,
    cost_cents: Decimal,
) -> asking.NewJob:
    ended = decision.verdict in (Verdict.BAR, Verdict.DROP)
    return asking.NewJob(
        id=job_id,
        intent=intent,
        encoding=segments.encoding.value,
        segments=segments.count,
        status=status,
        lease_owner=owner,
        available_at=tx.now + jobs.POST_LEASE if status is JobStatus.POSTING else decision.until or tx.now,
        failure_code=decision.code if decision.verdict is not Verdict.SEND else None,
        failure_reason=REASON_OF.get(decision.code) if ended else None,
        decision_id=new_id(),
        verdict=decision.verdict.value,
        code=decision.code,
        gates_json=gates_json(decision),
        facts_json=facts_json(facts),
        rules_version=RULES_VERSION,
        cost_cents=cost_cents,
    )


def _leased(
    tx: Transaction, intent: TextIntent, job_id: UUID, stored: gate_facts.StoredFacts, *, post_before: float
) -> LeasedJob:
    return LeasedJob(
        id=job_id,
        tenant_id=tx.tenant,
        message_class=intent.message_class,
        recipient_e164=intent.recipient_e164,
        sender_e164=intent.sender_e164,
        provider=intent.provider,
        messaging_service=stored.messaging_service,
        body=intent.body,
        useful_until=intent.useful_until,
        fence=1,
        attempts=1,
        correlation_id=tx.correlation_id,
        decided_at=tx.now,
        post_before=post_before,
    )
