"""Whatever a Retry-After header holds, the wait is sane."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.providers.http import parse_retry_after

NOW = datetime(2026, 1, 5, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        (" 30 ", 30.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("3601", 3600.0),
        ("1000000000", 3600.0),
        ("9" * 64, 3600.0),
        ("Mon, 05 Jan 2026 12:00:30 GMT", 30.0),
        ("Monday, 05-Jan-26 12:00:30 GMT", 30.0),
        ("Mon Jan  5 12:00:30 2026", 30.0),
        ("Mon, 05 Jan 2026 11:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0),
    ],
)
def test_seconds_and_dates_are_read_and_cut_to_an_hour(value: str, seconds: float) -> None:
    assert parse_retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [None, "", " ", "-1", "+1", "1e3", "nan", "inf", "0x10", "soon", "٣٠", "30 s", "1,5", "9" * 65, ".5", "5.",
     "Mon, 99 Jan 2026 12:00:30 GMT", "Mon, 05 Jan 99999 12:00:30 GMT", "\x00"],
)  # fmt: skip
def test_anything_else_is_no_wish_to_wait(value: str | None) -> None:
    assert parse_retry_after(value, NOW) is None


@given(st.text())
def test_no_text_raises_or_leads_beyond_an_hour(value: str) -> None:
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or 0.0 <= seconds <= 3600.0


@given(st.integers(-10_000, 10_000), st.integers(-23, 23))
def test_a_date_means_the_same_in_every_zone(offset: int, zone: int) -> None:
    moment = (NOW + timedelta(seconds=offset)).astimezone(timezone(timedelta(hours=zone)))
    assert parse_retry_after(format_datetime(moment), NOW) == min(max(float(offset), 0.0), 3600.0)
