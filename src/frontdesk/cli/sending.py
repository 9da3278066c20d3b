"""The kill switch on the command line: stop all texts, a business's, a channel's or a campaign's, with proof."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from frontdesk.features.delivery import Scope, StopProof
    from frontdesk.wiring import Frontdesk

PROOF_SECONDS = 2.0  # a POST may start until 0.5 s after the pause, and its start is written when it ends
CHANNELS = ("sms",)

Everything = Annotated[bool, typer.Option("--all", help="Everything that leaves, of every business.")]
OneTenant = Annotated[str | None, typer.Option("--tenant", help="Short name or id of one business.")]
OneChannel = Annotated[str | None, typer.Option("--channel", help="One channel: sms.")]
OneCampaign = Annotated[str | None, typer.Option("--campaign", help="Id of one campaign.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("pause")(pause)
    app.command("resume")(resume)


def pause(
    *,
    everything: Everything = False,
    tenant: OneTenant = None,
    channel: OneChannel = None,
    campaign: OneCampaign = None,
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")] = "paused on the command line",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Stop sending, and prove it: when the last text started, what is in flight, what waits."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import write_json

    _exactly_one(everything=everything, tenant=tenant, channel=channel, campaign=campaign)
    target = Target(tenant, channel, campaign)
    proof = with_office(home, lambda parts: _pause(parts, target, reason))
    if as_json:
        write_json({"paused": True, "stopped": proof.in_flight == 0, **_document(proof)})
    else:
        _show(proof)
    if proof.in_flight:
        raise typer.Exit(1)


def resume(
    *,
    everything: Everything = False,
    tenant: OneTenant = None,
    channel: OneChannel = None,
    campaign: OneCampaign = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let sending go on; what has grown too old meanwhile is dropped with a reason, not sent late."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, write_json

    _exactly_one(everything=everything, tenant=tenant, channel=channel, campaign=campaign)
    target = Target(tenant, channel, campaign)
    resumed, still = with_office(home, lambda parts: _resume(parts, target))
    if as_json:
        write_json({"resumed": resumed, "still_paused": still})
        return
    console().print("Sending goes on." if resumed else "This was not paused.")
    for switch in still:
        console().print(f"[yellow]Still paused:[/yellow] {switch}")


@dataclass(frozen=True, slots=True)
class Target:
    """What is to stop or go on; all of it when nothing is named."""

    tenant: str | None
    channel: str | None
    campaign: str | None


def _exactly_one(*, everything: bool, tenant: str | None, channel: str | None, campaign: str | None) -> None:
    if sum((everything, tenant is not None, channel is not None, campaign is not None)) != 1:
        raise typer.BadParameter("say what: --all, --tenant NAME, --channel sms or --campaign ID")
    if channel is not None and channel not in CHANNELS:
        raise typer.BadParameter(f"{channel} is no channel; there is: {', '.join(CHANNELS)}")


async def _switch_of(parts: Frontdesk, target: Target) -> tuple[Scope, str, UUID | None]:
    """Name the switch, and the tenant that its audit entry belongs to."""
    from frontdesk.cli.office import find_tenant_id
    from frontdesk.features.delivery import Scope

    if target.tenant is not None:
        tenant_id = await find_tenant_id(parts, target.tenant)
        return Scope.TENANT, str(tenant_id), tenant_id
    if target.channel is not None:
        return Scope.CHANNEL, target.channel, None
    if target.campaign is not None:
        from frontdesk.cli.campaigns import find_owner_of_campaign

        return Scope.CAMPAIGN, target.campaign, await find_owner_of_campaign(parts, target.campaign)
    return Scope.GLOBAL, "all", None


async def _pause(parts: Frontdesk, target: Target, reason: str) -> StopProof:
    """Pull the switch, then look until nothing is in flight or 2 s have passed."""
    from frontdesk.cli.office import actor
    from frontdesk.features import delivery

    scope, key, tenant_id = await _switch_of(parts, target)
    async with parts.switches.transaction(tenant_id) as tx:
        await delivery.pause_sending(tx, scope=scope, key=key, by=actor(), reason=reason)
    deadline = parts.clock.monotonic() + PROOF_SECONDS
    while True:
        async with parts.switches.transaction(tenant_id) as tx:
            proof = await delivery.prove_stop(tx, scope=scope, key=key)
        if proof.in_flight == 0 or parts.clock.monotonic() > deadline:
            return proof
        await asyncio.sleep(0.05)


async def _resume(parts: Frontdesk, target: Target) -> tuple[bool, list[str]]:
    from frontdesk.cli.office import actor
    from frontdesk.features import delivery
    from frontdesk.wiring import SEND_TOPIC

    scope, key, tenant_id = await _switch_of(parts, target)
    async with parts.switches.transaction(tenant_id) as tx:
        resumed = await delivery.resume_sending(tx, scope=scope, key=key, by=actor())
    parts.presence.wake(SEND_TOPIC)
    async with parts.switches.transaction() as tx:
        still = [f"{switch.scope} {switch.key}" for switch in await delivery.list_paused(tx)]
    return resumed, still


def _document(proof: StopProof) -> dict[str, object]:
    return {
        "paused_at": proof.paused_at,
        "paused_by": proof.paused_by,
        "reason": proof.reason,
        "in_flight": proof.in_flight,
        "queued": proof.queued,
        "last_started_at": proof.last_started_at,
    }


def _show(proof: StopProof) -> None:
    from frontdesk.cli.output import console, show_facts

    if proof.in_flight == 0:
        console().print("[bold green]Stopped.[/bold green] No text leaves until you resume.")
    else:
        console().print(f"[bold red]Paused, but {proof.in_flight} POSTs have not come back yet.[/bold red]")
    show_facts(
        {
            "paused at": proof.paused_at,
            "by": proof.paused_by,
            "reason": proof.reason,
            "last text started": proof.last_started_at,
            "in flight": proof.in_flight,
            "waiting": proof.queued,
        }
    )
