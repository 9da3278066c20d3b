"""What the pretended Jobber keeps: one account with its people and their visits."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta


def encoded_id(kind: str, number: int) -> str:
    """Write an id as Jobber does: base64 of a global name."""
    return base64.b64encode(f"gid://Jobber/{kind}/{number}".encode()).decode()


@dataclass(slots=True, kw_only=True)
class Visit:
    """A visit; `assigned` are ids of people."""

    id: str
    title: str
    starts_at: datetime
    ends_at: datetime | None
    all_day: bool = False
    status: str = "UPCOMING"
    assigned: tuple[str, ...] = ()


@dataclass(slots=True)
class Points:
    """What is left to spend on questions; it comes back by and by (developer.getjobber.com, api_rate_limits)."""

    most: float = 10_000.0
    restored_per_second: float = 500.0
    left: float = 10_000.0
    at: float = 0.0

    def look(self, monotonic: float) -> float:
        """Tell what is left now."""
        self.left = min(self.most, self.left + (monotonic - self.at) * self.restored_per_second)
        self.at = monotonic
        return self.left


@dataclass(slots=True)
class JobberState:
    """Everything that the pretended Jobber remembers."""

    account_id: str = field(default_factory=lambda: encoded_id("Account", 1))
    account_name: str = "Ada's Plumbing"
    people: dict[str, str] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    points: Points = field(default_factory=Points)
    access: dict[str, datetime] = field(default_factory=dict)
    refresh: set[str] = field(default_factory=set)
    codes: dict[str, str] = field(default_factory=dict)
    webhook_url: str = ""
    token_works: bool = True

    def begin(self) -> None:
        """Begin with two people, no visits, and a token that works."""
        for held in (self.visits, self.access, self.codes):
            held.clear()
        self.refresh.clear()
        self.people = {encoded_id("User", 1): "Ada", encoded_id("User", 2): "Ben"}
        self.points = Points()
        self.webhook_url, self.token_works = "", True

    def visits_of(
        self, *, after: datetime | None, before: datetime | None, ends_after: datetime | None, assigned: set[str]
    ) -> list[Visit]:
        """List visits that start in a window, of some people or all, in order."""
        found = [
            one
            for one in self.visits.values()
            if (after is None or one.starts_at > after)
            and (before is None or one.starts_at < before)
            and (ends_after is None or (one.ends_at or one.starts_at + timedelta(hours=1)) > ends_after)
            and (not assigned or assigned & set(one.assigned))
        ]
        return sorted(found, key=lambda one: (one.starts_at, one.id))
