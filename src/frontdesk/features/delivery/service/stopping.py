"""Stopping what does harm and nothing else: which businesses and campaigns that is, and pulling their switches."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from frontdesk.features.delivery.queries import outcomes, promises
from frontdesk.features.delivery.queries.outcomes import Ended
from frontdesk.features.delivery.queries.promises import Broken, Switch
from frontdesk.features.delivery.service.switching import Scope, pause_sending
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction

FEWEST_OUTCOMES = 20  # below that a rate says nothing
WORST_DELIVERED = 0.90
FEWEST_FILTERED = 5
FILTERED_SHARE = 0.02
BROKEN, AT_NIGHT = "promise broken", "texts at night"  # how the reasons of such switches begin


def fails(ended: Ended) -> bool:
    """Tell whether too few of the texts of a campaign or business arrive."""
    return ended.texts >= FEWEST_OUTCOMES and ended.delivered < ended.texts * WORST_DELIVERED


def is_filtered(ended: Ended) -> bool:
    """Tell whether carriers filter what a campaign or business says."""
    return ended.filtered >= FEWEST_FILTERED and ended.filtered > ended.texts * FILTERED_SHARE


async def list_breaking(tx: Transaction) -> list[UUID]:
    """List businesses that may send although a promise was broken for them.

    Whoever releases the switch that was pulled for it has looked: what was broken before does not count again.
    """
    broken = [
        *await promises.list_accepted_twice(tx),
        *await promises.list_one_message_for_two(tx),
        *await promises.list_after_stop(tx),
        *await promises.list_unexplained(tx),
    ]
    going = await _still_going(tx, broken, [str(one.tenant_id) for one in broken], BROKEN)
    return sorted({one.tenant_id for one in going}, key=str)


async def list_night_campaigns(tx: Transaction) -> list[tuple[UUID, UUID | None]]:
    """List (business, campaign) that may send although they texted people at night, as `list_breaking` counts it."""
    broken = await promises.list_at_night(tx)
    keys = [key for one in broken for key in (str(one.tenant_id), str(one.campaign_id))]
    going = await _still_going(tx, broken, keys, AT_NIGHT)
    return [(one.tenant_id, one.campaign_id) for one in going]


async def _still_going(tx: Transaction, broken: Iterable[Broken], keys: list[str], reason: str) -> list[Broken]:
    switches = await promises.list_switches(tx, keys)
    return [one for one in broken if not any(_deals_with(switch, one, reason) for switch in switches)]


def _deals_with(switch: Switch, one: Broken, reason: str) -> bool:
    """Tell whether a switch stops what broke a promise, or was pulled for it and released by somebody since."""
    wide = switch.scope in (Scope.GLOBAL, Scope.CHANNEL)
    if not wide and switch.key not in {str(one.tenant_id), str(one.campaign_id)}:
        return False
    looked = switch.reason.startswith(reason) and one.last_at is not None and one.last_at <= switch.changed_at
    return switch.paused_at is not None or looked


async def pause_all_of(
    tx: Transaction, found: Iterable[tuple[UUID, UUID | None]], *, by: Actor, reason: str
) -> list[str]:
    """Pull the switch of each (business, campaign), the business's where there is no campaign; names them."""
    pulled = []
    for tenant_id, campaign_id in found:
        scope, key = (Scope.TENANT, tenant_id) if campaign_id is None else (Scope.CAMPAIGN, campaign_id)
        await pause_sending(tx, scope=scope, key=str(key), by=by, reason=reason)
        pulled.append(f"{scope.value} {key}")
    return pulled


async def list_failing(tx: Transaction) -> list[tuple[UUID, UUID | None]]:
    """List (business, campaign) of which too few texts arrive."""
    return [(one.tenant_id, one.campaign_id) for one in await outcomes.list_ended(tx) if fails(one)]


async def list_filtered(tx: Transaction) -> list[tuple[UUID, UUID | None]]:
    """List (business, campaign) whose texts carriers filter."""
    return [(one.tenant_id, one.campaign_id) for one in await outcomes.list_ended(tx) if is_filtered(one)]
