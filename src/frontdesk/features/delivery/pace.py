"""The pace of a number: how much it may send now (GCRA), and when next."""

from __future__ import annotations

from datetime import datetime, timedelta

QUICK_PER_SECOND = 20.0  # from here on a pause between two claims is made good, up to 0.1 s
MADE_GOOD = timedelta(seconds=0.1)


class Pace:
    """A number's turn: asked text by text, it tells when its limit is reached.

    The generic cell rate algorithm: each segment takes 1/rate s; `burst` segments may go at once after a rest.
    `left_today` is how many more texts the number may send today, None without a daily limit.
    """

    __slots__ = ("_now", "_rate", "left_today", "next_at", "taken")

    def __init__(
        self,
        *,
        now: datetime,
        next_at: datetime | None,
        segments_per_second: float,
        burst: int,
        left_today: int | None,
    ) -> None:
        interval = timedelta(seconds=1 / segments_per_second)
        tolerance = (burst - 1) * interval
        if segments_per_second >= QUICK_PER_SECOND:
            tolerance = max(tolerance, MADE_GOOD)
        earliest = now - tolerance
        self._now = now
        self._rate = segments_per_second
        self.next_at = earliest if next_at is None else max(next_at, earliest)
        self.left_today = left_today
        self.taken = 0

    @property
    def quota(self) -> int:
        """How many texts of one segment may go in this turn."""
        if self.next_at > self._now:
            return 0
        by_rate = int((self._now - self.next_at).total_seconds() * self._rate) + 1
        return by_rate if self.left_today is None else max(0, min(by_rate, self.left_today))

    def take(self, segments: int) -> bool:
        """Use the time of one text; False if the number must wait before it."""
        if self.next_at > self._now or (self.left_today is not None and self.left_today <= 0):
            return False
        self.next_at += timedelta(seconds=segments / self._rate)
        self.taken += 1
        if self.left_today is not None:
            self.left_today -= 1
        return True
