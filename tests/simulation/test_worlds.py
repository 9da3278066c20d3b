"""In no seeded world is a promise broken: exactly one text, STOP and pause hold, nothing is lost, nothing is stuck."""

from __future__ import annotations

import pytest

from tests.simulation.market import Agreed
from tests.simulation.plan import Theme, draw_plan
from tests.simulation.residents import RESIDENTS
from tests.simulation.simulation import NUMBERS, Simulation

SEEDS = range(300)
FIRST = 50  # the others take a minute or two
SOME = range(8)


@pytest.mark.parametrize("seeds", [SEEDS[:FIRST], pytest.param(SEEDS[FIRST:], marks=pytest.mark.slow)], ids=str)
@pytest.mark.timeout(900)
def test_every_promise_holds_in_every_world(simulation: Simulation, seeds: range) -> None:
    summary = simulation.run(seeds)
    assert summary.failed == {}
    assert summary.deadlocks == 0


def test_the_worlds_hold_what_they_claim_to_hold(simulation: Simulation) -> None:
    plans = [draw_plan(seed, NUMBERS) for seed in SEEDS]
    assert {plan.theme for plan in plans} == set(Theme)
    assert {blow.what.value for plan in plans for blow in plan.blows} == {"kill", "stall", "jump", "wall clock"}
    kinds = {type(event).__name__ for plan in plans for event in plan.events}
    assert kinds == {"Call", "Text", "Pause", "Answer", "Start", "Halt", "Vigil"}
    markets = [plan.market for plan in plans if plan.market is not None]
    assert {one.agreed for market in markets for one in market.people} == set(Agreed)
    assert {one.resident for market in markets for one in market.people} == set(RESIDENTS)
    assert any(market.is_roomy for market in markets)
    assert any(market.shares for market in markets)
    summary = simulation.run(SOME)
    assert summary.posts > 0
    assert summary.steps > 100 * len(SOME)


def test_a_seed_replays_identically(simulation: Simulation) -> None:
    first = [simulation.live(seed).digest for seed in SOME]
    again = [simulation.live(seed).digest for seed in SOME]
    assert first == again
    assert len(set(first)) == len(SOME)
