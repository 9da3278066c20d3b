"""What processes count is added up per minute, once, and summed again over spans of time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from frontdesk.kernel.db import UNAVAILABLE, Database, Role
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.kernel.tallies import Counted, Tallier, quantile, sum_by_span, sum_last_minute, sum_since
from frontdesk.kernel.telemetry import Metric, MetricKind, Metrics
from frontdesk.kernel.windows import SPANS, burn_rates
from tests.support.office import TravelClock

KNOCKS = Metric("knocks_total", MetricKind.COUNTER, "Knocks.", ("door", "hand"))
SECONDS = Metric("knock_seconds", MetricKind.HISTOGRAM, "Seconds of knocks.", ("door",))
COUNTED = (
    Counted(KNOCKS, "knocks", lambda values: None if values[0] == "none" else {"door": values[0]}),
    Counted(SECONDS, "seconds", lambda values: {"door": values[0], "le": values[1]}),
)


@dataclass
class Counting:
    """A process that counts."""

    system: Database
    clock: TravelClock
    metrics: Metrics
    tallier: Tallier


def metrics() -> Metrics:
    """Make the metrics of one process."""
    return Metrics((KNOCKS, SECONDS))


@pytest.fixture
async def counting(database_url: str) -> AsyncIterator[Counting]:
    """Lend a process that counts."""
    clock, own = TravelClock(), metrics()
    system = await Database.open(
        database_url, role=Role.SYSTEM, clock=clock, flush=flush_with(Handlers([])), max_size=4
    )
    # In the middle of a minute, so that seconds of a test do not lead into the next.
    now = clock.now()
    clock.ahead = now.replace(second=20, microsecond=0) - now
    yield Counting(system, clock, own, Tallier(own, COUNTED))
    await system.close()


async def summed(
    counting: Counting, name: str = "knocks", *, within: timedelta = timedelta(hours=1)
) -> dict[str, float]:
    """Sum what was counted, by door and bound."""
    async with counting.system.transaction() as tx:
        found = await sum_since(tx, name, within=within)
    return {" ".join(value for _, value in sorted(tally.labels.items())): tally.amount for tally in found}


async def test_only_what_was_counted_since_is_added(counting: Counting) -> None:
    counting.metrics.increment(KNOCKS, 3, door="front", hand="left")
    assert await counting.tallier.flush(counting.system) == 1
    assert await counting.tallier.flush(counting.system) == 0
    counting.metrics.increment(KNOCKS, 2, door="front", hand="right")
    await counting.tallier.flush(counting.system)
    assert await summed(counting) == {"front": 5}


async def test_what_is_left_out_is_not_kept(counting: Counting) -> None:
    counting.metrics.increment(KNOCKS, 3, door="none", hand="left")
    assert await counting.tallier.flush(counting.system) == 0
    assert await summed(counting) == {}


async def test_processes_add_to_one_sum_at_the_same_time(counting: Counting) -> None:
    talliers = []
    for _ in range(6):
        own = metrics()
        for door in ("front", "back", "side"):
            own.increment(KNOCKS, 7, door=door, hand="left")
        talliers.append(Tallier(own, COUNTED))
    await asyncio.gather(*(tallier.flush(counting.system) for tallier in talliers))
    assert await summed(counting) == {"front": 42, "back": 42, "side": 42}


async def test_what_could_not_be_written_is_written_with_the_next(counting: Counting, database_url: str) -> None:
    counting.metrics.increment(KNOCKS, 3, door="front", hand="left")
    away = await Database.open(database_url, role=Role.SYSTEM, clock=counting.clock, max_size=1)
    await away.close()
    with pytest.raises(UNAVAILABLE):
        await counting.tallier.flush(away)
    counting.metrics.increment(KNOCKS, 1, door="front", hand="left")
    await counting.tallier.flush(counting.system)
    assert await summed(counting) == {"front": 4}


async def test_the_last_whole_minute_is_summed_alone(counting: Counting) -> None:
    counting.metrics.increment(KNOCKS, 3, door="front", hand="left")
    await counting.tallier.flush(counting.system)
    async with counting.system.transaction() as tx:
        assert await sum_last_minute(tx, "knocks") == []
    counting.clock.ahead += timedelta(minutes=1)
    counting.metrics.increment(KNOCKS, 9, door="front", hand="left")
    await counting.tallier.flush(counting.system)
    async with counting.system.transaction() as tx:
        assert [tally.amount for tally in await sum_last_minute(tx, "knocks")] == [3]
    counting.clock.ahead += timedelta(minutes=2)
    async with counting.system.transaction() as tx:
        assert await sum_last_minute(tx, "knocks") == []


async def test_spans_hold_what_was_counted_in_them(counting: Counting) -> None:
    for minutes in (0, 20, 60, 400):
        counting.clock.ahead += timedelta(minutes=minutes)
        counting.metrics.increment(KNOCKS, 1, door="front", hand="left")
        await counting.tallier.flush(counting.system)
    async with counting.system.transaction() as tx:
        found = await sum_by_span(tx, "knocks", spans=SPANS)
    assert {span: sum(tally.amount for tally in tallies) for span, tallies in found.items()} == {
        "5m": 1, "30m": 1, "1h": 1, "6h": 1, "3d": 4,
    }  # fmt: skip


async def test_a_histogram_is_added_by_bucket(counting: Counting) -> None:
    for seconds in (0.0005, 0.002, 0.002, 7.0, 1000.0):
        counting.metrics.observe(SECONDS, seconds, door="front")
    await counting.tallier.flush(counting.system)
    assert await summed(counting, "seconds") == {
        "front 0.001": 1, "front 0.0025": 2, "front 10.0": 1, "front +Inf": 1,
    }  # fmt: skip


async def test_sums_are_forgotten_after_eight_days(counting: Counting) -> None:
    counting.metrics.increment(KNOCKS, 3, door="front", hand="left")
    await counting.tallier.flush(counting.system)
    counting.clock.ahead += timedelta(days=8, minutes=1)
    await Tallier(metrics(), COUNTED).flush(counting.system)
    assert await summed(counting, within=timedelta(days=30)) == {}


@pytest.mark.parametrize(
    ("buckets", "expected"),
    [
        ({}, 0.0),
        ({1.0: 100.0}, 0.95),
        ({1.0: 90.0, 2.0: 10.0}, 1.5),
        ({1.0: 1.0, 5.0: 0.0, float("inf"): 99.0}, 5.0),
        ({0.5: 95.0, 1.0: 5.0}, 0.5),
    ],
)
def test_a_quantile_is_estimated_within_its_bucket(buckets: dict[float, float], expected: float) -> None:
    assert quantile(0.95, buckets) == pytest.approx(expected)


def test_a_budget_burns_as_fast_as_the_slower_of_two_windows() -> None:
    counted = {"1h": (1000.0, 20.0), "5m": (100.0, 1.0), "6h": (0.0, 0.0), "30m": (0.0, 0.0), "3d": (10.0, 10.0)}
    rates = {sample.labels[0]: sample.value for sample in burn_rates(counted, allowed=0.001)}
    assert rates == {"1h": pytest.approx(10.0), "6h": 0.0, "3d": 0.0}
