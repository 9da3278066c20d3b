"""Writing a campaign: drafted, checked, changed, cloned, approved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import Decimal
from uuid import UUID

from frontdesk.features import delivery, senders, tenants
from frontdesk.features.campaigns.events import CampaignApproved
from frontdesk.features.campaigns.model import (
    TRIP_FAILURES,
    TRIP_OPT_OUTS,
    Campaign,
    CampaignStatus,
    RehearsalStatus,
    Schedule,
    ScheduleMode,
    Variant,
    hash_content,
)
from frontdesk.features.campaigns.queries import campaigns, rehearsals
from frontdesk.features.campaigns.service.audience import read_audience
from frontdesk.features.campaigns.words import check_words
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id

MAX_VARIANTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person writes of a campaign; `audience` is the JSON of a filter or of a segment's id."""

    name: str
    audience: str
    variants: tuple[Variant, ...]
    senders: tuple[str, ...]
    schedule: Schedule
    ends_at: datetime
    per_minute: Decimal | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None
    trip_opt_outs: int = TRIP_OPT_OUTS
    trip_failures: int = TRIP_FAILURES


async def create_campaign(tx: Transaction, draft: Draft, *, by: Actor, cloned_from: UUID | None = None) -> Campaign:
    """Write a new draft; refuses what cannot be a campaign (`campaigns.…`, 422), naming what to change."""
    await _check(tx, draft)
    campaign = _of(draft, tx, campaign_id=new_id(), by=by, cloned_from=cloned_from)
    await campaigns.insert_campaign(tx, campaign)
    await audit.write_entry(tx, actor=by, action="campaigns.created", subject=f"campaign:{campaign.id}")
    return await get_campaign(tx, campaign_id=campaign.id)


async def get_campaign(tx: Transaction, *, campaign_id: UUID) -> Campaign:
    """Get a campaign; refuses one the tenant does not have (`campaigns.not_found`)."""
    campaign = await campaigns.find_campaign(tx, campaign_id=campaign_id)
    if campaign is None:
        raise Refused("campaigns.not_found", "no such campaign", status=404)
    return campaign


async def change_campaign(tx: Transaction, *, campaign_id: UUID, draft: Draft, by: Actor) -> Campaign:
    """Change what a campaign says; its approval falls if anything changed. Refuses one that has started (409)."""
    known = await get_campaign(tx, campaign_id=campaign_id)
    await _check(tx, draft)
    changed = _of(draft, tx, campaign_id=known.id, by=by, cloned_from=known.cloned_from)
    if not await campaigns.update_campaign(tx, changed):
        raise Refused(
            "campaigns.started",
            f"the campaign is {known.status.value}: what it says cannot change any more; clone it instead",
            status=409,
        )
    await audit.write_entry(tx, actor=by, action="campaigns.changed", subject=f"campaign:{known.id}")
    return await get_campaign(tx, campaign_id=known.id)


async def clone_campaign(tx: Transaction, *, campaign_id: UUID, name: str | None, by: Actor) -> Campaign:
    """Write a new draft that says the same; its time limit keeps its distance from today."""
    known = await get_campaign(tx, campaign_id=campaign_id)
    span = known.ends_at - known.created_at
    at = known.schedule.at
    return await create_campaign(
        tx,
        Draft(
            name=name or f"{known.name} (copy)"[:120],
            audience=known.audience,
            variants=known.variants,
            senders=known.senders,
            schedule=replace(known.schedule, at=None if at is None or at < tx.now else at),
            ends_at=tx.now + span,
            per_minute=known.per_minute,
            quiet_from=known.quiet_from,
            quiet_until=known.quiet_until,
            trip_opt_outs=known.trip_opt_outs,
            trip_failures=known.trip_failures,
        ),
        by=by,
        cloned_from=known.id,
    )


async def check_campaign(tx: Transaction, *, campaign_id: UUID) -> dict[str, list[delivery.Finding]]:
    """List what is wrong with each wording of a campaign, errors first."""
    campaign = await get_campaign(tx, campaign_id=campaign_id)
    return {one.name: check_words(one.body) for one in campaign.variants}


async def approve_campaign(tx: Transaction, *, campaign_id: UUID, content_hash: str, by: Actor) -> Campaign:
    """Approve what was read: exactly the content with this hash, and only after it has been rehearsed.

    Refuses `campaigns.changed_meanwhile`, `campaigns.words_refused`, `campaigns.not_rehearsed`, and a campaign that is
    no draft (`campaigns.not_a_draft`), all 409.
    """
    campaign = await get_campaign(tx, campaign_id=campaign_id)
    if campaign.status is not CampaignStatus.DRAFT:
        raise Refused("campaigns.not_a_draft", f"the campaign is {campaign.status.value} already", status=409)
    if campaign.content_hash != content_hash:
        raise Refused(
            "campaigns.changed_meanwhile", "the campaign says something else by now: read it again", status=409
        )
    for name, findings in (await check_campaign(tx, campaign_id=campaign_id)).items():
        errors = [finding for finding in findings if finding.severity is delivery.Severity.ERROR]
        if errors:
            raise Refused("campaigns.words_refused", f"wording “{name}”: {errors[0].message}", status=409)
    rehearsal = campaign.rehearsal_id and await rehearsals.find_rehearsal(tx, rehearsal_id=campaign.rehearsal_id)
    if not rehearsal or rehearsal.status is not RehearsalStatus.DONE or rehearsal.content_hash != content_hash:
        raise Refused(
            "campaigns.not_rehearsed", "rehearse the campaign as it is now, then approve what you saw", status=409
        )
    if not await campaigns.mark_approved(tx, campaign_id=campaign.id, by=by.shown, content_hash=content_hash):
        raise Refused("campaigns.changed_meanwhile", "the campaign changed just now: read it again", status=409)
    await audit.write_entry(
        tx,
        actor=by,
        action="campaigns.approved",
        subject=f"campaign:{campaign.id}",
        details={"content_hash": content_hash},
    )
    tx.announce(CampaignApproved(campaign_id=campaign.id, by=by.id, content_hash=content_hash))
    return await get_campaign(tx, campaign_id=campaign.id)


async def _check(tx: Transaction, draft: Draft) -> None:
    if not draft.name.strip():
        raise Refused("campaigns.bad_name", "give the campaign a name", status=422)
    names = [one.name for one in draft.variants]
    if not 1 <= len(names) <= MAX_VARIANTS or len(set(names)) != len(names):
        raise Refused(
            "campaigns.bad_variants",
            f"a campaign has one to {MAX_VARIANTS} wordings, each with a name of its own",
            status=422,
        )
    if any(one.weight < 1 or not one.body.strip() for one in draft.variants):
        raise Refused("campaigns.bad_variants", "each wording needs words and a weight of 1 or more", status=422)
    if draft.ends_at <= tx.now:
        raise Refused("campaigns.bad_ends_at", "the time limit is in the past", status=422)
    if draft.schedule.mode is ScheduleMode.LOCAL and draft.schedule.local_at is None:
        raise Refused(
            "campaigns.bad_schedule",
            "a schedule in the recipient's zone needs `local_at`, a date and time without zone",
            status=422,
        )
    known = {one.phone_e164 for one in await senders.list_numbers(tx)}
    if not draft.senders or not set(draft.senders) <= known:
        unknown = ", ".join(sorted(set(draft.senders) - known)) or "none is given"
        raise Refused("campaigns.bad_senders", f"send from numbers of this business; {unknown}", status=422)
    await read_audience(tx, draft.audience)
    await _check_quiet_hours(tx, draft)


async def _check_quiet_hours(tx: Transaction, draft: Draft) -> None:
    """Hold a campaign's own quiet hours to the business's: they may only add to them."""
    if draft.quiet_from is None and draft.quiet_until is None:
        return
    if draft.quiet_from is None or draft.quiet_until is None:
        raise Refused("campaigns.bad_quiet_hours", "quiet hours need both `quiet_from` and `quiet_until`", status=422)
    tenant = await tenants.get_tenant(tx)
    if draft.quiet_from > tenant.quiet_from or draft.quiet_until < tenant.quiet_until:
        raise Refused(
            "campaigns.bad_quiet_hours",
            f"a campaign's quiet hours hold at least from {tenant.quiet_from:%H:%M} until {tenant.quiet_until:%H:%M}, "
            "as the business's do",
            status=422,
        )


def _of(draft: Draft, tx: Transaction, *, campaign_id: UUID, by: Actor, cloned_from: UUID | None) -> Campaign:
    return Campaign(
        id=campaign_id,
        tenant_id=tx.tenant,
        name=draft.name.strip(),
        status=CampaignStatus.DRAFT,
        audience=draft.audience,
        variants=draft.variants,
        senders=draft.senders,
        schedule=draft.schedule,
        per_minute=draft.per_minute,
        quiet_from=draft.quiet_from,
        quiet_until=draft.quiet_until,
        ends_at=draft.ends_at,
        content_hash=hash_content(
            audience=draft.audience,
            variants=draft.variants,
            senders=draft.senders,
            schedule=draft.schedule,
            per_minute=draft.per_minute,
            quiet=(draft.quiet_from, draft.quiet_until),
            ends_at=draft.ends_at,
            trips=(draft.trip_opt_outs, draft.trip_failures),
        ),
        approved_by=None,
        approved_at=None,
        rehearsal_id=None,
        recipients=0,
        trip_opt_outs=draft.trip_opt_outs,
        trip_failures=draft.trip_failures,
        tripped_because=None,
        resumed_at=None,
        cloned_from=cloned_from,
        created_by=by.shown,
        created_at=tx.now,
        updated_at=tx.now,
        started_at=None,
        ended_at=None,
    )
