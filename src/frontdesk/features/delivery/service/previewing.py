"""What the gates would say of marketing texts at some moment, without anything being written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from frontdesk.features.delivery.gates import Facts, Verdict, decide
from frontdesk.features.delivery.model import BulkIntent, BulkJob, ClaimedJob, MessageClass
from frontdesk.features.delivery.prices import country_of
from frontdesk.features.delivery.queries.claiming import read_facts_of_set
from frontdesk.features.delivery.queries.marketing_facts import read_marketing_facts
from frontdesk.features.delivery.segments import count
from frontdesk.features.delivery.service.marketing import gather_marketing, rule_on
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id

PLENTY = Decimal(10**9)  # what is left of the budget is for the rehearsal to keep count of
STEP = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the gates would say of one text when it is due; `facts` let the law be asked again for later moments."""

    segments: int
    cost_cents: Decimal
    verdict: str
    code: str
    citation: str
    ready_at: datetime | None
    facts: Facts


async def preview_many(
    tx: Transaction,
    intents: Sequence[BulkIntent],
    *,
    campaign_id: UUID,
    quiet: tuple[time | None, time | None],
) -> list[Preview]:
    """Ask the gates about texts that do not exist, each at the moment it would be due; writes nothing.

    Kill switches and the health of numbers are left out: they are of today, not of that moment. So is money.
    """
    texts = [_as_job(tx, one, campaign_id=campaign_id) for one in intents]
    stored = await read_facts_of_set(tx, [one.job for one in texts])
    countries = [country_of(one.job.recipient_e164) for one in texts]
    marketing = await read_marketing_facts(tx, texts, countries=countries)
    previews = []
    for intent, text, known, more in zip(intents, texts, stored, marketing, strict=True):
        calm = replace(known, paused=(), fenced=False, hold_until=None, breaker_open=False, earlier_unsettled=False)
        narrowed = replace(
            more,
            quiet_from=min(more.quiet_from, quiet[0] or more.quiet_from),
            quiet_until=max(more.quiet_until, quiet[1] or more.quiet_until),
            another_unsettled=False,
        )
        cost = None if more.price_cents is None else more.price_cents * text.job.segments
        facts = gather_marketing(text, calm, narrowed, now=intent.due_at, cost_cents=cost, left_cents=PLENTY)
        previews.append(_preview(facts, text.job.segments, cost or Decimal(0), due_at=intent.due_at))
    return previews


def _preview(facts: Facts, segments: int, cost_cents: Decimal, *, due_at: datetime) -> Preview:
    decision = decide(facts)
    word = next((gate for gate in decision.gates if gate.code == decision.code), None)
    return Preview(
        segments=segments,
        cost_cents=cost_cents,
        verdict=decision.verdict.value,
        code=decision.code,
        citation="" if word is None else word.citation,
        ready_at=due_at if decision.verdict is Verdict.SEND else decision.until,
        facts=facts,
    )


def next_lawful_moment(
    facts: Facts, *, at: datetime, recipient_e164: str, known_zone: str | None, known_region: str | None
) -> datetime | None:
    """Tell the first moment at or after `at` at which the law lets somebody's text go; None if it never does.

    `facts` are those of a text that may go, to anybody of the same business; the person is named beside.
    """
    if facts.marketing is None:
        return at
    asked = replace(facts.marketing, recipient_e164=recipient_e164, known_zone=known_zone, known_region=known_region)
    ruling = rule_on(asked, now=at)
    if ruling.verdict is Verdict.SEND:
        return at
    if ruling.verdict is not Verdict.HOLD or ruling.until is None:
        return None
    return max(ruling.until, at + STEP)


def _as_job(tx: Transaction, intent: BulkIntent, *, campaign_id: UUID) -> BulkJob:
    return BulkJob(
        job=ClaimedJob(
            id=new_id(),
            tenant_id=tx.tenant,
            message_class=MessageClass.MARKETING,
            cause=f"campaign:{campaign_id}",
            basis=intent.basis,
            basis_at=intent.basis_at,
            recipient_e164=intent.recipient_e164,
            sender_e164=intent.sender_e164,
            provider=intent.provider,
            body=intent.body,
            segments=count(intent.body).count,
            cost_cents=Decimal(0),
            useful_until=intent.useful_until,
            fence=0,
            attempts=0,
            correlation_id=tx.correlation_id,
            person_locked=True,
        ),
        campaign_id=campaign_id,
        contact_id=intent.contact_id,
    )
