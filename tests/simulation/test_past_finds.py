"""Worlds in which a promise was once broken keep it now."""

from __future__ import annotations

import pytest

from tests.simulation.noon import moved_in_doubt
from tests.simulation.simulation import Simulation

# A refund and the first text after midnight at one moment: yesterday's money was taken off today's sum.
AT_MIDNIGHT = (106,)
# Its first POST was taken and in doubt, the second refused: the money for it was given back all the same.
TAKEN_AT_LAST = (1021,)
# Somebody lets a campaign go on while somebody else cancels it: each held what the other wanted.
IN_A_CIRCLE = (78,)
# Taken by the first provider, in doubt, then given to the second, which sent it once more; and money that was given
# back for a text that its provider had taken all the same.
MOVED = (72, 74, 106, 139)


@pytest.mark.parametrize("seed", AT_MIDNIGHT)
def test_what_was_reserved_yesterday_is_not_given_back_to_today(simulation: Simulation, seed: int) -> None:
    assert simulation.live(seed).violations == []


@pytest.mark.parametrize("seed", MOVED)
def test_a_text_in_doubt_is_not_moved_to_another_provider(simulation: Simulation, seed: int) -> None:
    plan = moved_in_doubt(seed)
    assert plan is not None
    verdict = simulation.live(seed, plan=plan)
    assert verdict.violations == []
    assert verdict.posts > 1


@pytest.mark.parametrize("seed", IN_A_CIRCLE)
def test_nobody_waits_in_a_circle_for_a_campaign(simulation: Simulation, seed: int) -> None:
    summary = simulation.run(range(seed, seed + 1))
    assert summary.failed == {}
    assert summary.deadlocks == 0


@pytest.mark.parametrize("seed", TAKEN_AT_LAST)
def test_money_for_a_text_that_may_have_been_taken_is_kept(simulation: Simulation, seed: int) -> None:
    assert simulation.live(seed).violations == []
