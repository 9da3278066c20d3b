"""Steering marketing between providers: away from slow or failing ones at once, back step by step."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal

from frontdesk.features.delivery.queries import steering
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.telemetry import get_logger

SLOW_SECONDS = Decimal(60)  # P90 from acceptance to the last receipt
FAILING_SHARE = Decimal("0.2")
LEAST_TEXTS = 20
FULL = 100
LEAST_WEIGHT = 10  # enough to notice that it has recovered
IN_TROUBLE = 25
STEP_BACK = 10
STEP_EVERY = timedelta(minutes=1)
MOVED_AT_ONCE = 1_000

log = get_logger("delivery")


async def steer(tx: Transaction) -> dict[str, int]:
    """Set each provider's share from how its texts fared, and move what waits at one in trouble; returns the shares.

    In trouble it falls to a quarter, then to 10 %; well again, it climbs by 10 % a minute. With fewer than 20 texts
    in 10 minutes nothing is known and nothing changes but the climb.
    """
    known = {one.provider: one for one in await steering.list_weights(tx)}
    shares = {provider: one.weight for provider, one in known.items()}
    for reading in await steering.measure_providers(tx):
        before = known.get(reading.provider)
        weight = FULL if before is None else before.weight
        if before is not None and tx.now - before.changed_at < STEP_EVERY:
            continue
        enough = reading.texts >= LEAST_TEXTS
        troubled = enough and (reading.receipts_p90_seconds > SLOW_SECONDS or reading.failed_share > FAILING_SHARE)
        after = max(LEAST_WEIGHT, weight // 4) if troubled else min(FULL, weight + STEP_BACK)
        if after != weight:
            await steering.put_weight(tx, reading, weight=after)
            log.warning("provider_share_changed", provider=reading.provider, share_before=weight, share=after)
        shares[reading.provider] = after
    healthy = [provider for provider in await _all_providers(tx, shares) if shares.get(provider, FULL) > IN_TROUBLE]
    for provider, share in shares.items():
        if share <= IN_TROUBLE and healthy:
            await steering.move_away(tx, provider=provider, healthy=healthy, limit=MOVED_AT_ONCE)
    return shares


async def move_marketing(tx: Transaction, *, away_from: Collection[str]) -> int:
    """Give providers the least share of the marketing, and others what waits there; returns how many texts moved.

    The share climbs back by itself once their texts fare well again. Without another provider nothing is moved.
    """
    healthy = [one for one in await steering.list_providers(tx) if one not in away_from]
    moved = 0
    for provider in sorted(away_from) if healthy else ():
        await steering.put_weight(
            tx,
            steering.ProviderReading(
                provider=provider, texts=0, receipts_p90_seconds=Decimal(0), failed_share=Decimal(1)
            ),
            weight=LEAST_WEIGHT,
        )
        moved += await steering.move_away(tx, provider=provider, healthy=healthy, limit=MOVED_AT_ONCE)
    return moved


async def provider_weights(tx: Transaction) -> dict[str, int]:
    """Tell each provider's share of the marketing in percent; one that is not named has all of it."""
    return {one.provider: one.weight for one in await steering.list_weights(tx)}


async def _all_providers(tx: Transaction, shares: dict[str, int]) -> list[str]:
    return sorted({*shares, *await steering.list_providers(tx)})
