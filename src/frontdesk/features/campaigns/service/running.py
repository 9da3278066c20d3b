"""Running a campaign: started, paused, resumed, canceled, watched, ended."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from frontdesk.features import delivery
from frontdesk.features.campaigns.events import CampaignEnded, CampaignExpanded, CampaignStarted, CampaignTripped
from frontdesk.features.campaigns.model import Campaign, CampaignStatus
from frontdesk.features.campaigns.queries import campaigns, recipients
from frontdesk.features.campaigns.service.drafting import get_campaign
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor, system
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.jobs import start_run

EXPAND = "campaigns.expand.v1"
DROP_BATCH = 5_000
LEAST_SENT = 20  # fewer texts than this say nothing about a campaign
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


async def start_campaign(tx: Transaction, *, campaign_id: UUID, by: Actor) -> Campaign:
    """Start an approved campaign, once; starting it again changes nothing. Refuses one not approved (409)."""
    campaign = await get_campaign(tx, campaign_id=campaign_id)
    if campaign.status in (CampaignStatus.EXPANDING, CampaignStatus.RUNNING):
        return campaign
    if campaign.status is not CampaignStatus.APPROVED:
        raise Refused(
            "campaigns.not_approved",
            f"the campaign is {campaign.status.value}: only an approved one starts",
            status=409,
        )
    if campaign.ends_at <= tx.now:
        raise Refused("campaigns.too_late", "the campaign's time limit has passed: clone it", status=409)
    run = await start_run(tx, EXPAND, {"campaign_id": str(campaign_id)}, key=str(campaign_id))
    if await campaigns.mark_started(tx, campaign_id=campaign_id, run_id=run.run_id):
        await delivery.open_stream(
            tx,
            campaign_id=campaign_id,
            per_minute=campaign.per_minute,
            quiet_from=campaign.quiet_from,
            quiet_until=campaign.quiet_until,
            numbers=campaign.senders,
        )
        await audit.write_entry(tx, actor=by, action="campaigns.started", subject=f"campaign:{campaign_id}")
        tx.announce(CampaignStarted(campaign_id=campaign_id, by=by.id))
    return await get_campaign(tx, campaign_id=campaign_id)


async def note_expanded(tx: Transaction, *, campaign_id: UUID) -> int:
    """Write that every person of a campaign has a text or a reason why not; returns how many people."""
    count = await recipients.count_recipients(tx, campaign_id=campaign_id)
    if await campaigns.note_expanded(tx, campaign_id=campaign_id, recipients=count):
        tx.announce(CampaignExpanded(campaign_id=campaign_id, recipients=count))
    return count


async def pause_campaign(tx: Transaction, *, campaign_id: UUID, by: Actor, reason: str) -> Campaign:
    """Pull a campaign's kill switch: no text of it starts more than 0.5 s after the commit; queued ones stay queued."""
    await get_campaign(tx, campaign_id=campaign_id)
    await delivery.pause_sending(
        tx, scope=delivery.Scope.CAMPAIGN, key=str(campaign_id), by=by, reason=reason or "paused"
    )
    return await get_campaign(tx, campaign_id=campaign_id)


async def resume_campaign(tx: Transaction, *, campaign_id: UUID, by: Actor) -> Campaign:
    """Let a paused campaign go on; what its breaker counted before is forgiven."""
    campaign = await get_campaign(tx, campaign_id=campaign_id)
    if campaign.paused:
        # The campaign before its switch and the audit log, as whoever starts or cancels it: none waits in a circle.
        await campaigns.note_resumed(tx, campaign_id=campaign_id)
        await delivery.resume_sending(tx, scope=delivery.Scope.CAMPAIGN, key=str(campaign_id), by=by)
    return await get_campaign(tx, campaign_id=campaign_id)


async def cancel_campaign(tx: Transaction, *, campaign_id: UUID, by: Actor) -> Campaign:
    """End a campaign for good: what has not left is dropped, what has left stays. Refuses an ended one (409)."""
    campaign = await get_campaign(tx, campaign_id=campaign_id)
    if not await campaigns.mark_ended(tx, campaign_id=campaign_id, status=CampaignStatus.CANCELED):
        raise Refused(
            "campaigns.ended", f"the campaign is {campaign.status.value}: nothing is left to cancel", status=409
        )
    await delivery.close_stream(tx, campaign_id=campaign_id)
    await delivery.pause_sending(
        tx, scope=delivery.Scope.CAMPAIGN, key=str(campaign_id), by=by, reason="the campaign is canceled"
    )
    await audit.write_entry(tx, actor=by, action="campaigns.canceled", subject=f"campaign:{campaign_id}")
    tx.announce(CampaignEnded(campaign_id=campaign_id, status=CampaignStatus.CANCELED.value))
    return await get_campaign(tx, campaign_id=campaign_id)


async def look_after(tx: Transaction, moving: campaigns.Moving) -> None:
    """Look at one campaign under way, in its own tenant: trip its breaker, drop what is too late, end it when done."""
    if moving.status in (CampaignStatus.COMPLETED, CampaignStatus.CANCELED):
        await delivery.drop_queued(tx, campaign_id=moving.id, code="campaign.ended", limit=DROP_BATCH)
        return
    if tx.now >= moving.ends_at:
        await _end(tx, moving, code="campaign.time_limit")
        return
    if moving.tripped_because is None:
        await _trip_if_needed(tx, moving)
    if moving.status is CampaignStatus.RUNNING:
        queued, in_flight = await recipients.read_unsettled(tx, tenant_id=moving.tenant_id, campaign_id=moving.id)
        if queued == 0 and in_flight == 0:
            await _end(tx, moving, code="campaign.done")


async def _end(tx: Transaction, moving: campaigns.Moving, *, code: str) -> None:
    if await campaigns.mark_ended(tx, campaign_id=moving.id, status=CampaignStatus.COMPLETED):
        await delivery.close_stream(tx, campaign_id=moving.id)
        await delivery.drop_queued(tx, campaign_id=moving.id, code=code, limit=DROP_BATCH)
        tx.announce(CampaignEnded(campaign_id=moving.id, status=CampaignStatus.COMPLETED.value))


async def _trip_if_needed(tx: Transaction, moving: campaigns.Moving) -> None:
    """Pause a campaign by itself when too many of its last hundred people said STOP or did not get their text."""
    seen = await recipients.look_at_last_hundred(
        tx, tenant_id=moving.tenant_id, campaign_id=moving.id, since=moving.resumed_at or LONG_AGO
    )
    if seen.sent < LEAST_SENT:
        return
    if seen.opted_out > moving.trip_opt_outs:
        because = f"{seen.opted_out} of the last {seen.sent} people said STOP (limit {moving.trip_opt_outs})"
    elif seen.failed > moving.trip_failures:
        because = f"{seen.failed} of the last {seen.sent} texts failed (limit {moving.trip_failures})"
    else:
        return
    await campaigns.note_tripped(tx, campaign_id=moving.id, because=because)
    await delivery.pause_sending(
        tx, scope=delivery.Scope.CAMPAIGN, key=str(moving.id), by=system("campaign-breaker"), reason=because
    )
    tx.announce(CampaignTripped(campaign_id=moving.id, because=because))
