"""The kill switch: pull it, release it, prove that sending has stopped."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from frontdesk.features.delivery.events import SendingPaused, SendingResumed
from frontdesk.features.delivery.model import StopProof
from frontdesk.features.delivery.queries import switches
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction


class Scope(StrEnum):
    """What a switch stops."""

    GLOBAL = "global"
    TENANT = "tenant"
    CHANNEL = "channel"
    CAMPAIGN = "campaign"


async def pause_sending(tx: Transaction, *, scope: Scope, key: str, by: Actor, reason: str) -> None:
    """Stop sending: once this commits no gate lets a text through, and no POST starts more than 0.5 s later.

    Queued work stays queued. `key` is 'all', a tenant's id, a channel or a campaign's id.
    """
    await switches.pause(tx, scope=scope.value, key=key, by=by.shown, reason=reason)
    await audit.write_entry(
        tx, actor=by, action="delivery.paused", subject=f"{scope.value}:{key}", details={"reason": reason}
    )
    tx.announce(SendingPaused(scope=scope.value, key=key, by=by.id, reason=reason))


async def resume_sending(tx: Transaction, *, scope: Scope, key: str, by: Actor) -> bool:
    """Let sending go on; False if it was not paused. What has grown too old meanwhile is dropped, not sent."""
    if not await switches.resume(tx, scope=scope.value, key=key):
        return False
    await audit.write_entry(tx, actor=by, action="delivery.resumed", subject=f"{scope.value}:{key}", details={})
    tx.announce(SendingResumed(scope=scope.value, key=key, by=by.id))
    return True


async def prove_stop(tx: Transaction, *, scope: Scope, key: str) -> StopProof:
    """Report since when sending is stopped, what is in flight, and when the last POST started."""
    if scope is Scope.TENANT:
        return await switches.prove_stop(tx, scope=scope.value, key=key)
    if scope is Scope.CAMPAIGN:
        return await switches.prove_campaign_stop(tx, scope=scope.value, campaign_id=UUID(key))
    return await switches.prove_global_stop(tx, scope=scope.value, key=key)


async def list_paused(tx: Transaction) -> list[switches.PausedSwitch]:
    """List every pulled switch."""
    return await switches.list_paused(tx)
