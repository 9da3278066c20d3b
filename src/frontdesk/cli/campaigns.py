"""Campaigns on the command line: drafted from a file, rehearsed, approved, run, and looked at."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer

from frontdesk.cli.options import AsJson, Home, OptionalTenant, TenantSlug

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from frontdesk.features.campaigns import Campaign
    from frontdesk.features.campaigns.queries.rehearsals import Rehearsal
    from frontdesk.kernel.db import Transaction
    from frontdesk.wiring import Frontdesk

Result = TypeVar("Result")
PATIENCE_SECONDS = 600.0
PACE_SECONDS = 0.25
CampaignId = Annotated[str, typer.Argument(help="Id of the campaign, as `frontdesk campaign list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    verbs = typer.Typer(help="Campaigns: texts to many, rehearsed before anything leaves.")
    verbs.command("list")(list_campaigns)
    verbs.command("create")(create_campaign)
    verbs.command("show")(show_campaign)
    verbs.command("rehearse")(rehearse_campaign)
    verbs.command("approve")(approve_campaign)
    verbs.command("start")(start_campaign)
    verbs.command("cancel")(cancel_campaign)
    app.add_typer(verbs, name="campaign")


def list_campaigns(*, tenant: OptionalTenant = None, home: Home = None, as_json: AsJson = False) -> None:
    """List the campaigns of a business, or of all, newest first."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features import campaigns, tenants

    async def work(parts: Frontdesk) -> list[tuple[str, Campaign]]:
        async with parts.system.transaction() as tx:
            businesses = await tenants.list_tenants(tx)
        wanted = None if tenant is None else await find_tenant_id(parts, tenant)
        found: list[tuple[str, Campaign]] = []
        for business in businesses:
            if wanted in {None, business.id}:
                async with parts.app.transaction(business.id) as tx:
                    found += [(business.slug, one) for one in await campaigns.list_campaigns(tx)]
        return found

    found = with_office(home, work)
    if as_json:
        write_json({"campaigns": [{"tenant": slug, "campaign": one} for slug, one in found]})
        return
    rows = [
        (str(one.id), slug, one.name, one.status.value, "yes" if one.paused else "", one.recipients, one.created_at)
        for slug, one in found
    ]
    show_table("Campaigns", ("id", "business", "name", "status", "paused", "people", "created"), rows)


def create_campaign(
    file: Annotated[Path, typer.Argument(help="JSON as POST /api/campaigns takes it; - for standard input.")],
    *,
    tenant: TenantSlug,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Draft a campaign from a file."""
    import sys

    from pydantic import ValidationError

    from frontdesk.cli.office import actor, find_tenant_id, with_office
    from frontdesk.features import campaigns
    from frontdesk.features.campaigns.routes import CampaignOrder
    from frontdesk.kernel.errors import Refused

    text = sys.stdin.read() if str(file) == "-" else file.read_text()
    try:
        draft = CampaignOrder.model_validate_json(text).draft()
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Refused("campaigns.bad_file", f"{file}: {place}: {first['msg']}", status=422) from None

    async def work(parts: Frontdesk) -> Campaign:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            return await campaigns.create_campaign(tx, draft, by=actor())

    _show(with_office(home, work), as_json=as_json)


def show_campaign(campaign: CampaignId, *, home: Home = None, as_json: AsJson = False) -> None:
    """Show a campaign and what has become of its texts."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features import campaigns
    from frontdesk.features.campaigns.queries.recipients import ResultLine

    async def read(tx: Transaction, campaign_id: UUID) -> tuple[Campaign, list[ResultLine]]:
        return (
            await campaigns.get_campaign(tx, campaign_id=campaign_id),
            await campaigns.sum_results(tx, campaign_id=campaign_id),
        )

    known, lines = with_office(home, lambda parts: _with_campaign(parts, campaign, read))
    if as_json:
        write_json({"campaign": known, "results": lines})
        return
    _show(known, as_json=False)
    head = ("status", "reason", "wording", "people", "segments", "cents", "said STOP", "answered")
    rows = [
        (one.status, one.code, one.variant, one.people, one.segments, one.cost_cents, one.opted_out, one.answered)
        for one in lines
    ]
    show_table("Results", head, rows)


def rehearse_campaign(campaign: CampaignId, *, home: Home = None, as_json: AsJson = False) -> None:
    """Rehearse a campaign over the next seven days and wait for the figures; needs a running worker."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.cli.output import console, show_facts, write_json
    from frontdesk.features import campaigns

    async def begin(tx: Transaction, campaign_id: UUID) -> Rehearsal:
        return await campaigns.begin_rehearsal(tx, campaign_id=campaign_id, by=actor())

    async def work(parts: Frontdesk) -> Rehearsal:
        begun = await _with_campaign(parts, campaign, begin)

        async def read(tx: Transaction, _campaign_id: UUID) -> Rehearsal:
            return await campaigns.get_rehearsal(tx, rehearsal_id=begun.id)

        deadline = parts.clock.monotonic() + PATIENCE_SECONDS
        while (found := await _with_campaign(parts, campaign, read)).status == "running":
            if parts.clock.monotonic() > deadline:
                break
            await asyncio.sleep(PACE_SECONDS)
        return found

    found = with_office(home, work)
    summary = json.loads(found.summary)
    if as_json:
        write_json({"rehearsal_id": str(found.id), "status": found.status, **summary})
    elif found.status == "done":
        show_facts(summary)
    else:
        console().print(f"The rehearsal is {found.status}; {found.rehearsed} people so far. Is a worker running?")
    if found.status != "done":
        raise typer.Exit(1)


def approve_campaign(campaign: CampaignId, *, home: Home = None, as_json: AsJson = False) -> None:
    """Approve a campaign as it is now and was rehearsed."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.features import campaigns

    async def approve(tx: Transaction, campaign_id: UUID) -> Campaign:
        known = await campaigns.get_campaign(tx, campaign_id=campaign_id)
        return await campaigns.approve_campaign(
            tx, campaign_id=campaign_id, content_hash=known.content_hash, by=actor()
        )

    _show(with_office(home, lambda parts: _with_campaign(parts, campaign, approve)), as_json=as_json)


def start_campaign(campaign: CampaignId, *, home: Home = None, as_json: AsJson = False) -> None:
    """Start an approved campaign; a running worker makes and sends its texts."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.features import campaigns

    async def start(tx: Transaction, campaign_id: UUID) -> Campaign:
        return await campaigns.start_campaign(tx, campaign_id=campaign_id, by=actor())

    _show(with_office(home, lambda parts: _with_campaign(parts, campaign, start)), as_json=as_json)


def cancel_campaign(campaign: CampaignId, *, home: Home = None, as_json: AsJson = False) -> None:
    """End a campaign for good: what has not left is dropped."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.features import campaigns

    async def cancel(tx: Transaction, campaign_id: UUID) -> Campaign:
        return await campaigns.cancel_campaign(tx, campaign_id=campaign_id, by=actor())

    _show(with_office(home, lambda parts: _with_campaign(parts, campaign, cancel)), as_json=as_json)


async def _with_campaign(
    parts: Frontdesk, campaign: str, work: Callable[[Transaction, UUID], Awaitable[Result]]
) -> Result:
    """Do something with a campaign, in its own business's view."""
    owner = await find_owner_of_campaign(parts, campaign)
    async with parts.app.transaction(owner) as tx:
        return await work(tx, UUID(campaign))


async def find_owner_of_campaign(parts: Frontdesk, campaign: str) -> UUID:
    """Find whose a campaign is; refuses one that nobody has."""
    from frontdesk.features import campaigns
    from frontdesk.kernel.errors import Refused

    try:
        campaign_id = UUID(campaign)
    except ValueError:
        raise Refused("campaigns.not_found", f"{campaign} is no id of a campaign", status=404) from None
    async with parts.system.transaction() as tx:
        owner = await campaigns.find_owner(tx, campaign_id=campaign_id)
    if owner is None:
        raise Refused("campaigns.not_found", f"there is no campaign {campaign}", status=404)
    return owner


def _show(campaign: Campaign, *, as_json: bool) -> None:
    from frontdesk.cli.output import show_facts, write_json

    if as_json:
        write_json(campaign)
        return
    show_facts(
        {
            "campaign": campaign.name,
            "id": campaign.id,
            "status": campaign.status.value + (" (paused)" if campaign.paused else ""),
            "tripped": campaign.tripped_because or "",
            "people": campaign.recipients,
            "approved by": campaign.approved_by or "",
            "ends": campaign.ends_at,
        }
    )
