"""The names of time zones."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def zone_names() -> frozenset[str]:
    """List the IANA names that this machine knows; read once, because it takes a walk through hundreds of files."""
    return frozenset(available_timezones())
