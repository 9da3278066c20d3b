"""How long a provider asks us to wait, read from a header that anything may stand in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRY_AFTER_CAP_SECONDS = 3600.0
"""Longer waits are cut to this: a wrong header must not park a message for ever."""

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)
_LONGEST_VALUE = 64


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After value (RFC 9110, 10.2.3): seconds or an HTTP date, as seconds from `now` between 0 and 3600.

    A date in the past is 0, more than an hour is an hour, and anything that is neither (missing, negative,
    malformed) is None.
    """
    text = (value or "").strip()
    if not text or len(text) > _LONGEST_VALUE:
        return None
    if _SECONDS.fullmatch(text):
        return min(float(text), RETRY_AFTER_CAP_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        wait = (aware - now).total_seconds()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return min(max(wait, 0.0), RETRY_AFTER_CAP_SECONDS)
