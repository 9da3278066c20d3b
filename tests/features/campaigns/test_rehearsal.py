"""A rehearsal follows clocks, paces, windows and money, and says of everybody when or why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from frontdesk.features.campaigns.rehearsal import Carriers, Line, Money, Number, Stage, play, sum_up

START = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
SENDER = "+12125550100"
PENNY = Decimal("1.3")


def line(number: int, *, sender: str = SENDER, verdict: str = "send", ready: datetime | None = START) -> Line:
    return Line(
        phone_e164=f"+1206555{1000 + number}",
        sender_e164=sender,
        zone="America/Los_Angeles",
        region="US-WA",
        segments=1,
        cost_cents=PENNY,
        verdict=verdict,
        code="ok" if verdict == "send" else "consent.opted_out",
        citation="",
        ready_at=ready,
    )


def any_time(_line: Line, at: datetime) -> datetime | None:
    return at


def by_day(_line: Line, at: datetime) -> datetime | None:
    """Let texts go between 16:00 and 04:00 UTC: 8 to 20 o'clock in Seattle."""
    return at if not 4 <= at.hour < 16 else at.replace(hour=16, minute=0, second=0, microsecond=0)


def stage(
    *,
    rate: float = 1.0,
    allowance: Callable[[date], int | None] = lambda _day: None,
    daily: str = "5000",
    monthly: str = "100000",
    per_minute: Decimal | None = None,
    reopens: Callable[[Line, datetime], datetime | None] = any_time,
    ends_at: datetime = START + timedelta(days=30),
) -> Stage:
    return Stage(
        starts_at=START,
        until=START + timedelta(days=7),
        ends_at=ends_at,
        zone="America/New_York",
        numbers={SENDER: Number(segments_per_second=rate, allowance=allowance)},
        money=Money(
            daily_budget_cents=Decimal(daily),
            monthly_budget_cents=Decimal(monthly),
            daily_spent_cents=Decimal(0),
            monthly_spent_cents=Decimal(0),
        ),
        per_minute=per_minute,
        reopens=reopens,
    )


def moments(lines: list[Line]) -> list[datetime]:
    return sorted(one.leaves_at for one in lines if one.leaves_at is not None)


def test_texts_leave_at_the_pace_of_their_number() -> None:
    ended = play([line(n) for n in range(10)], stage(rate=2))
    assert moments(ended) == [START + timedelta(seconds=n / 2) for n in range(10)]


def test_a_throttle_is_slower_than_any_number() -> None:
    ended = play([line(n) for n in range(5)], stage(rate=100, per_minute=Decimal(30)))
    assert moments(ended) == [START + timedelta(seconds=2 * n) for n in range(5)]


def test_a_daily_limit_carries_the_rest_to_the_next_day_of_the_business() -> None:
    ended = play([line(n) for n in range(5)], stage(allowance=lambda _day: 2))
    days = [at.astimezone(UTC).date() for at in moments(ended)]
    assert len(set(days)) == 3
    assert moments(ended)[2] == datetime(2026, 12, 2, 5, 0, tzinfo=UTC)  # midnight in New York


def test_money_that_is_spent_today_is_there_again_tomorrow() -> None:
    ended = play([line(n) for n in range(4)], stage(daily="2.6"))
    assert [at.date() for at in moments(ended)] == [START.date(), START.date(), date(2026, 12, 2), date(2026, 12, 2)]


def test_no_text_leaves_outside_its_window() -> None:
    ended = play([line(n) for n in range(50_000)], stage(rate=1, reopens=by_day, daily="100000", monthly="1000000"))
    assert all(not 4 <= at.hour < 16 for at in moments(ended))
    assert len(moments(ended)) == len(ended)


def test_who_may_never_be_texted_is_said_so() -> None:
    ended = play([line(1), line(2, verdict="bar", ready=None)], stage())
    assert {one.code for one in ended if one.leaves_at is None} == {"consent.opted_out"}


def test_what_the_time_limit_cuts_off_is_dropped_and_what_the_week_cuts_off_is_held() -> None:
    slow = stage(rate=1 / 3600)
    held = play([line(n) for n in range(200)], slow)
    assert {one.code for one in held if one.leaves_at is None} == {"campaign.after_rehearsal"}
    dropped = play([line(n) for n in range(200)], replace(slow, ends_at=START + timedelta(hours=10)))
    assert {(one.verdict, one.code) for one in dropped if one.leaves_at is None} == {("drop", "campaign.time_limit")}
    assert len(moments(dropped)) == 10


def test_a_sum_tells_people_money_and_hours() -> None:
    summary = sum_up(play([*(line(n) for n in range(3)), line(9, verdict="bar", ready=None)], stage()))
    assert (summary.people, summary.would_leave, summary.cost_cents) == (4, 3, 3 * PENNY)
    assert summary.by_hour == {"2026-12-01T18:00Z": 3}
    assert summary.by_code == {"ok": 3, "consent.opted_out": 1}


OTHER = "+12125550101"


def stage_of_a_brand(*, daily_segments: int | None, used: int = 0, per_second: float | None = None) -> Stage:
    """Let two numbers share a brand and a registered campaign; carriers' days turn at midnight Pacific."""
    number = Number(segments_per_second=100, allowance=lambda _day: None, brand="BHARBOR", registration="C0FFEE")
    return replace(
        stage(),
        numbers={SENDER: number, OTHER: number},
        carriers=Carriers(
            zone="America/Los_Angeles",
            daily_segments={} if daily_segments is None else {"BHARBOR": daily_segments},
            used_today={"BHARBOR": used},
            per_second={} if per_second is None else {"C0FFEE": per_second},
        ),
    )


def test_the_numbers_of_a_brand_share_the_carriers_day_which_turns_at_midnight_pacific() -> None:
    lines = [line(number, sender=SENDER if number % 2 else OTHER) for number in range(50)]
    ended = play(lines, stage_of_a_brand(daily_segments=20, used=5))
    days = Counter(one.leaves_at.date() for one in ended if one.leaves_at is not None)
    assert days == {date(2026, 12, 1): 15, date(2026, 12, 2): 20, date(2026, 12, 3): 15}
    first_of_second = min(one.leaves_at for one in ended if one.leaves_at and one.leaves_at.day == 2)
    assert first_of_second == datetime(2026, 12, 2, 8, tzinfo=UTC)


def test_the_numbers_of_a_registered_campaign_share_its_pace() -> None:
    lines = [line(number, sender=SENDER if number % 2 else OTHER) for number in range(50)]
    ended = play(lines, stage_of_a_brand(daily_segments=None, per_second=1.25))
    moments = sorted(one.leaves_at for one in ended if one.leaves_at is not None)
    assert len(moments) == 50
    assert moments[-1] - moments[0] == timedelta(seconds=49 / 1.25)
