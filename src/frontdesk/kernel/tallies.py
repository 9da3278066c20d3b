"""What all processes counted together, per minute: counters of one process say nothing of the others, or of before."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from frontdesk.kernel.db import Database, Transaction, affected
from frontdesk.kernel.loops import Loop
from frontdesk.kernel.telemetry import Metric, Metrics

FLUSH_SECONDS = 5.0
KEEP = timedelta(days=8)
FORGET_EVERY_SECONDS = 600.0
FORGET_BATCH = 5_000

ADD = """
    insert into metric_tallies as known (name, minute_at, labels, amount)
    select name, date_trunc('minute', $1::timestamptz), labels::jsonb, amount
    from unnest($2::text[], $3::text[], $4::float8[]) as counted (name, labels, amount)
    order by name, labels
    on conflict (name, minute_at, labels) do update set amount = known.amount + excluded.amount
"""

FORGET = """
    delete from metric_tallies where ctid = any(array(
      select ctid from metric_tallies where minute_at < $1 limit $2
    ))
"""

# The minute that runs is not over: it counts for what it has, the window begins so much earlier.
SUM_SINCE = """
    select labels::text as labels, sum(amount)::float8 as amount
    from metric_tallies where name = $1 and minute_at > $2::timestamptz - $3::interval
    group by labels
"""

SUM_LAST_MINUTE = """
    select labels::text as labels, sum(amount)::float8 as amount
    from metric_tallies where name = $1 and minute_at = date_trunc('minute', $2::timestamptz) - interval '1 minute'
    group by labels
"""

SUM_BY_SPAN = """
    select span.name, tally.labels::text as labels, sum(tally.amount)::float8 as amount
    from unnest($3::text[], $4::interval[]) as span (name, length)
    join metric_tallies as tally on tally.name = $1 and tally.minute_at > $2::timestamptz - span.length
    group by span.name, tally.labels
"""

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """A metric whose counts are put together: `fold` makes few labels of many, by name; None leaves a count out."""

    metric: Metric
    name: str
    fold: Callable[[Names], Mapping[str, str] | None]


@dataclass(frozen=True, slots=True)
class Tally:
    """How much was counted, by labels."""

    labels: Mapping[str, str]
    amount: float


class Tallier:
    """Adds what this process counted since the last time; nothing is done while counting."""

    def __init__(self, metrics: Metrics, counted: Sequence[Counted]) -> None:
        self._metrics = metrics
        self._counted = counted
        self._told: dict[tuple[str, Names], float] = {}
        self._forgets_at = 0.0

    async def flush(self, system: Database) -> int:
        """Write what was counted since the last flush that worked, in one statement; returns how many sums changed."""
        totals = {
            (counted.metric.name, labels): total
            for counted in self._counted
            for labels, total in self._metrics.totals(counted.metric).items()
        }
        amounts = self._amounts(totals)
        if amounts:
            async with system.transaction() as tx:
                names = [name for name, _ in amounts]
                await tx.execute(ADD, tx.now, names, [labels for _, labels in amounts], list(amounts.values()))
        self._told = totals
        await self._forget(system)
        return len(amounts)

    def _amounts(self, totals: Mapping[tuple[str, Names], float]) -> dict[tuple[str, str], float]:
        folds = {counted.metric.name: counted for counted in self._counted}
        found: dict[tuple[str, str], float] = {}
        for (metric, values), total in totals.items():
            grown = total - self._told.get((metric, values), 0.0)
            labels = folds[metric].fold(values) if grown > 0 else None
            if labels is not None:
                key = (folds[metric].name, json.dumps(labels, sort_keys=True))
                found[key] = found.get(key, 0.0) + grown
        return found

    async def _forget(self, system: Database) -> None:
        if system.clock.monotonic() < self._forgets_at:
            return
        async with system.transaction() as tx:
            gone = affected(await tx.execute(FORGET, tx.now - KEEP, FORGET_BATCH))
        self._forgets_at = 0.0 if gone == FORGET_BATCH else system.clock.monotonic() + FORGET_EVERY_SECONDS


def tallying(tallier: Tallier, system: Database) -> Loop:
    """Make the loop that adds up every 5 s; what could not be written is written with the next."""

    async def turn() -> float:
        await tallier.flush(system)
        return FLUSH_SECONDS

    return Loop("add up what was counted", turn)


async def sum_since(tx: Transaction, name: str, *, within: timedelta) -> list[Tally]:
    """Sum what was counted of late, to the minute, by labels."""
    return [_tally(row["labels"], row["amount"]) for row in await tx.fetch(SUM_SINCE, name, tx.now, within)]


async def sum_last_minute(tx: Transaction, name: str) -> list[Tally]:
    """Sum what was counted in the last whole minute, by labels."""
    return [_tally(row["labels"], row["amount"]) for row in await tx.fetch(SUM_LAST_MINUTE, name, tx.now)]


async def sum_by_span(tx: Transaction, name: str, *, spans: Mapping[str, timedelta]) -> dict[str, list[Tally]]:
    """Sum what was counted in spans that end now, by span and labels."""
    found: dict[str, list[Tally]] = {span: [] for span in spans}
    for row in await tx.fetch(SUM_BY_SPAN, name, tx.now, list(spans), list(spans.values())):
        found[row["name"]].append(_tally(row["labels"], row["amount"]))
    return found


def quantile(share: float, buckets: Mapping[float, float]) -> float:
    """Estimate a quantile from counts by upper bound (infinity among them), as Prometheus' histogram_quantile does."""
    total = sum(buckets.values())
    if total <= 0:
        return 0.0
    rank, below, floor = share * total, 0.0, 0.0
    for bound in sorted(buckets):
        if below + buckets[bound] >= rank:
            if bound == float("inf"):
                return floor
            inside = buckets[bound]
            return floor + (bound - floor) * ((rank - below) / inside if inside else 1.0)
        below += buckets[bound]
        floor = bound
    return floor


def _tally(labels: str, amount: float) -> Tally:
    return Tally(json.loads(labels), amount)
