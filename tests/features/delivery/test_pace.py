"""A number never sends faster than its rate, and makes good only what its tolerance allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from frontdesk.features.delivery.pace import Pace

NOW = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)


def pace(*, rate: float = 1, burst: int = 1, next_at: datetime | None = None, left: int | None = None) -> Pace:
    return Pace(now=NOW, next_at=next_at, segments_per_second=rate, burst=burst, left_today=left)


def test_one_segment_a_second_means_one() -> None:
    turn = pace()
    assert turn.quota == 1
    assert turn.take(1)
    assert not turn.take(1)
    assert turn.next_at == NOW + timedelta(seconds=1)


def test_a_text_of_three_segments_takes_three_seconds() -> None:
    turn = pace()
    assert turn.take(3)
    assert turn.next_at == NOW + timedelta(seconds=3)


def test_a_burst_is_allowed_after_a_rest_only() -> None:
    rested = pace(burst=5, next_at=NOW - timedelta(hours=1))
    assert [rested.take(1) for _ in range(6)] == [True] * 5 + [False]
    busy = pace(burst=5, next_at=NOW)
    assert [busy.take(1) for _ in range(2)] == [True, False]


def test_the_days_limit_ends_the_turn() -> None:
    turn = pace(rate=100, left=2)
    assert [turn.take(1) for _ in range(3)] == [True, True, False]
    assert turn.left_today == 0


@given(
    rate=st.floats(min_value=0.1, max_value=1000),
    pauses=st.lists(st.floats(min_value=0, max_value=5), min_size=1, max_size=60),
)
def test_over_any_time_no_more_goes_than_the_rate_and_a_tenth_of_a_second(rate: float, pauses: list[float]) -> None:
    now, next_at, sent = NOW, None, 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        turn = Pace(now=now, next_at=next_at, segments_per_second=rate, burst=1, left_today=None)
        while turn.take(1):
            sent += 1
        next_at = turn.next_at
    elapsed = sum(pauses)
    assert sent <= rate * (elapsed + 0.1) + 2
