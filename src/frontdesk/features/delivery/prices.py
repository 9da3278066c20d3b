"""The country that decides what a segment costs."""

from __future__ import annotations

from functools import lru_cache

from frontdesk.features import contacts

PREFIX_LENGTH = 8  # a plus and seven digits tell the country of every numbering plan, also within +1


def country_of(phone_e164: str) -> str:
    """Tell the country of a number (ISO 3166), "" if it has none."""
    return _country_of_prefix(phone_e164[:PREFIX_LENGTH], len(phone_e164))


@lru_cache(maxsize=65_536)
def _country_of_prefix(prefix: str, length: int) -> str:
    country = contacts.describe(prefix.ljust(length, "2")).country
    return "" if country == "001" else country
