"""Quiet hours of a business: a reminder that would fall into them leaves before they begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

AHEAD = timedelta(minutes=30)  # so long before quiet hours, a reminder has left when they begin


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From when until when nobody is reminded, on the business's clock; the same time twice means never quiet."""

    zone: str
    begins: time
    ends: time

    def began(self, moment: datetime) -> datetime | None:
        """Tell when the quiet hours began in which a moment lies; None if it lies in none."""
        where = ZoneInfo(self.zone)
        local = moment.astimezone(where)
        for days in (0, 1):
            day = local.date() - timedelta(days=days)
            start = datetime.combine(day, self.begins, tzinfo=where)
            until = day + timedelta(days=1) if self.ends <= self.begins else day
            end = datetime.combine(until, self.ends, tzinfo=where)
            if self.begins != self.ends and start.astimezone(UTC) <= moment < end.astimezone(UTC):
                return start.astimezone(UTC)
        return None

    def due(self, starts_at: datetime, *, minutes_before: int) -> datetime:
        """Tell when a reminder is due: so many minutes before, or half an hour before the quiet hours around that."""
        due = starts_at - timedelta(minutes=minutes_before)
        began = self.began(due)
        return due if began is None else began - AHEAD

    def useful_until(self, moment: datetime) -> datetime:
        """Tell until when a reminder may leave that is useful until a moment."""
        return self.began(moment) or moment
