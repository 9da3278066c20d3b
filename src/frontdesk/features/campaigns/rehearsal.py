"""A campaign played over the coming days before anything leaves: who would get what and when, or why not.

The play follows the rules of the real claim: the law's windows, each number's pace and daily limit, what carriers let
its registered brand and campaign send, the throttle of the campaign, the business's daily and monthly budget in its own
zone, and the time limit.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One person's part: `ready_at` is the first moment that is due and lawful, None where there is none.

    `verdict` and `code` are what the gates said; a 'send' or 'hold' may become a 'drop' when the play ends first.
    """

    phone_e164: str
    sender_e164: str
    zone: str | None
    region: str | None
    segments: int
    cost_cents: Decimal
    verdict: str
    code: str
    citation: str
    ready_at: datetime | None
    leaves_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number's pace in segments a second and how many texts it may send on a day (None = no limit).

    `brand` and `registration` name what limits it together with other numbers, if anything does.
    """

    segments_per_second: float
    allowance: Callable[[date], int | None]
    sent_today: int = 0
    brand: str = ""
    registration: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriers:
    """What carriers let brands send in a day of theirs, in segments, and how many have gone on the first day.

    `per_second` is the pace of registered campaigns, in segments a second; `zone` is where carriers' days turn.
    """

    zone: str
    daily_segments: Mapping[str, int]
    used_today: Mapping[str, int]
    per_second: Mapping[str, float]


NO_CARRIER_LIMITS = Carriers(zone="UTC", daily_segments={}, used_today={}, per_second={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """A business's limits in cents and what is spent already, today and this month, in its zone."""

    daily_budget_cents: Decimal
    monthly_budget_cents: Decimal
    daily_spent_cents: Decimal
    monthly_spent_cents: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the play takes place: from when to when, in which zone days turn, with which limits.

    `reopens(line, at)` tells the first lawful moment for a person at or after `at`, or None.
    """

    starts_at: datetime
    until: datetime
    ends_at: datetime
    zone: str
    numbers: Mapping[str, Number]
    money: Money
    per_minute: Decimal | None
    reopens: Callable[[Line, datetime], datetime | None]
    carriers: Carriers = NO_CARRIER_LIMITS


class _Play:
    """The state of a play: who waits for their hour, who waits at which number, and what is used up."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._zone = ZoneInfo(stage.zone)
        self.coming: list[tuple[datetime, str, Line]] = []
        self.at_number: dict[str, deque[Line]] = {sender: deque() for sender in stage.numbers}
        self.acting: list[tuple[datetime, str]] = []
        self.free_at = dict.fromkeys(stage.numbers, stage.starts_at)
        self.throttle_at = stage.starts_at
        self._carriers_zone = ZoneInfo(stage.carriers.zone)
        carriers_today = self._day(stage.starts_at, self._carriers_zone)
        self._brand_sent = Counter({(one, carriers_today): used for one, used in stage.carriers.used_today.items()})
        self._registration_at = dict.fromkeys(stage.carriers.per_second, stage.starts_at)
        today = self._day(stage.starts_at)
        self._sent = Counter({(sender, today): one.sent_today for sender, one in stage.numbers.items()})
        self._spent = {today: stage.money.daily_spent_cents}
        self._spent_in = {today.replace(day=1): stage.money.monthly_spent_cents}
        self.ended: list[Line] = []

    def _day(self, at: datetime, zone: ZoneInfo | None = None) -> date:
        return at.astimezone(zone or self._zone).date()

    def _tomorrow(self, at: datetime, zone: ZoneInfo | None = None) -> datetime:
        zone = zone or self._zone
        start = datetime.combine(self._day(at, zone) + timedelta(days=1), datetime.min.time(), tzinfo=zone)
        return start.astimezone(at.tzinfo)

    def arrive(self, line: Line, at: datetime) -> None:
        """Put a person whose hour has come in line at their number."""
        queue = self.at_number[line.sender_e164]
        if not queue:
            heapq.heappush(self.acting, (max(at, self.free_at[line.sender_e164]), line.sender_e164))
        queue.append(line)

    def act(self, sender: str, at: datetime) -> None:
        """Let a number send the next text in its line, or wait until its limits let it."""
        queue = self.at_number[sender]
        later = self._not_before(sender, queue[0], at)
        if later > at:
            heapq.heappush(self.acting, (later, sender))
            return
        line = queue.popleft()
        lawful = self.stage.reopens(line, at)
        if lawful is None:
            self.ended.append(replace(line, verdict="bar", code="law.no_window"))
        elif lawful > at:
            heapq.heappush(self.coming, (lawful, line.phone_e164, line))
        else:
            self._leave(line, at)
        if queue:
            heapq.heappush(self.acting, (max(at, self.free_at[sender]), sender))

    def _not_before(self, sender: str, line: Line, at: datetime) -> datetime:
        day, money = self._day(at), self.stage.money
        allowance = self.stage.numbers[sender].allowance(day)
        used_up = (
            (allowance is not None and self._sent[(sender, day)] >= allowance)
            or self._spent.get(day, NOTHING) + line.cost_cents > money.daily_budget_cents
            or self._spent_in.get(day.replace(day=1), NOTHING) + line.cost_cents > money.monthly_budget_cents
        )
        if used_up:
            return self._tomorrow(at)
        return max(at, self.free_at[sender], self.throttle_at, self._carriers_take_it(sender, line, at))

    def _carriers_take_it(self, sender: str, line: Line, at: datetime) -> datetime:
        """Tell when the brand's day and the registered campaign's pace let a text go."""
        number, limits = self.stage.numbers[sender], self.stage.carriers
        most = limits.daily_segments.get(number.brand)
        today = self._day(at, self._carriers_zone)
        if most is not None and self._brand_sent[number.brand, today] + line.segments > most:
            return self._tomorrow(at, self._carriers_zone)
        return self._registration_at.get(number.registration, at)

    def _count_at_carriers(self, sender: str, line: Line, at: datetime) -> None:
        number, limits = self.stage.numbers[sender], self.stage.carriers
        self._brand_sent[number.brand, self._day(at, self._carriers_zone)] += line.segments
        if (rate := limits.per_second.get(number.registration)) is not None:
            self._registration_at[number.registration] = at + timedelta(seconds=line.segments / rate)

    def _leave(self, line: Line, at: datetime) -> None:
        day, sender = self._day(at), line.sender_e164
        month = day.replace(day=1)
        self._sent[(sender, day)] += 1
        self._spent[day] = self._spent.get(day, NOTHING) + line.cost_cents
        self._spent_in[month] = self._spent_in.get(month, NOTHING) + line.cost_cents
        rate = self.stage.numbers[sender].segments_per_second
        self.free_at[sender] = at + timedelta(seconds=line.segments / rate)
        if self.stage.per_minute is not None:
            self.throttle_at = at + timedelta(seconds=60 / float(self.stage.per_minute))
        self._count_at_carriers(sender, line, at)
        self.ended.append(replace(line, verdict="send", code="ok", leaves_at=at))

    def left_over(self) -> Iterator[Line]:
        """List who had not got their text when the play ended."""
        yield from (line for _, _, line in self.coming)
        for queue in self.at_number.values():
            yield from queue


def play(lines: Iterable[Line], stage: Stage) -> list[Line]:
    """Play a campaign; returns every person's line, with the moment their text would leave or why it would not."""
    begun = _Play(stage)
    for line in lines:
        if line.ready_at is None or line.verdict in ("bar", "drop"):
            begun.ended.append(line)
        else:
            begun.coming.append((max(line.ready_at, stage.starts_at), line.phone_e164, line))
    heapq.heapify(begun.coming)
    close = min(stage.until, stage.ends_at)
    while begun.coming or begun.acting:
        arrives = bool(begun.coming) and (not begun.acting or begun.coming[0][0] <= begun.acting[0][0])
        at = begun.coming[0][0] if arrives else begun.acting[0][0]
        if at >= close:
            break
        if arrives:
            _, _, line = heapq.heappop(begun.coming)
            begun.arrive(line, at)
        else:
            _, sender = heapq.heappop(begun.acting)
            begun.act(sender, at)
    is_over = stage.ends_at <= stage.until
    verdict, code = ("drop", "campaign.time_limit") if is_over else ("hold", "campaign.after_rehearsal")
    return begun.ended + [replace(line, verdict=verdict, code=code) for line in begun.left_over()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A rehearsal in figures: texts per hour by UTC hour, what is held, barred and dropped by reason, and the cost."""

    people: int
    would_leave: int
    first_at: datetime | None
    last_at: datetime | None
    cost_cents: Decimal
    segments: int
    by_verdict: dict[str, int]
    by_code: dict[str, int]
    by_hour: dict[str, int]
    by_sender: dict[str, int]


def sum_up(lines: Iterable[Line]) -> Summary:
    """Sum up a play."""
    known = list(lines)
    leaving = [line for line in known if line.leaves_at is not None]
    moments = [line.leaves_at for line in leaving if line.leaves_at is not None]
    return Summary(
        people=len(known),
        would_leave=len(leaving),
        first_at=min(moments, default=None),
        last_at=max(moments, default=None),
        cost_cents=sum((line.cost_cents for line in leaving), Decimal(0)),
        segments=sum(line.segments for line in leaving),
        by_verdict=dict(Counter(line.verdict for line in known)),
        by_code=dict(Counter(line.code for line in known)),
        by_hour=dict(sorted(Counter(at.strftime("%Y-%m-%dT%H:00Z") for at in moments).items())),
        by_sender=dict(Counter(line.sender_e164 for line in leaving)),
    )
