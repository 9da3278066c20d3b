"""What the carriers of the United States let a registered business send: a day per brand, a minute per campaign.

Which carrier serves a recipient is not known here, so all texts to the United States count, or the share of them that
the business has told for its own recipients.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

# T-Mobile's day per brand (EIN), shared by its numbers and providers: 2,000, 10,000, 40,000 or 200,000 segments.
CARRIER_ZONE = ZoneInfo("America/Los_Angeles")
# AT&T's segments a minute of one campaign, by its message class, shared by the campaign's numbers.
SEGMENTS_PER_MINUTE = {"A": 4_500, "B": 4_500, "C": 2_400, "D": 2_400, "E": 240, "F": 240, "T": 75}
FOR_REPLIES = 5  # percent of a day that advertising leaves to answers, which people wait for
MAX_DAILY_SEGMENTS = 10_000_000
WHOLE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """A brand as the carriers registered it; `daily_segments` is None where no carrier limits its day.

    Of its texts to the United States `daily_share` percent count against the day and `minute_share` percent against
    the minute of each of its campaigns. `used_today` counts all of them, in segments, since `day` began.
    """

    brand_id: str
    daily_segments: int | None
    daily_share: int
    minute_share: int
    used_today: int
    day: date
    resets_at: datetime
    changed_at: datetime

    @property
    def daily_allowance(self) -> int | None:
        """How many segments may go to the United States today."""
        return segments_a_day(self.daily_segments, self.daily_share)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandUse:
    """How much of its day a brand with a limit has sent, whosever it is."""

    brand_id: str
    daily_segments: int
    daily_share: int
    segments: int

    @property
    def daily_allowance(self) -> int:
        """How many segments may go to the United States today."""
        return segments_a_day(self.daily_segments, self.daily_share) or 0


def carrier_day(at: datetime) -> date:
    """Tell which day it is for the carriers: theirs begins at midnight Pacific."""
    return at.astimezone(CARRIER_ZONE).date()


def next_carrier_day(at: datetime) -> datetime:
    """Tell when the carriers begin to count anew, in UTC or whichever zone `at` is in."""
    tomorrow = carrier_day(at) + timedelta(days=1)
    return datetime.combine(tomorrow, datetime.min.time(), tzinfo=CARRIER_ZONE).astimezone(at.tzinfo)


def segments_a_day(daily_segments: int | None, daily_share: int, *, advertising: bool = False) -> int | None:
    """Tell how many segments a brand may send a day if a share of them (percent) counts; None for no limit.

    Advertising may use all but the last 5 %.
    """
    if daily_segments is None:
        return None
    allowed = daily_segments * WHOLE // daily_share
    return allowed * (WHOLE - FOR_REPLIES) // WHOLE if advertising else allowed


def campaign_segments_per_second(campaign_class: str, minute_share: int = WHOLE) -> float | None:
    """Tell how fast the numbers of one campaign may advertise together; None where its class sets no limit."""
    per_minute = SEGMENTS_PER_MINUTE.get(campaign_class)
    return None if per_minute is None else per_minute * WHOLE / minute_share / 60
