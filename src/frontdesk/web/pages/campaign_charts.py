"""Campaigns as pictures: over which hours a rehearsal goes out, who is left out, how the texts go on, what is spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from frontdesk.features import campaigns, delivery
from frontdesk.features.campaigns.rehearsal import Summary
from frontdesk.web.pages.reasons import reason_words
from frontdesk.web.pages.rows import Tone
from frontdesk.web.pages.views import Place
from frontdesk.web.words import count_words, money_words

HEIGHT = 100
LEAST_HOURS = 12
ONE_DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
# What a rehearsal says of a person, in the order in which it is drawn.
ENDS: Mapping[str, tuple[str, Tone]] = {
    "send": ("Would get it", Tone.GOOD),
    "hold": ("Later than the next 7 days", Tone.CALM),
    "bar": ("Kept back by a rule", Tone.WARN),
    "drop": ("Too late for the time limit", Tone.BAD),
}
_TONES: Mapping[str, Tone] = {"campaign.after_rehearsal": Tone.CALM, "campaign.time_limit": Tone.BAD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar of a picture: its words, its figure, and its length in percent of the longest."""

    words: str
    figure: str
    share: int
    tone: Tone
    under: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A span of a chart: its name, the short one for its axis, its figures, and two of them as heights of columns."""

    words: str
    short: str
    figures: Sequence[int]
    tall: int
    short_column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """People who share an end, as a piece of a drawn line that is 1,000 long."""

    words: str
    tone: Tone
    people: int
    x: float
    width: float


def draw_hours(by_hour: Mapping[str, int], *, place: Place) -> list[Moment]:
    """Draw texts by hour on the business's clock, from the first to the last and at least twelve: texts and sums."""
    counts = Counter({datetime.strptime(hour, "%Y-%m-%dT%H:%M%z"): people for hour, people in by_hour.items()})
    if not counts:
        return []
    first, last = min(counts), max(counts)
    hours = [first + at * HOUR for at in range(max(LEAST_HOURS, (last - first) // HOUR + 1))]
    highest, total, drawn = max(counts.values()), 0, list[Moment]()
    for hour in hours:
        total += counts[hour]
        drawn.append(
            Moment(
                words=_span_words(hour, place.zone),
                short=_axis_words(hour, place.zone, is_long=len(hours) * HOUR > ONE_DAY),
                figures=(counts[hour], total),
                tall=_height(counts[hour], highest),
                short_column=0,
            )
        )
    return drawn


def draw_course(course: campaigns.Course, *, place: Place) -> list[Moment]:
    """Draw how the texts of a campaign went on: sent, arrived, failed, answered and stopped by each moment."""
    highest = max((one.sent for one in course.lines), default=0)
    is_long = course.last_at - course.first_at > ONE_DAY
    return [
        Moment(
            words=_span_words(one.at, place.zone),
            short=_axis_words(one.at, place.zone, is_long=is_long),
            figures=(one.sent, one.delivered, one.failed, one.answered, one.stopped),
            tall=_height(one.sent, highest),
            short_column=_height(one.delivered, highest),
        )
        for one in course.lines
    ]


def part_people(summary: Summary) -> list[Part]:
    """Part the people of a rehearsal by how it ends for them."""
    x, parts = 0.0, list[Part]()
    for verdict, (words, tone) in ENDS.items():
        people = summary.by_verdict.get(verdict, 0)
        width = 1000 * people / summary.people if summary.people else 0.0
        if people or verdict == "send":
            parts.append(Part(words=words, tone=tone, people=people, x=round(x, 1), width=round(width, 1)))
        x += width
    return parts


def bar_reasons(summary: Summary) -> list[Bar]:
    """Draw for which reasons people are left out, the most frequent first, as parts of all."""
    reasons = sorted(((people, code) for code, people in summary.by_code.items() if code != "ok"), reverse=True)
    return [
        Bar(
            words=reason_words(code),
            figure=count_words(people),
            share=_height(people, summary.people),
            tone=_TONES.get(code, Tone.WARN),
        )
        for people, code in reasons
    ]


def bar_spending(spent_cents: Decimal, summary: Summary | None, budget: delivery.Budget) -> list[Bar]:
    """Draw what a campaign has spent of what its rehearsal foresaw, and all texts of the business's budgets."""
    limits = [
        ("All texts today", budget.daily_spent_cents, budget.daily_budget_cents, "in today's budget"),
        ("All texts this month", budget.monthly_spent_cents, budget.monthly_budget_cents, "in this month's budget"),
    ]
    if summary is not None and summary.cost_cents:
        limits.insert(0, ("This campaign", spent_cents, summary.cost_cents, "foreseen by the rehearsal"))
    return [
        Bar(
            words=words,
            figure=money_words(spent),
            share=min(HEIGHT, _height(spent, limit)) if limit else HEIGHT,
            tone=Tone.WARN if spent >= limit else Tone.BUSY,
            under=f"of {money_words(limit)} {under}",
        )
        for words, spent, limit, under in limits
    ]


def _height(part: Decimal | int, whole: Decimal | int) -> int:
    return max(2, round(HEIGHT * part / whole)) if part and whole else 0


def _span_words(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b} {local:%H:%M}"


def _axis_words(at: datetime, zone: str, *, is_long: bool) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a %H:%M}" if is_long else f"{local:%H:%M}"
