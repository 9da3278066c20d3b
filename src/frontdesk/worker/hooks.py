"""Tells programs outside what happened: reads the outbox for them, posts what is due, writes down how it went."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.kernel import hooks
from frontdesk.kernel.clock import Clock
from frontdesk.kernel.db import Database
from frontdesk.kernel.hooks import Claimed, Room, Sealer, Tried, Unreadable
from frontdesk.kernel.loops import Loop, Tempo
from frontdesk.kernel.telemetry import get_logger
from frontdesk.ports.hooks import HookOutcome, HookReply, HookSender
from frontdesk.providers.hooks import HookClient
from frontdesk.wiring import Frontdesk

QUICK_SECONDS, SLOW_SECONDS = 0.05, 0.5
AT_ONCE = 512  # tries under way in one worker
ROOM = Room()
GATHER_SECONDS = 0.02  # results that come together are written together
CLOSE_SECONDS = 5.0
KEEP = timedelta(days=30)
FORGET_EVERY_SECONDS = 600.0
FORGET_BATCH = 5_000
USER_AGENT = "Frontdesk-Webhooks/1"

log = get_logger("hooks")


class Herald:
    """Tells endpoints what is due to be told; each try runs by itself, so that a slow one holds up nobody else."""

    def __init__(
        self,
        *,
        system: Database,
        sender: HookSender,
        sealer: Sealer,
        process_id: UUID,
        clock: Clock,
        chance: random.Random | None = None,
        at_once: int = AT_ONCE,
    ) -> None:
        self.wake = asyncio.Event()
        self._system = system
        self._sender = sender
        self._sealer = sealer
        self._owner = process_id
        self._clock = clock
        self._chance = chance or random.Random()  # noqa: S311 - jitter
        self._at_once = at_once
        self._tempo = Tempo(quick=QUICK_SECONDS, slow=SLOW_SECONDS)
        self._under_way: set[asyncio.Task[None]] = set()
        self._tried: list[Tried] = []
        self._forgets_at = 0.0

    @property
    def under_way(self) -> int:
        """How many tries have begun and not ended."""
        return len(self._under_way)

    async def turn(self) -> float:
        """Write down what ended, take in what is new, begin what is due; returns the seconds to rest."""
        await self.write_down()
        async with self._system.transaction() as tx:
            fed = await hooks.feed(tx)
        begun = await self._begin()
        await self._forget_old()
        if fed or begun or self._tried:
            return GATHER_SECONDS + self._tempo.after(found_work=True)
        return self._tempo.after(found_work=False)

    async def settle_all(self) -> None:
        """Take turns until nothing is due and every try has ended and is written down."""
        while True:
            await self.turn()
            if not self._under_way and not self._tried:
                return
            await self.idle()

    async def idle(self) -> None:
        """Wait until no try is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def close(self) -> None:
        """Give the tries under way 5 s, write down how they ended, and give back the rest."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=CLOSE_SECONDS)
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        self._sender.close()
        with suppress(Exception):  # without a database the lease runs out by itself
            await self.write_down()
            async with self._system.transaction() as tx:
                await hooks.give_back(tx, owner=self._owner)

    async def write_down(self) -> None:
        """Write down the tries that have ended; those that cannot be written now stay for the next time."""
        tried = list(self._tried)
        if tried:
            async with self._system.transaction() as tx:
                await hooks.settle(tx, owner=self._owner, tried=tried, chance=self._chance)
            del self._tried[: len(tried)]

    async def _begin(self) -> int:
        free = self._at_once - len(self._under_way) - len(self._tried)
        if free <= 0:
            return 0
        async with self._system.transaction() as tx:
            claimed = await hooks.claim_due(tx, owner=self._owner, limit=free, room=ROOM)
        for one in claimed:
            task = asyncio.create_task(self._try(one), name=f"webhook {one.id}")
            self._under_way.add(task)
            task.add_done_callback(self._ended)
        return len(claimed)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self.wake.set()

    async def _try(self, claimed: Claimed) -> None:
        started_at = self._clock.now()
        try:
            reply = await self._post(claimed, started_at)
        except Exception:
            log.exception("hook_try_failed", delivery_id=str(claimed.id))
            reply = HookReply(HookOutcome.UNREACHABLE, None, 0)
        ok = reply.outcome is HookOutcome.DELIVERED
        self._tried.append(
            Tried(
                claimed=claimed,
                ok=ok,
                outcome=reply.outcome.value,
                status_code=reply.status_code,
                started_at=started_at,
                took_ms=reply.took_ms,
            )
        )

    async def _post(self, claimed: Claimed, at: datetime) -> HookReply:
        sealed = [claimed.sealed_secret]
        if claimed.sealed_previous_secret is not None:
            sealed.append(claimed.sealed_previous_secret)
        try:
            secrets = [self._sealer.open(one, endpoint_id=claimed.endpoint_id) for one in sealed]
        except Unreadable:
            log.warning("hook_secret_unreadable", endpoint_id=str(claimed.endpoint_id))
            return HookReply(HookOutcome.SECRET_UNREADABLE, None, 0)
        message_id, timestamp, body = hooks.header_id(claimed.message_id), int(at.timestamp()), claimed.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": hooks.sign(secrets, message_id=message_id, timestamp=timestamp, body=body),
        }
        return await self._sender.post(url=claimed.url, headers=headers, body=body)

    async def _forget_old(self) -> None:
        """Forget now and then what was told more than 30 days ago."""
        if self._clock.monotonic() < self._forgets_at:
            return
        self._forgets_at = self._clock.monotonic() + FORGET_EVERY_SECONDS
        async with self._system.transaction() as tx:
            gone = await hooks.forget_deliveries(tx, before=tx.now - KEEP, limit=FORGET_BATCH)
        if gone == FORGET_BATCH:
            self._forgets_at = 0.0


def hire_herald(parts: Frontdesk) -> Herald:
    """Make the herald of a worker."""
    return Herald(
        system=parts.system,
        sender=HookClient(allow_loopback=parts.settings.hooks.allow_loopback),
        sealer=Sealer(parts.settings.signing_keys()),
        process_id=parts.process_id,
        clock=parts.clock,
    )


def telling(herald: Herald) -> Loop:
    """Make the loop that tells programs outside."""
    return Loop("tell programs outside", herald.turn, herald.wake)
