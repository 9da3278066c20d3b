"""Turns follow the calendar of a zone, whatever its clocks do, and whoever stands in comes first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from frontdesk.operations.incidents.rota import Duty, Override, Rota, Turn, duty_at

ADA, BEN = UUID(int=0xADA), UUID(int=0xBEE)
MONDAY = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)  # 09:00 in New York


def rota(turn: Turn) -> Rota:
    """Make a rota of Ada and Ben, on New York's clock at 9, from Monday 2 March on."""
    return Rota(
        level=1, zone="America/New_York", turn=turn, handover_hour=9, starts_at=MONDAY, people=(ADA, BEN)
    )  # fmt: skip


def who(one: Rota, moment: datetime, *overrides: Override) -> UUID | None:
    """Tell who is on call at a moment."""
    duty = duty_at(one, overrides, level=1, moment=moment)
    return None if duty is None else duty.person_id


def test_weekly_turns_change_on_the_hour_of_the_zone_across_a_change_of_its_clocks() -> None:
    weekly = rota(Turn.WEEKLY)
    # Clocks went forward on 8 March: nine in the morning is 13:00 UTC from then on.
    change = datetime(2026, 3, 9, 13, 0, tzinfo=UTC)
    assert who(weekly, MONDAY) == ADA
    assert who(weekly, change - timedelta(seconds=1)) == ADA
    assert who(weekly, change) == BEN
    assert who(weekly, change + timedelta(days=7)) == ADA
    assert duty_at(weekly, (), level=1, moment=MONDAY) == Duty(1, ADA, change, stands_in=False)


def test_daily_turns_go_round() -> None:
    daily = rota(Turn.DAILY)
    assert [who(daily, MONDAY + timedelta(days=day, hours=1)) for day in range(4)] == [ADA, BEN, ADA, BEN]
    assert who(daily, MONDAY + timedelta(hours=23)) == ADA


def test_nobody_is_on_call_before_the_first_turn_or_without_a_rota() -> None:
    assert who(rota(Turn.DAILY), MONDAY - timedelta(seconds=1)) is None
    assert duty_at(None, (), level=2, moment=MONDAY) is None


def test_whoever_stands_in_is_on_call_for_that_while_and_the_last_word_holds() -> None:
    hour = timedelta(hours=1)
    first = Override(
        id=UUID(int=1), level=1, person_id=BEN, starts_at=MONDAY, lasts_until=MONDAY + 4 * hour, reason="ill"
    )
    later = Override(
        id=UUID(int=2), level=1, person_id=ADA, starts_at=MONDAY, lasts_until=MONDAY + hour, reason="well again"
    )
    other = Override(id=UUID(int=3), level=2, person_id=ADA, starts_at=MONDAY, lasts_until=MONDAY + 9 * hour, reason="")
    weekly = rota(Turn.WEEKLY)
    assert who(weekly, MONDAY, first, other) == BEN
    assert who(weekly, MONDAY, first, later) == ADA
    assert who(weekly, MONDAY + 2 * hour, first, later) == BEN
    assert who(weekly, MONDAY + 4 * hour, first, later) == ADA, "it has ended, and it is her turn"
    assert duty_at(None, (first,), level=1, moment=MONDAY) == Duty(1, BEN, MONDAY + 4 * hour, stands_in=True)
