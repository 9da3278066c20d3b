"""What campaigns do in the background: make texts batch by batch, rehearse, and look after what is under way."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from frontdesk.features.campaigns.model import CampaignStatus
from frontdesk.features.campaigns.queries import campaigns
from frontdesk.features.campaigns.service import making, rehearsing, running
from frontdesk.features.campaigns.service.drafting import get_campaign
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.jobs import RunContext, Workflows
from frontdesk.kernel.telemetry import get_logger

log = get_logger("campaigns")


def add_workflows(workflows: Workflows, *, app: Database) -> None:
    """Register the making of a campaign's texts and its rehearsal."""

    @workflows.workflow(running.EXPAND, concurrency=2)
    async def expand(run: RunContext) -> None:
        campaign_id = UUID(str(run.args["campaign_id"]))
        after: str | None = None
        while True:
            after = await run.step(f"people after {after or 'the first'}", partial(_queue_some, campaign_id, after))
            if after is None:
                break

        async def done(tx: Transaction) -> int:
            return await running.note_expanded(tx, campaign_id=campaign_id)

        await run.step("all people", done)

    @workflows.workflow(rehearsing.REHEARSE, concurrency=1)
    async def rehearse(run: RunContext) -> None:
        rehearsal_id = UUID(str(run.args["rehearsal_id"]))

        async def whole() -> int:
            try:
                return await _rehearse(app, run.tenant_id, rehearsal_id)
            except Refused as refusal:
                async with app.transaction(run.tenant_id) as tx:
                    await rehearsing.fail_rehearsal(tx, rehearsal_id=rehearsal_id, because=refusal.message)
                raise

        await run.call("play", whole)


async def _queue_some(campaign_id: UUID, after: str | None, tx: Transaction) -> str | None:
    """Make and queue the next people's texts; returns the id to go on from, None when nobody is left."""
    campaign = await get_campaign(tx, campaign_id=campaign_id)
    if campaign.status is not CampaignStatus.EXPANDING:
        return None
    maker = await making.prepare(tx, campaign, started_at=campaign.started_at or tx.now)
    made = await making.make_some(tx, maker, after=UUID(after) if after else None)
    await making.queue_some(tx, maker, made)
    return str(made[-1].person.id) if made else None


async def _rehearse(app: Database, tenant_id: UUID | None, rehearsal_id: UUID) -> int:
    """Play a rehearsal from the start; doing it again after a crash writes the same."""
    async with app.transaction(tenant_id) as tx:
        rehearsal = await rehearsing.get_rehearsal(tx, rehearsal_id=rehearsal_id)
        campaign = await get_campaign(tx, campaign_id=rehearsal.campaign_id)
        maker = await making.prepare(tx, campaign, started_at=max(rehearsal.starts_at, tx.now))
    parts: list[rehearsing.Part] = []
    allowed, after = None, None
    while True:
        async with app.transaction(tenant_id) as tx:
            some, facts, after = await rehearsing.preview_some(
                tx, maker, rehearsal_id=rehearsal_id, after=after, so_far=len(parts)
            )
        parts += some
        allowed = allowed or facts
        if after is None:
            break
    async with app.transaction(tenant_id) as tx:
        stage = await rehearsing.set_the_stage(tx, maker, rehearsal, allowed=allowed)
    ended = rehearsing.play_parts(parts, stage)
    for start in range(0, len(ended), making.BATCH):
        async with app.transaction(tenant_id) as tx:
            await rehearsing.write_parts(tx, ended[start : start + making.BATCH], rehearsal_id=rehearsal_id)
    async with app.transaction(tenant_id) as tx:
        await rehearsing.finish_rehearsal(tx, ended, rehearsal_id=rehearsal_id)
    return len(ended)


async def watch_campaigns(*, system: Database, app: Database) -> int:
    """Look after every campaign under way, each in its own tenant's transaction; returns how many there are."""
    async with system.transaction() as tx:
        moving = await campaigns.list_moving(tx)
    for one in moving:
        try:
            async with app.transaction(one.tenant_id) as tx:
                await running.look_after(tx, one)
        except Exception:
            log.exception("campaign_not_looked_after", campaign_id=str(one.id))
    return len(moving)
