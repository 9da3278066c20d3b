"""What delivery does in the background: dispatch due jobs, ask carriers about doubtful ones, watch for late ones."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import UUID

from frontdesk.features.delivery.courier import Courier
from frontdesk.features.delivery.model import LeasedJob
from frontdesk.features.delivery.queries import budgets
from frontdesk.features.delivery.service import reconciling
from frontdesk.features.delivery.service.bulk import claim_marketing
from frontdesk.features.delivery.service.claiming import claim_and_gate
from frontdesk.features.delivery.service.steering import steer
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.telemetry import get_logger
from frontdesk.ports import MessagingProvider, ProviderError, SentTextQuery

log = get_logger("delivery")

CLAIM_LIMIT = 256
REFUND_LIMIT = 5_000
TICK_SECONDS = 0.02
IDLE_TICK_SECONDS = 0.25


class SetDispatch:
    """Lane B: claims due jobs in sets and hands them to the courier."""

    def __init__(self, *, system: Database, courier: Courier, process_id: UUID) -> None:
        self._system = system
        self._courier = courier
        self._process_id = process_id

    async def dispatch_once(self) -> int:
        """Claim, gate and lease as many due jobs as the courier has room for; returns how many were seen."""
        room = min(self._courier.room_for_a_set(), CLAIM_LIMIT)
        if room == 0:
            return 0
        decided_from = self._courier.monotonic()

        async def claim(tx: Transaction) -> tuple[list[LeasedJob], int]:
            return await claim_and_gate(
                tx,
                limit=room,
                owner=self._process_id,
                decided_from=decided_from,
                paused_by_setting=self._courier.paused_by_setting,
            )

        leased, seen = await self._system.perform(claim)
        for job in leased:
            self._courier.take(job)
        return seen


class MarketingDispatch:
    """Lane B for campaigns: claims at each number's pace, and leaves a quarter of the room to texts people wait for."""

    def __init__(self, *, system: Database, courier: Courier, process_id: UUID) -> None:
        self._system = system
        self._courier = courier
        self._process_id = process_id

    async def dispatch_once(self) -> int:
        """Claim, gate and lease as many marketing texts as there is room for; returns how many were looked at."""
        room = min(self._courier.room_for_a_set(), CLAIM_LIMIT)
        room -= room // 4
        if room == 0:
            return 0
        decided_from = self._courier.monotonic()

        async def claim(tx: Transaction) -> tuple[list[LeasedJob], int]:
            return await claim_marketing(
                tx,
                limit=room,
                owner=self._process_id,
                decided_from=decided_from,
                paused_by_setting=self._courier.paused_by_setting,
            )

        leased, seen = await self._system.perform(claim)
        for job in leased:
            self._courier.take(job)
        return seen

    async def steer_once(self) -> dict[str, int]:
        """Set each provider's share of the marketing from how its texts fare; returns the shares in percent."""
        return await self._system.perform(steer)

    async def refund_once(self) -> int:
        """Begin new days, and give back what was reserved for nothing; returns how many budgets that changed."""
        await self._system.perform(budgets.advance_days)
        return await self._system.perform(lambda tx: budgets.refund(tx, limit=REFUND_LIMIT))


class Reconciler:
    """Asks carriers about jobs whose POST may or may not have taken effect."""

    def __init__(self, *, system: Database, providers: Mapping[str, MessagingProvider], limit: int = 20) -> None:
        self._system = system
        self._providers = providers
        self._limit = limit

    async def reconcile_once(self) -> int:
        """Look up one batch of doubtful jobs; returns how many."""
        doubtful = await self._system.perform(lambda tx: reconciling.claim_doubtful(tx, limit=self._limit))
        await asyncio.gather(*(self._look_up(job) for job in doubtful))
        return len(doubtful)

    async def _look_up(self, job: reconciling.DoubtfulJob) -> None:
        asked_at = self._system.clock.now()
        try:
            provider = self._providers[job.provider]
            listed = await provider.list_sent_texts(
                SentTextQuery(
                    recipient_e164=job.recipient_e164,
                    sender_e164=job.sender_e164,
                    since=reconciling.earliest_creation(job),
                )
            )
        except (ProviderError, LookupError) as error:
            log.warning("carrier_not_asked", job_id=str(job.id), error=str(error)[:200])
            await self._system.perform(lambda tx: reconciling.postpone_look(tx, job))
            return
        await self._system.perform(
            lambda tx: reconciling.settle(tx, job, listed, asked_at=asked_at, repost_safe=provider.repost_safe)
        )

    async def watch_once(self) -> int:
        """Announce replies that have not left for 60 s."""
        return await self._system.perform(reconciling.watch_overdue)
