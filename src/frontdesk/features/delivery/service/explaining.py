"""Deciding anew about a text, for whoever wants to understand it: on the facts of then, and on those of now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from frontdesk.features.delivery.gates import RULES_VERSION, Decision, Facts, Money, decide
from frontdesk.features.delivery.model import USEFUL_FOR, BulkJob, MessageClass, TextIntent
from frontdesk.features.delivery.prices import country_of
from frontdesk.features.delivery.queries import budgets, explaining, gate_facts
from frontdesk.features.delivery.queries.claiming import read_facts_of_set
from frontdesk.features.delivery.queries.explaining import AgainJob
from frontdesk.features.delivery.queries.marketing_facts import read_marketing_facts
from frontdesk.features.delivery.service.carriers import brand_day_of
from frontdesk.features.delivery.service.deciding import gather
from frontdesk.features.delivery.service.marketing import gather_marketing
from frontdesk.features.delivery.service.strangers import destination_of, range_asked
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What the rules of today say, on facts of some moment."""

    decision: Decision
    facts_at: datetime
    rules_version: str


def decide_as_then(facts_json: str) -> Again:
    """Ask the rules of today about the facts as they were when it was decided."""
    facts = msgspec.json.decode(facts_json, type=Facts)
    return Again(decision=decide(facts), facts_at=facts.at, rules_version=RULES_VERSION)


async def decide_as_now(tx: Transaction, *, job_id: UUID, paused_by_setting: bool) -> Again:
    """Ask the rules of today what they would say if the same text were asked for now; writes nothing.

    Earlier texts to the person are left out, this one being among them. Refuses `delivery.job_not_found`.
    """
    again = await explaining.find_again(tx, job_id=job_id)
    if again is None:
        raise Refused("delivery.job_not_found", "no such send job", status=404)
    job = again.job
    useful_until = tx.now + USEFUL_FOR[job.message_class]
    renewed = replace(again, job=replace(job, basis_at=tx.now, useful_until=useful_until, cost_cents=Decimal(0)))
    await gate_facts.lock_person(tx, phone_e164=job.recipient_e164)
    if job.message_class is MessageClass.MARKETING:
        facts = await _marketing_facts(tx, renewed)
    else:
        facts = await _facts(tx, renewed, paused_by_setting=paused_by_setting)
    return Again(decision=decide(facts), facts_at=tx.now, rules_version=RULES_VERSION)


async def _facts(tx: Transaction, again: AgainJob, *, paused_by_setting: bool) -> Facts:
    intent = _intent(again)
    known = await gate_facts.read_facts_of_one(
        tx,
        recipient_e164=intent.recipient_e164,
        sender_e164=intent.sender_e164,
        provider=intent.provider,
        country=country_of(intent.recipient_e164),
        number_range=range_asked(intent),
    )
    money = None
    if intent.message_class is not MessageClass.COMPLIANCE:
        cost = None if known.price_cents is None else known.price_cents * again.job.segments
        money = Money(cost_cents=cost, left_cents=known.left_cents)
    return gather(
        intent,
        replace(known.stored, earlier_unsettled=False),
        now=tx.now,
        paused_by_setting=paused_by_setting,
        destination=destination_of(intent, known.reach),
        money=money,
        brand_day=brand_day_of(intent, known.stored.brand, segments=again.job.segments, now=tx.now),
    )


async def _marketing_facts(tx: Transaction, again: AgainJob) -> Facts:
    text = BulkJob(job=again.job, campaign_id=again.campaign_id or new_id(), contact_id=again.contact_id)
    (stored,) = await read_facts_of_set(tx, [text.job])
    (more,) = await read_marketing_facts(tx, [text], countries=[country_of(text.job.recipient_e164)])
    left = (await budgets.read_budgets(tx, [tx.tenant])).get(tx.tenant)
    return gather_marketing(
        text,
        replace(stored, earlier_unsettled=False),
        replace(more, another_unsettled=False),
        now=tx.now,
        cost_cents=None if more.price_cents is None else more.price_cents * text.job.segments,
        left_cents=None if left is None else left.left_cents,
        brand_day=brand_day_of(text.job, stored.brand, segments=text.job.segments, now=tx.now),
    )


def _intent(again: AgainJob) -> TextIntent:
    job = again.job
    return TextIntent(
        key=f"again:{job.id}",
        message_class=job.message_class,
        cause=job.cause,
        template=again.template,
        basis=job.basis,
        basis_at=job.basis_at,
        contact_id=again.contact_id,
        recipient_e164=job.recipient_e164,
        sender_e164=job.sender_e164,
        provider=job.provider,
        body=job.body,
        useful_until=job.useful_until,
    )
