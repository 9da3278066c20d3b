"""Burn rates: how fast an error budget is used, over a long window and a short one, so that an alert ends in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from frontdesk.kernel.upkeep import Sample


@dataclass(frozen=True, slots=True)
class Pair:
    """A long window and the short one, a twelfth of it, that must agree (Google's SRE Workbook, chapter 5)."""

    long: str
    short: str


PAIRS: tuple[Pair, ...] = (Pair("1h", "5m"), Pair("6h", "30m"), Pair("3d", "6h"))
SPANS: Mapping[str, timedelta] = {
    "5m": timedelta(minutes=5),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "3d": timedelta(days=3),
}


def burn_rates(counted: Mapping[str, tuple[float, float]], *, allowed: float) -> list[Sample]:
    """Give for each pair the lower of its two burn rates; `counted` has (all, bad) by span, `allowed` is a share.

    1 uses up the budget exactly at the end of its period. A window without events burns nothing.
    """
    rates = {span: bad / total / allowed if total else 0.0 for span, (total, bad) in counted.items()}
    return [Sample(min(rates.get(pair.long, 0.0), rates.get(pair.short, 0.0)), (pair.long,)) for pair in PAIRS]
