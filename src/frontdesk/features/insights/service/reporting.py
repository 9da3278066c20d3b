"""Figures of a business: today against a week ago, and reports over days of its own zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from frontdesk.features.insights.queries import days as days_of
from frontdesk.features.insights.queries import reports, spans
from frontdesk.features.insights.queries.spans import Counted, Stretch
from frontdesk.features.insights.service.adding_up import EDGES, Period, Total, add_up, campaign_figures, start_of
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused

MAX_DAYS = 400
AT_ONCE = 15  # days in one statement, which may take 30 s at most
# Receipts, cancellations and bookings still change a day for as long as this; what comes later makes it count anew.
SETTLES_AFTER = timedelta(days=8)
KEPT_FOR = timedelta(minutes=90)
PROMISED_DAYS = 30
ALLOWED_LATE = 0.005  # 99.5 % of first texts start within 5 s
MOST_COSTS = 100
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """How the promise of a text within 5 s was kept over 30 days; `spent` is the share of the allowance used up."""

    texts: int
    late: int

    @property
    def kept(self) -> float | None:
        """The share that was in time, 0 to 1; None without any."""
        return 1 - self.late / self.texts if self.texts else None

    @property
    def spent(self) -> float:
        """How much of what may be late was late: 1 is all of it."""
        return self.late / (self.texts * ALLOWED_LATE) if self.texts else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """Today so far, the same day a week ago up to the same time of day, and the promise."""

    today: Stretch
    week_ago: Stretch
    promise: Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Summed:
    """A period with what all reports tell of it."""

    period: Period
    total: Total


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What happened on a day."""

    day: date
    counted: Counted


def choose_period(*, first: date, last: date, zone: str) -> Period:
    """Make a period; refuses one that ends before it begins or has more than 400 days (`insights.period_invalid`)."""
    if not first <= last or (last - first).days >= MAX_DAYS or first.year < 2000 or last.year > 9000:  # noqa: PLR2004 - years that every zone has
        raise Refused(
            "insights.period_invalid",
            f"choose a first day, and a last one that is not before it and at most {MAX_DAYS - 1} days later",
            status=422,
        )
    return Period(first=first, last=last, zone=zone)


async def take_glance(tx: Transaction, *, zone: str) -> Glance:
    """Count what happened today so far, in a zone, and a week ago up to the same time of day."""
    local = tx.now.astimezone(ZoneInfo(zone))
    week_ago = (local.replace(tzinfo=None) - WEEK).replace(tzinfo=ZoneInfo(zone))
    today, before = await spans.list_counted(
        tx,
        [
            (start_of(local.date(), zone), tx.now),
            (start_of(week_ago.date(), zone), week_ago.astimezone(UTC)),
        ],
    )
    texts, late = await spans.read_promised(tx, since=tx.now - timedelta(days=PROMISED_DAYS))
    return Glance(today=today, week_ago=before, promise=Promise(texts=texts, late=late))


async def list_days(tx: Transaction, period: Period) -> list[DayFigures]:
    """List what happened on each day of a period: kept figures where they are final or fresh, else counted now."""
    known = {
        one.day: one.counted
        for one in await spans.list_kept(tx, first=period.first, last=period.last, zone=period.zone)
        if _is_good(one, period.zone, tx.now)
    }
    today = tx.now.astimezone(ZoneInfo(period.zone)).date()
    missing = [day for day in period.days if day not in known and day <= today]
    known |= dict(zip(missing, await _count_days(tx, missing, period.zone), strict=True))
    return [DayFigures(day, known.get(day, Counted())) for day in period.days]


async def keep_days(tx: Transaction, *, zone: str, days: int, anew: bool = False) -> int:
    """Count and keep the last days that are over and not final yet, or all of them `anew`; returns how many."""
    today = tx.now.astimezone(ZoneInfo(zone)).date()
    wanted = [today - timedelta(days=number) for number in range(days, 0, -1)]
    if not wanted:
        return 0
    # Before anything is counted: what changes from now on is noted anew, and counted the next time.
    await days_of.forget_changed(tx, zone=zone)
    kept = await days_of.list_kept_parts(tx, first=wanted[0], last=wanted[-1], zone=zone)
    final = set() if anew else {one.day for one in kept if one.counted_at >= _final_at(one.day, zone)}
    open_ = [day for day in wanted if day not in final]
    await spans.record_days(tx, zone=zone, days=list(zip(open_, await _count_days(tx, open_, zone), strict=True)))
    for start in range(0, len(open_), AT_ONCE):
        some = open_[start : start + AT_ONCE]
        await days_of.record_parts(tx, list(zip(some, await _count_parts(tx, some, zone), strict=True)))
    return len(open_)


async def sum_up(tx: Transaction, period: Period) -> Summed:
    """Put together what reports tell of a period: kept days where they are final or fresh, all others counted now."""
    known = {
        one.day: one.parts
        for one in await days_of.list_kept_parts(tx, first=period.first, last=period.last, zone=period.zone)
        if _is_good(one, period.zone, tx.now)
    }
    today = tx.now.astimezone(ZoneInfo(period.zone)).date()
    missing = [day for day in period.days if day not in known and day <= today]
    for start in range(0, len(missing), AT_ONCE):
        some = missing[start : start + AT_ONCE]
        known |= dict(zip(some, await _count_parts(tx, some, period.zone), strict=True))
    return Summed(period=period, total=add_up(period, known))


async def count_directly(tx: Transaction, period: Period) -> Summed:
    """Count what reports tell of a period in one look, from what is on record alone: what `sum_up` must agree with."""
    [parts] = await days_of.list_counted_parts(tx, [(period.since, period.until)], zone=period.zone, edges=EDGES)
    return Summed(period=period, total=add_up(period, {period.first: parts}))


async def list_campaigns(tx: Transaction, summed: Summed) -> list[reports.CampaignFigures]:
    """List what came of the campaigns of a period, the latest first."""
    ran = await reports.list_campaigns(tx, since=summed.period.since, until=summed.period.until)
    return [campaign_figures(summed.total, one) for one in ran]


async def list_costs(tx: Transaction, summed: Summed) -> list[reports.CostFigures]:
    """List what texts have cost by kind and campaign, the dearest first, a hundred at most."""
    spent = summed.total.spent[:MOST_COSTS]
    names = await reports.list_names(tx, [one.campaign_id for one in spent if one.campaign_id is not None])
    return [
        reports.CostFigures(
            message_class=one.message_class,
            campaign_id=one.campaign_id,
            campaign="" if one.campaign_id is None else names.get(one.campaign_id, ""),
            texts=one.texts,
            cost_cents=one.cost_cents,
        )
        for one in spent
    ]


def foresee_cents(spent: Sequence[tuple[date, Decimal]], *, today: date, month_ends: date) -> Decimal:
    """Foresee what a month costs to its end: what is spent, and for each day to come the mean of the last seven.

    `spent` has the days until today in order; today, which is not over, counts as it is.
    """
    over = [cents for day, cents in spent if day < today][-7:]
    mean = sum(over, Decimal(0)) / len(over) if over else sum((cents for _, cents in spent), Decimal(0))
    so_far = sum((cents for day, cents in spent if (day.year, day.month) == (today.year, today.month)), Decimal(0))
    return so_far + mean * (month_ends - today).days


async def _count_parts(tx: Transaction, days: Sequence[date], zone: str) -> list[days_of.Parts]:
    bounds = [(start_of(day, zone), start_of(day + timedelta(days=1), zone)) for day in days]
    return await days_of.list_counted_parts(tx, bounds, zone=zone, edges=EDGES)


async def _count_days(tx: Transaction, days: Sequence[date], zone: str) -> list[Counted]:
    counted: list[Counted] = []
    for start in range(0, len(days), AT_ONCE):
        bounds = [
            (start_of(day, zone), start_of(day + timedelta(days=1), zone)) for day in days[start : start + AT_ONCE]
        ]
        counted += [one.counted for one in await spans.list_counted(tx, bounds)]
    return counted


def _is_good(kept: spans.KeptDay | days_of.KeptParts, zone: str, now: datetime) -> bool:
    return kept.counted_at >= _final_at(kept.day, zone) or kept.counted_at > now - KEPT_FOR


def _final_at(day: date, zone: str) -> datetime:
    return start_of(day + timedelta(days=1), zone) + SETTLES_AFTER
