"""Worlds for questions of their own: campaigns alone, or at noon with nothing in their way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from tests.simulation.carrier import Troubles
from tests.simulation.market import SHORT, TELNYX_NUMBER, Halt, Start, Vigil
from tests.simulation.plan import Plan, Theme, draw_plan
from tests.simulation.simulation import NUMBERS

NOON = datetime(2027, 3, 10, 18, 0, tzinfo=UTC)


def with_campaigns(seed: int) -> Plan | None:
    """Take the worlds with campaigns alone."""
    plan = draw_plan(seed, NUMBERS)
    return None if plan.market is None else plan


def at_noon(seed: int) -> Plan | None:
    """Play campaigns at noon with nothing in their way, on two workers, each soon paused for a minute."""
    plan = with_campaigns(seed)
    if plan is None or plan.market is None:
        return None
    market = plan.market
    lines = tuple(
        replace(line, daily_limit=None, warmup=(), registered=True, burst=1, rate=Decimal(2)) for line in market.numbers
    )
    runs = tuple(replace(one, at=0.5, quiet=None, lasts=SHORT, per_minute=Decimal(6)) for one in market.campaigns)
    starts = [Start(one.at, number) for number, one in enumerate(runs)]
    halts = [Halt(one.at + 0.4 + seed % 3, number, 60.0) for number, one in enumerate(runs)]
    return replace(
        plan,
        theme=Theme.MIXED,
        workers=2,
        database=(0.0, 0.0, 0.0),
        troubles=Troubles(),
        blows=(),
        events=(*starts, *halts, Vigil(70.0)),
        market=replace(market, beginning=NOON, numbers=lines, campaigns=runs, daily_cap=3, texas=True),
    )


def moved_in_doubt(seed: int) -> Plan | None:
    """Lose most replies while one of two providers is in trouble, so that its texts are given to the other's number."""
    plan = at_noon(seed)
    if plan is None or plan.market is None:
        return None
    mine = [one for one in plan.market.campaigns if one.business == 0]
    if not mine:
        return None
    run = replace(mine[0], senders=(NUMBERS[0], TELNYX_NUMBER), per_minute=None)
    return replace(
        plan,
        troubles=Troubles(reply_lost=0.6, receipts_late=1.0),
        events=(Start(0.5, 0), Vigil(120.0)),
        market=replace(plan.market, campaigns=(run,), shares=(("telnyx", 10),)),
    )
