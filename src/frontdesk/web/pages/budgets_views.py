"""What the tab of budgets shows: spent and foreseen, day by day, by kind and campaign, and who changed what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from frontdesk.features import delivery, insights
from frontdesk.kernel import audit
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.web.pages.rows import Tone
from frontdesk.web.pages.views import Place, read_place
from frontdesk.web.words import money_words

CHANGED = "budgets.changed"
BUDGETS = "budgets"
HISTORY = 12
LOOKED_THROUGH = 200
REMEMBERED = timedelta(days=365)
WARN_AT, FULL = 80, 100
CLASSES = {
    "C1": "Answers to missed calls and replies",
    "C2": "Appointments, receipts and texts by hand",
    "C3": "Campaigns",
    "C4": "Answers to STOP and HELP",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody wrote, what is wrong with it, and what is asked before it is done."""

    daily: str = ""
    monthly: str = ""
    wrong_daily: str = ""
    wrong_monthly: str = ""
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """How much of a budget is used, in percent, at most 100."""

    words: str
    spent: str
    limit: str
    share: int
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentDay:
    """What a day cost; `tall` is its height in percent of the dearest."""

    words: str
    cost: str
    texts: int
    tall: int
    short: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """What texts of one kind or campaign cost."""

    words: str
    texts: int
    cost: str
    share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who changed the budgets, when, in words."""

    at: datetime
    who: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetsView:
    """Everything that the tab shows."""

    place: Place
    budget: delivery.Budget
    meters: Sequence[Meter]
    foreseen: str
    foreseen_cents: Decimal
    month: str
    warnings: Sequence[str]
    days: Sequence[SpentDay]
    costs: Sequence[CostRow]
    history: Sequence[Change]
    may_change: bool
    form: Draft


async def read_budgets(tx: Transaction, visit: Visit) -> BudgetsView:
    """Read the tab of budgets."""
    place = await read_place(tx)
    budget = await delivery.get_budget(tx)
    today = place.now.astimezone(ZoneInfo(place.zone)).date()
    begin = today.replace(day=1)
    ends = (begin + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    shown = insights.choose_period(first=today - timedelta(days=29), last=today, zone=place.zone)
    days = await insights.list_days(tx, shown)
    month = insights.choose_period(first=begin, last=today, zone=place.zone)
    costs = await insights.list_costs(tx, await insights.sum_up(tx, month))
    spent = [(one.day, one.counted.cost_cents) for one in days]
    foreseen = max(budget.monthly_spent_cents, insights.foresee_cents(spent, today=today, month_ends=ends))
    return BudgetsView(
        place=place,
        budget=budget,
        meters=[
            _meter("Today", budget.daily_spent_cents, budget.daily_budget_cents),
            _meter(f"{today:%B}", budget.monthly_spent_cents, budget.monthly_budget_cents),
        ],
        foreseen=_money(foreseen),
        foreseen_cents=foreseen,
        month=f"{today:%B}",
        warnings=_warnings(budget, foreseen, today=today, ends=ends, spent=spent),
        days=_days(days),
        costs=_costs(costs),
        history=await _history(tx) if visit.may(Scope.AUDIT_READ) else [],
        may_change=visit.may(Scope.TENANTS_WRITE),
        form=Draft(daily=_plain(budget.daily_budget_cents), monthly=_plain(budget.monthly_budget_cents)),
    )


def _meter(words: str, spent: Decimal, limit: Decimal) -> Meter:
    share = round(spent * 100 / limit) if limit else FULL
    tone = Tone.BAD if share >= FULL else Tone.WARN if share >= WARN_AT else Tone.BUSY
    return Meter(words=words, spent=_money(spent), limit=money_words(limit), share=min(FULL, share), tone=tone)


def _warnings(
    budget: delivery.Budget,
    foreseen: Decimal,
    *,
    today: date,
    ends: date,
    spent: Sequence[tuple[date, Decimal]],
) -> list[str]:
    words = []
    if budget.daily_spent_cents >= budget.daily_budget_cents:
        words.append("Today's money is used up. Texts wait; they go on by themselves after midnight.")
    elif budget.daily_spent_cents * 100 >= budget.daily_budget_cents * WARN_AT:
        words.append("More than four fifths of today's money is used.")
    if budget.monthly_spent_cents >= budget.monthly_budget_cents:
        words.append("This month's money is used up. Texts wait until next month, or until you raise it.")
    elif foreseen > budget.monthly_budget_cents:
        left = budget.monthly_budget_cents - budget.monthly_spent_cents
        to_come = foreseen - budget.monthly_spent_cents
        pace = to_come / max(1, (ends - today).days)
        lasts = today + timedelta(days=int(left / pace)) if pace else ends
        words.append(f"At this pace the month's money lasts until {lasts:%A} {lasts.day} {lasts:%B}.")
    over = [cents for day, cents in spent if day < today and cents][-7:]
    usual = sum(over, Decimal(0)) / len(over) if over else Decimal(0)
    if len(over) > 2 and budget.daily_spent_cents > 3 * usual:  # noqa: PLR2004 - three times is unusual
        words.append(f"Today has cost {_money(budget.daily_spent_cents)}; a usual day costs {_money(usual)}.")
    return words


def _days(days: Sequence[insights.DayFigures]) -> list[SpentDay]:
    dearest = max((one.counted.cost_cents for one in days), default=Decimal(0)) or Decimal(1)
    return [
        SpentDay(
            words=f"{one.day:%a} {one.day.day} {one.day:%b}",
            cost=_money(one.counted.cost_cents),
            texts=one.counted.texts,
            tall=round(one.counted.cost_cents * 100 / dearest),
        )
        for one in days
    ]


def _costs(costs: Sequence[insights.CostFigures]) -> list[CostRow]:
    dearest = max((one.cost_cents for one in costs), default=Decimal(0)) or Decimal(1)
    return [
        CostRow(
            words=one.campaign or CLASSES.get(one.message_class, "Other texts"),
            texts=one.texts,
            cost=_money(one.cost_cents),
            share=round(one.cost_cents * 100 / dearest),
        )
        for one in costs
    ]


async def _history(tx: Transaction) -> list[Change]:
    found = await audit.search_entries(tx, action=BUDGETS, since=tx.now - REMEMBERED, limit=LOOKED_THROUGH)
    return [Change(at=one.at, who=one.actor_name or "Frontdesk", words=_change_words(one)) for one in reversed(found)][
        :HISTORY
    ]


def _change_words(entry: audit.AuditEntry) -> str:
    if entry.action != CHANGED:
        return "corrected what counts as spent today"
    before, after = _amount(entry, "daily_before_cents"), _amount(entry, "daily_after_cents")
    words = [f"a day from {before} to {after}"] if before != after else []
    before, after = _amount(entry, "monthly_before_cents"), _amount(entry, "monthly_after_cents")
    words += [f"a month from {before} to {after}"] if before != after else []
    return " and ".join(words) or "left them as they were"


def _amount(entry: audit.AuditEntry, key: str) -> str:
    try:
        return money_words(Decimal(str(entry.details.get(key, "0"))))
    except InvalidOperation:
        return "an amount"


def _money(cents: Decimal) -> str:
    return money_words(cents if cents < 1 else Decimal(round(cents)))


def _plain(cents: Decimal) -> str:
    return f"{cents / 100:.2f}"
