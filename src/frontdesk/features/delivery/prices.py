"""Where a number is: the country that decides what a segment costs, and the range that fraud comes from."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from frontdesk.features import contacts

RANGE_DIGITS = 3  # numbers that differ in their last three digits only are bought, and abused, together
HOUR_SHARE = Decimal("0.25")  # of a day's budget, which outsiders may make a business spend within one hour …
LEAST_HOUR_CENTS = Decimal(100)  # … and at least this much, so that a small budget still answers its callers
# Countries in which a text is to be had for a price like at home, so that a customer from there is no surprise. The
# rest of +1, the Caribbean, is dear and where missed calls are made to be called back.
NEIGHBOURS = {
    "US": ("CA", "PR", "VI", "GU", "MP", "AS"),
    "CA": ("US",),
    "AU": ("CX", "CC"),
}
PREFIX_LENGTH = 8  # a plus and seven digits tell the country of every numbering plan, also within +1


def country_of(phone_e164: str) -> str:
    """Tell the country of a number (ISO 3166), "" if it has none."""
    return _look_up(phone_e164[:PREFIX_LENGTH], len(phone_e164))[0]


def costs_extra(phone_e164: str) -> bool:
    """Tell whether a text to a number may earn somebody money, as one to a premium or satellite number does."""
    return _look_up(phone_e164[:PREFIX_LENGTH], len(phone_e164))[1]


def range_of(phone_e164: str) -> str:
    """Give the beginning that a number shares with the thousand around it."""
    return phone_e164[:-RANGE_DIGITS]


def wanted_countries(home: str, added: Sequence[str]) -> tuple[str, ...]:
    """List to which countries a business's texts may go: its own, those beside it, and those it has added."""
    return tuple(sorted({home, *NEIGHBOURS.get(home, ()), *added}))


def hourly_cents_of_strangers(daily_budget_cents: Decimal) -> Decimal:
    """Tell how much outsiders may make a business spend within an hour, in cents."""
    return max(daily_budget_cents * HOUR_SHARE, LEAST_HOUR_CENTS)


@lru_cache(maxsize=65_536)
def _look_up(prefix: str, length: int) -> tuple[str, bool]:
    found = contacts.describe(prefix.ljust(length, "2"))
    return "" if found.country == "001" else found.country, found.kind.costs_extra
