"""What the page of reports shows: days, funnels, waits and hours as figures, shares and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from frontdesk.features import insights
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.web.pages.views import Place, read_place
from frontdesk.web.words import count_words, milliseconds, money_words

USUAL = "30"
SPANS = {"7": 7, "30": 30, "90": 90}
MONTHS = 6
HEIGHT = 100
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHADES = 5
MINUTE, HOUR = 60, 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A period that can be chosen."""

    key: str
    words: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The period that is looked at; `query` leads back to it, `wrong` says why another was not taken."""

    period: insights.Period
    words: str
    query: str
    spans: Sequence[Choice]
    months: Sequence[Choice]
    wrong: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar of a picture: its words, its figure, and its length in percent of the longest."""

    words: str
    figure: str
    share: int
    tone: str = "busy"
    under: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A day as columns of a picture without scripts, from the bottom: heights in percent of the highest."""

    tall: int
    short: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """A day in words with its figures."""

    words: str
    counted: insights.Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCell:
    """An hour of the week; `shade` is 0 to 5."""

    words: str
    calls: int
    shade: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    """Somebody who answered, with how long people waited in words."""

    who: str
    is_everybody: bool
    texts: int
    threads: int
    median: str
    slow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRow:
    """A campaign with what came of it."""

    figures: insights.CampaignFigures
    delivered: str
    per_reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsView:
    """Everything that the page shows."""

    place: Place
    chosen: Chosen
    total: insights.Counted
    days: Sequence[DayRow]
    call_columns: Sequence[Column]
    text_columns: Sequence[Column]
    funnel: Sequence[Bar]
    worth: str
    deposits: str
    waits: Sequence[Bar]
    answers: Sequence[Bar]
    agents: Sequence[AgentRow]
    campaigns: Sequence[CampaignRow]
    hours: Sequence[tuple[str, Sequence[HeatCell]]]
    busiest: str
    delivered: str
    opt_outs: str


def choose(place: Place, *, period: str, first: str, last: str) -> Chosen:
    """Make out which days are meant; what cannot be is told and answered with the last 30."""
    today = place.now.astimezone(ZoneInfo(place.zone)).date()
    wrong = ""
    try:
        if first or last:
            chosen = insights.choose_period(first=_day(first), last=_day(last), zone=place.zone)
            return _chosen(chosen, "", f"first={chosen.first}&last={chosen.last}", today, wrong="")
        if period not in SPANS:
            begin = _day(f"{period}-01")
            end = min(_next_month(begin) - timedelta(days=1), max(today, begin))
            chosen = insights.choose_period(first=begin, last=end, zone=place.zone)
            return _chosen(chosen, period, f"period={period}", today, wrong="")
    except Refused as refusal:
        wrong, period = refusal.message, USUAL
    chosen = insights.choose_period(first=today - timedelta(days=SPANS[period] - 1), last=today, zone=place.zone)
    return _chosen(chosen, period, f"period={period}", today, wrong=wrong)


async def read_reports(tx: Transaction, *, period: str, first: str, last: str) -> ReportsView:
    """Read every report of a period."""
    place = await read_place(tx)
    chosen = choose(place, period=period, first=first, last=last)
    days = await insights.list_days(tx, chosen.period)
    summed = await insights.sum_up(tx, chosen.period)
    funnel, agents, hours = summed.total.funnel, summed.total.agents, summed.total.hours
    total = _sum([one.counted for one in days])
    return ReportsView(
        place=place,
        chosen=chosen,
        total=total,
        days=[DayRow(words=_day_words(one.day), counted=one.counted) for one in days],
        call_columns=_columns([(one.counted.calls, one.counted.missed) for one in days]),
        text_columns=_columns([(one.counted.texts, one.counted.delivered) for one in days]),
        funnel=_funnel(funnel),
        worth=money_words(funnel.worth_cents),
        deposits=money_words(funnel.deposits_cents),
        waits=_waits(summed.total.waits),
        answers=_answers(agents),
        agents=[_agent(one) for one in agents if one.texts],
        campaigns=[_campaign(one) for one in await insights.list_campaigns(tx, summed)],
        hours=_heat(hours),
        busiest=_busiest(hours),
        delivered="" if total.delivery_rate is None else f"{total.delivery_rate * 100:.1f} %",
        opt_outs=f"{total.stops / total.texts * 100:.2f} %" if total.texts else "",
    )


def seconds_words(seconds: float | None) -> str:
    """Write a wait as people say it: 40 s, 6 min, 2.5 h."""
    if seconds is None:
        return "\N{EN DASH}"
    if seconds < MINUTE:
        return milliseconds(seconds * 1000)
    return f"{seconds / MINUTE:.0f} min" if seconds < HOUR else f"{seconds / HOUR:.1f} h"


def _chosen(period: insights.Period, key: str, query: str, today: date, *, wrong: str) -> Chosen:
    begin = today.replace(day=1)
    months: list[Choice] = []
    for _ in range(MONTHS):
        month = f"{begin:%Y-%m}"
        months.append(Choice(key=month, words=f"{begin:%B %Y}", is_current=key == month))
        begin = (begin - timedelta(days=1)).replace(day=1)
    return Chosen(
        period=period,
        words=f"{_day_words(period.first)} to {_day_words(period.last)}",
        query=query,
        spans=[Choice(key=one, words=f"{days} days", is_current=key == one) for one, days in SPANS.items()],
        months=months,
        wrong=wrong,
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("insights.period_invalid", "choose a first and a last day", status=422) from None


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _day_words(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def _sum(days: Sequence[insights.Counted]) -> insights.Counted:
    return insights.Counted(
        calls=sum(one.calls for one in days),
        missed=sum(one.missed for one in days),
        texted=sum(one.texted for one in days),
        late=sum(one.late for one in days),
        replies=sum(one.replies for one in days),
        stops=sum(one.stops for one in days),
        bookings=sum(one.bookings for one in days),
        worth_cents=sum((one.worth_cents for one in days), Decimal(0)),
        texts=sum(one.texts for one in days),
        delivered=sum(one.delivered for one in days),
        undelivered=sum(one.undelivered for one in days),
        cost_cents=sum((one.cost_cents for one in days), Decimal(0)),
    )


def _columns(pairs: Sequence[tuple[int, int]]) -> list[Column]:
    highest = max((tall for tall, _ in pairs), default=0) or 1
    return [Column(tall=round(tall * HEIGHT / highest), short=round(short * HEIGHT / highest)) for tall, short in pairs]


def _share(part: int, whole: int) -> int:
    return round(part * 100 / whole) if whole else 0


def _funnel(funnel: insights.Funnel) -> list[Bar]:
    steps = (
        ("Missed calls", funnel.missed, "warn", ""),
        ("Texted back", funnel.texted, "busy", "the rest was kept back by a rule, or nobody wanted it"),
        ("Came back", funnel.came_back, "busy", "wrote or booked within 7 days"),
        ("Booked", funnel.booked, "good", "an appointment within 7 days"),
    )
    return [
        Bar(
            words=words,
            figure=f"{count_words(count)}" + (f" · {_share(count, funnel.missed)} %" if funnel.missed else ""),
            share=_share(count, funnel.missed),
            tone=tone,
            under=under,
        )
        for words, count, tone, under in steps
    ]


def _waits(waits: Sequence[int]) -> list[Bar]:
    longest = max(waits, default=0)
    ends = [*insights.EDGES[1:], None]
    bars = []
    for start, end, count in zip(insights.EDGES, ends, waits, strict=True):
        words = f"over {seconds_words(start)}" if end is None else f"up to {seconds_words(end)}"
        tone = "good" if end is not None and end <= 5 else "warn"  # noqa: PLR2004 - what is promised
        bars.append(Bar(words=words, figure=count_words(count), share=_share(count, longest), tone=tone))
    return bars


def _answers(agents: Sequence[insights.AgentFigures]) -> list[Bar]:
    everybody = next((one for one in agents if one.is_everybody), None)
    if everybody is None or everybody.median_seconds is None:
        return []
    steps = (
        ("up to a minute", everybody.within_a_minute, "good"),
        ("up to 5 min", everybody.within_five, "good"),
        ("up to 15 min", everybody.within_quarter, "busy"),
        ("up to an hour", everybody.within_an_hour, "warn"),
        ("longer", everybody.later, "bad"),
    )
    longest = max(count for _, count, _ in steps)
    return [
        Bar(words=words, figure=count_words(count), share=_share(count, longest), tone=tone)
        for words, count, tone in steps
    ]


def _agent(one: insights.AgentFigures) -> AgentRow:
    return AgentRow(
        who="Everybody" if one.is_everybody else one.author,
        is_everybody=one.is_everybody,
        texts=one.texts,
        threads=one.threads,
        median=seconds_words(one.median_seconds),
        slow=seconds_words(one.slow_seconds),
    )


def _campaign(one: insights.CampaignFigures) -> CampaignRow:
    known = one.delivered + one.undelivered
    per_reply = one.cost_per_reply_cents
    return CampaignRow(
        figures=one,
        delivered=f"{_share(one.delivered, known)} %" if known else "\N{EN DASH}",
        per_reply="\N{EN DASH}" if per_reply is None else money_words(per_reply),
    )


def _heat(hours: Sequence[insights.HourFigures]) -> list[tuple[str, Sequence[HeatCell]]]:
    by_hour = {(one.weekday, one.hour): one for one in hours}
    highest = max((one.calls for one in hours), default=0)
    week: list[tuple[str, Sequence[HeatCell]]] = []
    for number, weekday in enumerate(WEEKDAYS, start=1):
        cells = []
        for hour in range(24):
            found = by_hour.get((number, hour))
            calls = found.calls if found else 0
            missed = f", {found.missed} missed" if found and found.missed else ""
            words = f"{weekday} {hour:02}:00, {calls} {'call' if calls == 1 else 'calls'}{missed}"
            shade = -(-calls * SHADES // highest) if highest else 0
            cells.append(HeatCell(words=words, calls=calls, shade=shade))
        week.append((weekday, cells))
    return week


def _busiest(hours: Sequence[insights.HourFigures]) -> str:
    if not hours:
        return ""
    top = max(hours, key=lambda one: (one.missed, one.calls))
    if not top.missed:
        return ""
    return f"Most calls are missed on {WEEKDAYS[top.weekday - 1]} from {top.hour:02}:00 to {top.hour + 1:02}:00."
