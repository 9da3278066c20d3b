"""Adds days up to what reports tell of a period; nothing in it asks the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.features.insights.queries.days import EVERYBODY, Answers, Parts
from frontdesk.features.insights.queries.reports import AgentFigures, CampaignFigures, Funnel, HourFigures, Ran

EDGES = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)  # seconds from a missed call to its text
MOST_AGENTS = 100
NOBODY_WAITED = -1
MINUTE, FIVE, QUARTER, HOUR = 60, 300, 900, 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days of a business in its own zone, both ends included."""

    first: date
    last: date
    zone: str

    @property
    def since(self) -> datetime:
        """When the first day begins."""
        return start_of(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """When the last day is over."""
        return start_of(self.last + timedelta(days=1), self.zone)

    @property
    def days(self) -> list[date]:
        """Every day, in order."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentFigures:
    """What texts of one kind, or of one campaign, came to."""

    message_class: str
    campaign_id: UUID | None
    texts: int
    delivered: int
    undelivered: int
    cost_cents: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What reports tell of a period: callers from each of `EDGES` to the next, hours, people, costs, who answered."""

    waits: list[int]
    hours: list[HourFigures]
    funnel: Funnel
    agents: list[AgentFigures]
    spent: list[SpentFigures]
    heard: Mapping[UUID, tuple[int, int]]


def start_of(day: date, zone: str) -> datetime:
    """Tell when a day begins in a zone, as an instant: days on which clocks change have 23 or 25 hours."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def add_up(period: Period, days: Mapping[date, Parts]) -> Total:
    """Add up what was counted of the days of a period, however it is cut."""
    parts = list(days.values())
    return Total(
        waits=_waits(parts),
        hours=_hours(parts),
        funnel=_funnel(parts),
        agents=_agents(period, parts),
        spent=_spent(parts),
        heard=_heard(parts),
    )


def campaign_figures(total: Total, ran: Ran) -> CampaignFigures:
    """Tell what came of a campaign."""
    spent = [one for one in total.spent if one.campaign_id == ran.id]
    replies, stops = total.heard.get(ran.id, (0, 0))
    return CampaignFigures(
        id=ran.id,
        name=ran.name,
        started_at=ran.started_at,
        texts=sum(one.texts for one in spent),
        delivered=sum(one.delivered for one in spent),
        undelivered=sum(one.undelivered for one in spent),
        cost_cents=sum((one.cost_cents for one in spent), Decimal(0)),
        replies=replies,
        stops=stops,
    )


def _waits(parts: Iterable[Parts]) -> list[int]:
    found: Counter[int] = Counter()
    for one in parts:
        found.update(one.waits)
    return [found[edge] for edge in range(len(EDGES))]


def _hours(parts: Iterable[Parts]) -> list[HourFigures]:
    calls: Counter[tuple[int, int]] = Counter()
    missed: Counter[tuple[int, int]] = Counter()
    for one in parts:
        for hour in one.hours:
            calls[hour.weekday, hour.hour] += hour.calls
            missed[hour.weekday, hour.hour] += hour.missed
    return [HourFigures(weekday=key[0], hour=key[1], calls=calls[key], missed=missed[key]) for key in sorted(calls)]


def _funnel(parts: Iterable[Parts]) -> Funnel:
    coming = [one.coming for one in parts]
    return Funnel(
        missed=sum(one.missed for one in coming),
        texted=sum(one.texted for one in coming),
        came_back=sum(one.came_back for one in coming),
        booked=sum(one.booked for one in coming),
        worth_cents=Decimal(sum(one.worth_cents for one in coming)),
        deposits_cents=Decimal(sum(one.deposits_cents for one in coming)),
    )


def _agents(period: Period, parts: Iterable[Parts]) -> list[AgentFigures]:
    """List everybody together first, then who answered most threads."""
    waits: dict[str, Counter[int]] = {EVERYBODY: Counter()}
    threads: Counter[str] = Counter()
    first = period.first.isoformat()
    for one in parts:
        for author, answers in one.answers.items():
            waits.setdefault(author, Counter()).update(answers.waits)
            waits[EVERYBODY].update(answers.waits)
            threads[author] += _new_threads(answers, first)
    figures = [_agent(author, counted, threads[author]) for author, counted in waits.items()]
    figures.sort(key=lambda one: (not one.is_everybody, -one.threads, one.author))
    return figures[: MOST_AGENTS + 1]


def _new_threads(answers: Answers, first: str) -> int:
    """Count the threads in which nothing was answered before in the period: days as text sort by time."""
    return sum(count for earlier_on, count in answers.threads.items() if earlier_on < first)


def _agent(author: str, waits: Counter[int], threads: int) -> AgentFigures:
    waited = sorted((seconds, count) for seconds, count in waits.items() if seconds != NOBODY_WAITED)
    within = [sum(count for seconds, count in waited if seconds <= bound) for bound in (MINUTE, FIVE, QUARTER, HOUR)]
    total = sum(count for _, count in waited)
    return AgentFigures(
        author=author,
        is_everybody=author == EVERYBODY,
        texts=sum(waits.values()),
        threads=threads,
        median_seconds=_share_within(waited, total * 0.5),
        slow_seconds=_share_within(waited, total * 0.9),
        within_a_minute=within[0],
        within_five=within[1] - within[0],
        within_quarter=within[2] - within[1],
        within_an_hour=within[3] - within[2],
        later=total - within[3],
    )


def _share_within(waited: Iterable[tuple[int, int]], wanted: float) -> float | None:
    """Tell the wait that so many do not exceed; None without any."""
    seen = 0
    for seconds, count in waited:
        seen += count
        if seen >= wanted:
            return float(seconds)
    return None


def _spent(parts: Iterable[Parts]) -> list[SpentFigures]:
    """List what texts cost, the dearest first."""
    found: dict[tuple[str, UUID | None], SpentFigures] = {}
    for day in parts:
        for one in day.spent:
            key = (one.message_class, one.campaign_id)
            before = found.get(key)
            found[key] = SpentFigures(
                message_class=one.message_class,
                campaign_id=one.campaign_id,
                texts=one.texts + (before.texts if before else 0),
                delivered=one.delivered + (before.delivered if before else 0),
                undelivered=one.undelivered + (before.undelivered if before else 0),
                cost_cents=Decimal(one.cost_cents) + (before.cost_cents if before else Decimal(0)),
            )
    return sorted(
        found.values(), key=lambda one: (-one.cost_cents, -one.texts, one.message_class, str(one.campaign_id))
    )


def _heard(parts: Iterable[Parts]) -> Mapping[UUID, tuple[int, int]]:
    replies: Counter[UUID] = Counter()
    stops: Counter[UUID] = Counter()
    for day in parts:
        for one in day.heard:
            replies[one.campaign_id] += one.replies
            stops[one.campaign_id] += one.stops
    return {campaign: (count, stops[campaign]) for campaign, count in replies.items()}
