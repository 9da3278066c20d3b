"""Marketing texts in sets: queued by a campaign, then claimed at each number's pace, gated and paid for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from frontdesk.features import senders
from frontdesk.features.delivery.gates import RULES_VERSION, Verdict, decide
from frontdesk.features.delivery.model import VERDICT_SECONDS, BulkIntent, BulkJob, LeasedJob
from frontdesk.features.delivery.pace import Pace
from frontdesk.features.delivery.prices import country_of
from frontdesk.features.delivery.queries import budgets, bulk, jobs, streams
from frontdesk.features.delivery.queries.claiming import read_facts_of_set
from frontdesk.features.delivery.queries.gate_facts import StoredFacts
from frontdesk.features.delivery.queries.marketing_facts import MarketingFacts, read_marketing_facts
from frontdesk.features.delivery.service.carriers import BrandTally
from frontdesk.features.delivery.service.deciding import ALL_PASSED_JSON
from frontdesk.features.delivery.service.leasing import NOTHING, Probes, apply_decision, lease
from frontdesk.features.delivery.service.marketing import gather_marketing, window_end
from frontdesk.features.delivery.service.registered import Registered, lock_registered
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id

TURNS = 64  # numbers served in one claim
HELD_AT_LEAST = timedelta(seconds=30)  # each look at a held text writes a decision, and some wait for a person
BROKE_PAUSE = timedelta(seconds=30)  # how often one without money or without room at its carriers is looked at again


async def request_many(tx: Transaction, intents: Sequence[BulkIntent], *, campaign_id: UUID) -> dict[str, UUID]:
    """Queue texts of one campaign, each once per intent key; returns the jobs that are new, by recipient.

    Nothing is decided yet: gates, pace and money are asked at the claim, when a text is about to leave.
    """
    await streams.ensure_paces(tx, [one.sender_e164 for one in intents])
    return await bulk.insert_many(tx, intents, campaign_id=campaign_id)


class _Purse:
    """A tenant's money during one claim."""

    def __init__(self, budget: budgets.Budget) -> None:
        self.budget = budget
        self.reserved = NOTHING

    @property
    def left_cents(self) -> Decimal:
        """What may still be reserved."""
        return self.budget.left_cents - self.reserved


class _Claim:
    """What one claim works with and has decided so far."""

    def __init__(
        self,
        *,
        now: datetime,
        room: int,
        post_before: float,
        paces: dict[str, Pace],
        registered: Registered,
        purses: dict[UUID, _Purse],
        throttled: dict[UUID, Pace],
    ) -> None:
        self.now = now
        self.room = room
        self.post_before = post_before
        self.paces = paces
        self.registered = registered
        self.purses = purses
        self.throttled = throttled
        self.applied: list[jobs.Applied] = []
        self.leased: list[LeasedJob] = []
        self.texts: dict[UUID, int] = {}
        self.people: set[tuple[UUID, str]] = set()
        self.probes = Probes()
        self.broke: set[UUID] = set()
        self.brands = BrandTally(now=now)
        self.full: set[str] = set()


async def claim_marketing(
    tx: Transaction, *, limit: int, owner: UUID, decided_from: float, paused_by_setting: bool
) -> tuple[list[LeasedJob], int]:
    """Lease up to `limit` marketing texts that may go now; returns them and how many were looked at.

    Numbers take turns, the longest unserved first, and share the room evenly between tenants, so that nobody's
    million waits in front of somebody's ten. A number's pace, that of its registration, its campaign's throttle and its
    tenant's budget are locked until the commit: no two processes spend the same second or the same cent.
    """
    if paused_by_setting or limit <= 0:
        return [], 0
    # No more numbers than there is room for: who is looked at and not served would lose its turn.
    turns = await streams.lock_turns(tx, limit=min(TURNS, limit))
    if not turns:
        return [], 0
    paces = {turn.sender_e164: _pace(turn, tx.now) for turn in turns}
    registered = await lock_registered(tx, turns)
    picked = await bulk.pick(tx, turns=_quotas(turns, paces, registered, limit=limit))
    found = [one for one in picked if one.job.person_locked]
    claim = await _begin(tx, found, paces, registered, room=limit, post_before=decided_from + VERDICT_SECONDS)
    if found:
        await _decide_all(tx, claim, found)
        await _settle(tx, claim, owner=owner)
    await streams.advance_numbers(tx, [_advance(turn, claim) for turn in turns if _had_its_turn(turn, claim)])
    return claim.leased, len(picked)


def _pace(turn: streams.Turn, now: datetime) -> Pace:
    allowance = senders.daily_allowance(turn.warmup, turn.daily_limit, on=turn.day)
    return Pace(
        now=now,
        next_at=turn.next_at,
        segments_per_second=senders.segments_per_second(turn.number_type, turn.segments_per_second),
        burst=turn.burst,
        left_today=None if allowance is None else allowance - turn.sent_today,
    )


def _quotas(
    turns: Sequence[streams.Turn], paces: dict[str, Pace], registered: Registered, *, limit: int
) -> list[tuple[UUID, str, int]]:
    """Share the room between tenants, and each tenant's share between its numbers; at least one text each."""
    numbers: dict[UUID, int] = {}
    for turn in turns:
        numbers[turn.tenant_id] = numbers.get(turn.tenant_id, 0) + 1
    share = max(1, limit // len(numbers))
    return [
        (turn.tenant_id, turn.sender_e164, min(max(1, share // numbers[turn.tenant_id]), paces[turn.sender_e164].quota))
        for turn in turns
        if paces[turn.sender_e164].quota > 0 and registered.may_go(turn.sender_e164)
    ]


async def _begin(
    tx: Transaction,
    found: Sequence[BulkJob],
    paces: dict[str, Pace],
    registered: Registered,
    *,
    room: int,
    post_before: float,
) -> _Claim:
    """Lock the money and the throttles that these texts need, always in this order."""
    await bulk.ensure_word(tx, rules_version=RULES_VERSION, gates_json=ALL_PASSED_JSON)
    throttles = await streams.lock_throttles(tx, sorted({one.campaign_id for one in found}))
    held = await budgets.lock_budgets(tx, sorted({one.job.tenant_id for one in found}))
    return _Claim(
        now=tx.now,
        room=room,
        post_before=post_before,
        paces=paces,
        registered=registered,
        purses={tenant_id: _Purse(budget) for tenant_id, budget in held.items()},
        throttled={
            one.campaign_id: Pace(
                now=tx.now,
                next_at=one.next_at,
                segments_per_second=float(one.per_minute) / 60,
                burst=1,
                left_today=None,
            )
            for one in throttles
        },
    )


async def _decide_all(tx: Transaction, claim: _Claim, found: Sequence[BulkJob]) -> None:
    known = await read_facts_of_set(tx, [one.job for one in found])
    countries = [country_of(one.job.recipient_e164) for one in found]
    marketing = await read_marketing_facts(tx, found, countries=countries)
    for one, stored, more in zip(found, known, marketing, strict=True):
        await _decide_one(tx, claim, one, stored, more)


async def _decide_one(tx: Transaction, claim: _Claim, one: BulkJob, stored: StoredFacts, more: MarketingFacts) -> None:
    """Decide on one text; what only has to wait for its number, its campaign or its neighbour stays as it is."""
    job, person = one.job, (one.job.tenant_id, one.job.recipient_e164)
    throttle, pace = claim.throttled.get(one.campaign_id), claim.paces[one.job.sender_e164]
    if person in claim.people or job.tenant_id in claim.broke or job.sender_e164 in claim.full:
        return
    if not claim.registered.may_go(job.sender_e164):
        return
    if len(claim.leased) >= claim.room or pace.quota == 0 or (throttle is not None and throttle.quota == 0):
        return
    purse = claim.purses[job.tenant_id]
    cost = None if more.price_cents is None else more.price_cents * job.segments
    facts = gather_marketing(
        one,
        stored,
        more,
        now=claim.now,
        cost_cents=cost,
        left_cents=purse.left_cents + job.cost_cents,
        brand_day=claim.brands.day_of(job, stored.brand),
    )
    decision = decide(facts)
    if decision.verdict is Verdict.SEND:
        if stored.breaker_open and not await claim.probes.may_go(tx, job):
            return
        claim.people.add(person)
        pace.take(job.segments)
        claim.registered.take(job.sender_e164, job.segments)
        claim.brands.take(job, stored.brand, facts.brand_day)
        if throttle is not None:
            throttle.take(1)
        purse.reserved += (cost or NOTHING) - job.cost_cents
        claim.texts[one.campaign_id] = claim.texts.get(one.campaign_id, 0) + 1
        # Its carrier may keep it no longer than its window is open.
        useful_until = min(job.useful_until, window_end(facts))
        claim.leased.append(lease(job, stored, now=claim.now, post_before=claim.post_before, useful_until=useful_until))
    elif decision.code == "budget.spent":
        claim.broke.add(job.tenant_id)
    elif decision.code == "senders.brand_day_full":
        claim.full.add(job.sender_e164)
    again_at = max(decision.until or claim.now, claim.now + HELD_AT_LEAST)
    claim.applied.append(apply_decision(job, facts, decision, decision_id=new_id(), now=claim.now, again_at=again_at))


async def _settle(tx: Transaction, claim: _Claim, *, owner: UUID) -> None:
    """Write the decisions, and what the texts that go have used up."""
    if claim.applied:
        await jobs.apply_decisions(tx, claim.applied, owner=owner, rules_version=RULES_VERSION)
    if claim.texts:
        await streams.advance_streams(tx, sorted(claim.texts.items()))
    spent = [(purse.budget, purse.reserved) for purse in claim.purses.values() if purse.reserved != NOTHING]
    if spent:
        await budgets.add_spent(tx, spent)
    await claim.registered.write(tx)
    # The locked budget keeps other advertising of this business from counting in between.
    await claim.brands.write(tx, even_if_full=True)


def _had_its_turn(turn: streams.Turn, claim: _Claim) -> bool:
    """Tell whether a number could have sent; one that found its campaign's time used up by another keeps its place."""
    return claim.paces[turn.sender_e164].taken > 0 or claim.registered.may_go(turn.sender_e164)


def _advance(turn: streams.Turn, claim: _Claim) -> streams.Advance:
    pace = claim.paces[turn.sender_e164]
    next_at = pace.next_at
    if pace.left_today is not None and pace.left_today <= 0:
        next_at = max(next_at, turn.tomorrow_at)
    elif turn.tenant_id in claim.broke or turn.sender_e164 in claim.full:
        next_at = max(next_at, claim.now + BROKE_PAUSE)
    return streams.Advance(
        sender_e164=turn.sender_e164, next_at=next_at, day=turn.day, sent_today=turn.sent_today + pace.taken
    )
