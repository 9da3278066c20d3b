"""Reports as tables: a header and typed cells, written as CSV of which no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from frontdesk.features.insights.service import reporting
from frontdesk.features.insights.service.adding_up import EDGES, Period
from frontdesk.features.insights.service.verifying import csv_cell
from frontdesk.kernel.db import Transaction

Cell = str | int | float | Decimal | date | None
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CENT = Decimal("0.0001")


class ReportName(StrEnum):
    """What can be reported."""

    DAYS = "days"
    RECOVERED = "recovered"
    SPEED = "speed"
    AGENTS = "agents"
    CAMPAIGNS = "campaigns"
    HOURS = "hours"
    COSTS = "costs"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its columns and rows; money is in dollars, waits in seconds."""

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


async def tabulate(tx: Transaction, name: ReportName, period: Period) -> Sheet:
    """Tabulate a report of a period."""
    return await _SHEETS[name](tx, period)


def write_csv(sheet: Sheet) -> str:
    """Write a table as CSV that a spreadsheet computes nothing of."""
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(sheet.header)
    for row in sheet.rows:
        writer.writerow([_cell(cell) for cell in row])
    return target.getvalue()


def _cell(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.3f}"
    return csv_cell(None if cell is None else str(cell))


def _dollars(cents: Decimal | None) -> Decimal | None:
    return None if cents is None else (cents / 100).quantize(_CENT)


async def _days(tx: Transaction, period: Period) -> Sheet:
    days = await reporting.list_days(tx, period)
    header = (
        "day", "calls", "missed", "texted_back", "texted_late", "replies", "opt_outs", "bookings", "bookings_worth",
        "texts_sent", "texts_delivered", "texts_not_delivered", "texts_cost",
    )  # fmt: skip
    rows = [
        (
            one.day, one.counted.calls, one.counted.missed, one.counted.texted, one.counted.late, one.counted.replies,
            one.counted.stops, one.counted.bookings, _dollars(one.counted.worth_cents), one.counted.texts,
            one.counted.delivered, one.counted.undelivered, _dollars(one.counted.cost_cents),
        )
        for one in days
    ]  # fmt: skip
    return Sheet(header, rows)


async def _funnel(tx: Transaction, period: Period) -> Sheet:
    funnel = (await reporting.sum_up(tx, period)).total.funnel
    rows: list[Sequence[Cell]] = [
        ("missed calls", funnel.missed),
        ("texted back", funnel.texted),
        ("replied or booked within 7 days", funnel.came_back),
        ("booked within 7 days", funnel.booked),
        ("worth of these bookings", _dollars(funnel.worth_cents)),
        ("deposits paid", _dollars(funnel.deposits_cents)),
    ]
    return Sheet(("what", "figure"), rows)


async def _speed(tx: Transaction, period: Period) -> Sheet:
    waits = (await reporting.sum_up(tx, period)).total.waits
    above = [*EDGES[1:], None]
    return Sheet(
        ("from_seconds", "to_seconds", "missed_calls"),
        [(start, end, calls) for start, end, calls in zip(EDGES, above, waits, strict=True)],
    )


async def _agents(tx: Transaction, period: Period) -> Sheet:
    agents = (await reporting.sum_up(tx, period)).total.agents
    header = ("who", "texts", "threads", "median_seconds_to_answer", "90_percent_within_seconds")
    return Sheet(
        header,
        [
            ("everybody" if one.is_everybody else one.author, one.texts, one.threads, one.median_seconds,
             one.slow_seconds)
            for one in agents
        ],
    )  # fmt: skip


async def _campaigns(tx: Transaction, period: Period) -> Sheet:
    campaigns = await reporting.list_campaigns(tx, await reporting.sum_up(tx, period))
    header = (
        "campaign", "started_on", "texts_sent", "delivered", "not_delivered", "replies", "opt_outs", "cost",
        "cost_per_reply",
    )  # fmt: skip
    rows = [
        (
            one.name, one.started_at.astimezone(ZoneInfo(period.zone)).date(), one.texts, one.delivered,
            one.undelivered, one.replies, one.stops, _dollars(one.cost_cents), _dollars(one.cost_per_reply_cents),
        )
        for one in campaigns
    ]  # fmt: skip
    return Sheet(header, rows)


async def _hours(tx: Transaction, period: Period) -> Sheet:
    hours = (await reporting.sum_up(tx, period)).total.hours
    return Sheet(
        ("weekday", "hour", "calls", "missed"),
        [(WEEKDAYS[one.weekday - 1], one.hour, one.calls, one.missed) for one in hours],
    )


async def _costs(tx: Transaction, period: Period) -> Sheet:
    costs = await reporting.list_costs(tx, await reporting.sum_up(tx, period))
    return Sheet(
        ("class", "campaign", "texts", "cost"),
        [(one.message_class, one.campaign, one.texts, _dollars(one.cost_cents)) for one in costs],
    )


_SHEETS: Mapping[ReportName, Callable[[Transaction, Period], Awaitable[Sheet]]] = {
    ReportName.DAYS: _days,
    ReportName.RECOVERED: _funnel,
    ReportName.SPEED: _speed,
    ReportName.AGENTS: _agents,
    ReportName.CAMPAIGNS: _campaigns,
    ReportName.HOURS: _hours,
    ReportName.COSTS: _costs,
}
