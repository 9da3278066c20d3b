"""Reading campaigns: which there are, and what became of their texts."""

from __future__ import annotations

from uuid import UUID

from frontdesk.features.campaigns.model import Campaign, CampaignStatus
from frontdesk.features.campaigns.queries import campaigns, recipients
from frontdesk.features.campaigns.service.drafting import get_campaign
from frontdesk.kernel.db import Transaction


async def list_campaigns(
    tx: Transaction, *, before: UUID | None = None, status: CampaignStatus | None = None, limit: int = 50
) -> list[Campaign]:
    """List campaigns, newest first; pass the last id as `before` for the next page."""
    return await campaigns.list_campaigns(tx, before=before, status=status, limit=limit)


async def sum_results(tx: Transaction, *, campaign_id: UUID) -> list[recipients.ResultLine]:
    """Sum up what became of a campaign's texts, by status, reason and wording."""
    await get_campaign(tx, campaign_id=campaign_id)
    return await recipients.list_results(tx, campaign_id=campaign_id)


async def list_people(
    tx: Transaction, *, campaign_id: UUID, after: str = "", status: str | None = None, limit: int = 50
) -> list[recipients.Outcome]:
    """List a campaign's people by number; pass the last number as `after` for the next page."""
    await get_campaign(tx, campaign_id=campaign_id)
    return await recipients.list_recipients(tx, campaign_id=campaign_id, after=after, status=status, limit=limit)
