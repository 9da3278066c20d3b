"""Reads what the pages of campaigns show: the list, and all there is to know of one."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import msgspec

from frontdesk.features import campaigns, contacts, delivery, senders, tenants
from frontdesk.features.campaigns import Campaign, CampaignStatus, Variant
from frontdesk.features.campaigns.rehearsal import Summary
from frontdesk.features.campaigns.words import SAMPLE, SAMPLE_VALUE, check_words, is_tag
from frontdesk.features.delivery.segments import count
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.web.pages.campaign_charts import Bar, Moment, bar_spending, draw_course
from frontdesk.web.pages.campaign_views import (
    MOVING,
    CampaignLine,
    NumberLine,
    RehearsalView,
    ResultsView,
    Said,
    audience_words,
    chip_of,
    say,
    show_numbers,
    show_rehearsal,
    show_results,
)
from frontdesk.web.pages.rows import Chip
from frontdesk.web.pages.views import Place, read_place

PAGE = 20
STEPS = ("Draft", "Rehearsed", "Approved", "Sending", "Done")
_TAG = re.compile(r"(\{\{[^{}]*\}\})")


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsView:
    """One wording: split at its tags (every second part is one), as somebody would read it, and what is wrong."""

    name: str
    weight: int
    parts: Sequence[str]
    filled: str
    segments: int
    units: int
    encoding: str
    findings: Sequence[delivery.Finding]

    @property
    def has_errors(self) -> bool:
        """Whether something in it keeps it from being approved."""
        return any(one.severity is delivery.Severity.ERROR for one in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignView:
    """A campaign on its own page; `mark` changes when the page around its figures does."""

    place: Place
    campaign: Campaign
    chip: Chip
    said: Said
    words: Sequence[WordsView]
    numbers: Sequence[NumberLine]
    rehearsal: RehearsalView | None
    results: ResultsView | None
    proof: delivery.StopProof | None
    budget: delivery.Budget
    spending: Sequence[Bar]
    step: int
    why_not_approved: str
    may_write: bool
    may_approve: bool
    may_pause: bool
    may_resume: bool

    @property
    def is_moving(self) -> bool:
        """Whether its figures change by themselves."""
        return self.campaign.status in MOVING or self.is_rehearsing

    @property
    def is_rehearsing(self) -> bool:
        """Whether a rehearsal is under way."""
        return self.rehearsal is not None and self.rehearsal.status == "running"

    @property
    def mark(self) -> str:
        """Name the state on which the page depends."""
        campaign = self.campaign
        rehearsed = "none" if self.rehearsal is None else self.rehearsal.status
        return f"{campaign.status.value}-{'paused' if campaign.paused else 'on'}-{rehearsed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseView:
    """How a campaign's texts went on over time, in sums since its start."""

    place: Place
    campaign_id: UUID
    is_moving: bool
    moments: Sequence[Moment]


async def read_lines(tx: Transaction, *, before: UUID | None) -> list[CampaignLine]:
    """Read some campaigns, newest first, with the figures of each."""
    found = await campaigns.list_campaigns(tx, before=before, limit=PAGE)
    return [await _line(tx, one) for one in found]


async def _line(tx: Transaction, campaign: Campaign) -> CampaignLine:
    people: int | None = None
    sent: int | None = None
    cost_cents: Decimal | None = None
    if campaign.started_at is not None:
        results = show_results(await campaigns.sum_results(tx, campaign_id=campaign.id))
        people, sent, cost_cents = campaign.recipients or results.people, results.sent, results.cost_cents
    elif campaign.rehearsal_id is not None:
        rehearsal = await campaigns.get_rehearsal(tx, rehearsal_id=campaign.rehearsal_id)
        if rehearsal.status == "done":
            people = msgspec.json.decode(rehearsal.summary, type=Summary).people
    return CampaignLine(campaign=campaign, chip=chip_of(campaign), people=people, sent=sent, cost_cents=cost_cents)


async def read_campaign(tx: Transaction, visit: Visit, campaign_id: UUID) -> CampaignView:
    """Read all there is to know of a campaign; refuses one that the business does not have."""
    campaign = await campaigns.get_campaign(tx, campaign_id=campaign_id)
    place, tenant = await read_place(tx), await tenants.get_tenant(tx)
    rehearsal: RehearsalView | None = None
    if campaign.rehearsal_id is not None:
        found = await campaigns.get_rehearsal(tx, rehearsal_id=campaign.rehearsal_id)
        rehearsal = show_rehearsal(found, campaign, place=place)
    results: ResultsView | None = None
    if campaign.started_at is not None:
        results = show_results(await campaigns.sum_results(tx, campaign_id=campaign_id))
    proof: delivery.StopProof | None = None
    if campaign.paused:
        proof = await delivery.prove_stop(tx, scope=delivery.Scope.CAMPAIGN, key=str(campaign_id))
    words = [read_words(one, business=tenant.name) for one in campaign.variants]
    numbers = [one for one in await senders.list_numbers(tx) if one.phone_e164 in campaign.senders]
    budget = await delivery.get_budget(tx)
    return CampaignView(
        place=place,
        campaign=campaign,
        chip=chip_of(campaign),
        said=say(campaign, audience=await _audience(tx, campaign.audience), place=place),
        words=words,
        numbers=show_numbers(numbers),
        rehearsal=rehearsal,
        results=results,
        proof=proof,
        budget=budget,
        spending=bar_spending(
            Decimal(0) if results is None else results.cost_cents,
            None if rehearsal is None else rehearsal.summary,
            budget,
        ),
        step=_step(campaign, rehearsal),
        why_not_approved=_why_not_approved(words, rehearsal),
        may_write=visit.may(Scope.CAMPAIGNS_WRITE),
        may_approve=visit.may(Scope.CAMPAIGNS_APPROVE),
        may_pause=visit.may(Scope.DELIVERY_PAUSE),
        may_resume=visit.may(Scope.DELIVERY_RESUME),
    )


async def read_course(tx: Transaction, campaign_id: UUID) -> CourseView:
    """Read how a campaign's texts went on; refuses one that the business does not have."""
    campaign = await campaigns.get_campaign(tx, campaign_id=campaign_id)
    place = await read_place(tx)
    course = await campaigns.read_course(tx, campaign_id=campaign_id)
    return CourseView(
        place=place,
        campaign_id=campaign_id,
        is_moving=campaign.status in MOVING,
        moments=[] if course is None else draw_course(course, place=place),
    )


def read_words(variant: Variant, *, business: str) -> WordsView:
    """Read one wording as somebody with a usual name would, and check it."""
    own = dict.fromkeys(delivery.tags_of(variant.body), SAMPLE_VALUE)
    try:
        filled = delivery.fill_words(variant.body, {**own, **SAMPLE, "business": business}, is_tag=is_tag)
    except Refused:
        filled = ""  # it has a tag that does not exist, which the findings say
    filled = delivery.to_gsm7_friendly(filled)
    counted = count(filled)
    return WordsView(
        name=variant.name,
        weight=variant.weight,
        parts=_TAG.split(variant.body),
        filled=filled,
        segments=counted.count,
        units=counted.units,
        encoding=counted.encoding.value,
        findings=check_words(variant.body),
    )


async def _audience(tx: Transaction, document: str) -> str:
    segment_id = json.loads(document).get("segment_id")
    if not segment_id:
        return audience_words(document)
    try:
        segment = await contacts.get_segment(tx, UUID(segment_id))
    except (Refused, ValueError):
        return audience_words(document)
    return audience_words(document, segment_name=segment.name)


def _step(campaign: Campaign, rehearsal: RehearsalView | None) -> int:
    """Tell how far a campaign has come, as a place in STEPS."""
    match campaign.status:
        case CampaignStatus.DRAFT:
            return 1 if rehearsal is not None and rehearsal.status == "done" and rehearsal.is_current else 0
        case CampaignStatus.APPROVED:
            return 2
        case CampaignStatus.EXPANDING | CampaignStatus.RUNNING:
            return 3
        case _:
            return 4


def _why_not_approved(words: Sequence[WordsView], rehearsal: RehearsalView | None) -> str:
    """Say what is to do before a draft can be approved; empty if nothing is."""
    if any(one.has_errors for one in words):
        return "Put the wording right first."
    if rehearsal is None:
        return "Rehearse it first: nothing is sent, and you see who would get what and when."
    if rehearsal.status == "running":
        return "The rehearsal is under way."
    if rehearsal.status != "done" or not rehearsal.is_current:
        return "Rehearse it again: what was rehearsed is not what it says now."
    return ""
