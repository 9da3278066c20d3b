"""Allowances that all processes share: how much each subject may still ask for, kept in one row, spent in portions.

An allowance refills at a steady rate up to its burst (GCRA). Its one row says until when it is spent. A process takes
a portion of about a second from the row and spends that by itself, so that a busy subject's row is touched about once
a second per process, and a refused one's not at all until it may come back. No process can spend what another has
taken; what it has taken and not spent within a few seconds is lost, so that the limit is kept rather too well.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg

from frontdesk.kernel.clock import Clock
from frontdesk.kernel.db import UNAVAILABLE, Database, Transaction, affected
from frontdesk.kernel.telemetry import get_logger

PORTION_SECONDS = 1.0
KEPT_SECONDS = 5.0  # after this a portion has been refilled elsewhere, and is no longer spent
PATIENCE_SECONDS = 1.0  # a limit that cannot be read lets everybody through
REMEMBERED = 10_000

# One statement: take it if it fits, and tell either way until when the allowance is spent.
TAKE = """
    with taken as (
      insert into api_allowances as held (subject, spent_until_at) values ($1, $2::timestamptz + $3::interval)
      on conflict (subject) do update
      set spent_until_at = greatest(held.spent_until_at, $2::timestamptz) + $3::interval
      where greatest(held.spent_until_at, $2::timestamptz) + $3::interval <= $2::timestamptz + $4::interval
      returning spent_until_at
    )
    select true as fits, spent_until_at from taken
    union all
    select false, held.spent_until_at from api_allowances as held
    where held.subject = $1 and not exists (select from taken)
"""

FORGET = """
    delete from api_allowances where subject in (
      select subject from api_allowances where spent_until_at < $1 limit $2 for update skip locked
    )
"""

log = get_logger("allowances")


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many units may be spent per second in the long run, and how many at once."""

    per_second: float
    burst: int


@dataclass(slots=True)
class _Purse:
    """What this process holds of one subject's allowance."""

    units: float = 0.0
    good_until: float = 0.0
    taken_at: float = float("-inf")
    refused_until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Allowances:
    """This process's hand in the allowances of all."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._clock: Clock = database.clock
        self._purses: OrderedDict[str, _Purse] = OrderedDict()

    async def spend(self, subject: str, units: int, allowance: Allowance) -> float | None:
        """Spend units of a subject's allowance: 0 if they were there, else in how many seconds they will be.

        More units than the burst count as the burst. None: nobody could say, and the caller may go on.
        """
        wanted = min(units, allowance.burst)
        purse = self._purse(subject)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), purse.lock:
                return await self._spend(purse, subject, wanted, allowance)
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("allowance_unknown", error=type(error).__name__)
            return None

    async def _spend(self, purse: _Purse, subject: str, units: int, allowance: Allowance) -> float:
        now = self._clock.monotonic()
        if now < purse.refused_until:
            return purse.refused_until - now
        if now >= purse.good_until:
            purse.units = 0.0
        if purse.units >= units:
            purse.units -= units
            return 0.0
        busy = now - purse.taken_at < PORTION_SECONDS
        portion = max(units, min(allowance.per_second * PORTION_SECONDS, allowance.burst)) if busy else units
        wait = await self._take(subject, portion, allowance)
        if wait > 0 and portion > units:
            portion, wait = units, await self._take(subject, units, allowance)
        if wait > 0:
            purse.refused_until = now + wait
            return wait
        purse.units += portion - units
        purse.taken_at, purse.good_until = now, now + KEPT_SECONDS
        return 0.0

    async def _take(self, subject: str, units: float, allowance: Allowance) -> float:
        """Take units from the row; returns in how many seconds they would fit, 0 if they were taken."""
        cost = timedelta(seconds=units / allowance.per_second)
        burst = timedelta(seconds=allowance.burst / allowance.per_second)
        now = self._clock.now()

        async def take(tx: Transaction) -> asyncpg.Record | None:
            return await tx.fetchrow(TAKE, subject, now, cost, burst)

        row = await self._database.perform_alone(take)
        # No row at all: somebody else began the subject's row at this moment, and this statement does not see it yet.
        if row is None or row["fits"]:
            return 0.0
        spent_until: datetime = row["spent_until_at"]
        return max((spent_until + cost - burst - now).total_seconds(), 0.001)

    def _purse(self, subject: str) -> _Purse:
        purse = self._purses.get(subject)
        if purse is None:
            purse = self._purses[subject] = _Purse()
            while len(self._purses) > REMEMBERED:
                self._purses.popitem(last=False)
        self._purses.move_to_end(subject)
        return purse


async def forget_allowances(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget up to `limit` allowances that have been full since before a moment; returns how many."""
    return affected(await tx.execute(FORGET, before, limit))
