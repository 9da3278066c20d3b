"""What happens in a world, drawn from its seed before it begins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from random import Random

from tests.simulation.carrier import Troubles
from tests.simulation.market import ORDINARY_BEGINNING, Market, MarketEvent, draw_events, draw_market

CALLERS = ("+12065550123", "+12065550124", "+12065550125", "+12065550126")
WORDS = {
    "stop": ("STOP", "Stop.", "please stop texting me", "UNSUBSCRIBE", "stop"),
    "start": ("START", "UNSTOP"),
    "yes": ("YES",),
    "help": ("HELP", "help"),
    "chat": ("My sink leaks", "Can you come on Tuesday?", "ok thanks", "cancel my 3pm"),
}
WITH_CAMPAIGNS = 0.25  # of all worlds
STOPS_A_CAMPAIGN = 0.12  # of its people
FEWEST_EVENTS, MORE_EVENTS, MOST_EVENTS = 3, 0.6, 12
HINTS = {"STOP": "STOP", "stop": "STOP", "UNSUBSCRIBE": "STOP", "START": "START", "UNSTOP": "START", "HELP": "HELP"}


class Theme(StrEnum):
    """What a world is mostly about."""

    UNDISTURBED = "undisturbed"
    MIXED = "mixed"
    KILLS = "kills"
    STALLS = "stalls"
    CARRIER = "carrier"
    STOP = "stop"
    PAUSE = "pause"
    CLOCKS = "clocks"


class Mishap(StrEnum):
    """What happens to a process or to time."""

    KILL = "kill"
    STALL = "stall"
    JUMP = "jump"  # everything is later at once: a machine that slept
    WALL_CLOCK = "wall clock"  # one process's own clock is set; the database's is not


@dataclass(frozen=True, slots=True)
class Webhook:
    """One telling of a fact: so long after the fact, to which address, with which fields."""

    after: float
    path: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Call:
    """A person calls a business; `missed` says how it ended."""

    at: float
    sid: str
    caller: str
    business: int
    missed: bool
    webhooks: tuple[Webhook, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A person writes to a business; several tellings of one text have one sid."""

    at: float
    sid: str
    person: str
    business: int
    body: str
    told_after: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pause:
    """The operator pulls a kill switch and releases it later."""

    at: float
    scope: str
    business: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A person at the business writes to a caller who has written."""

    at: float
    business: int
    person: str
    body: str
    key: str


@dataclass(frozen=True, slots=True)
class Blow:
    """A mishap: `after` so many steps of the world, or of the POST numbered `post`, whose sender it then strikes."""

    after: int
    post: int | None
    what: Mishap
    target: int
    seconds: float


Event = Call | Text | Pause | Answer | MarketEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole world."""

    theme: Theme
    businesses: int
    webs: int
    workers: int
    events: tuple[Event, ...]
    blows: tuple[Blow, ...]
    troubles: Troubles
    database: tuple[float, float, float]
    fine: bool
    inertia: float
    pace: float
    market: Market | None = None

    @property
    def beginning(self) -> datetime:
        """Tell what time it is when the world begins."""
        return ORDINARY_BEGINNING if self.market is None else self.market.beginning


def draw_plan(seed: int, numbers: tuple[str, ...]) -> Plan:
    """Draw a world: one or two businesses, one to four callers, three to twelve events, and its mishaps."""
    random = Random(f"{seed}/plan")
    theme = random.choice(tuple(Theme))
    businesses = random.choice((1, 1, 2))
    callers = CALLERS[: random.choice((1, 2, 3, 4))]
    span = random.choice((0.5, 2.0, 8.0, 30.0)) if theme is not Theme.CLOCKS else random.choice((8.0, 700.0, 1500.0))
    events = _draw_events(random, theme, span, businesses=businesses, callers=callers, numbers=numbers)
    calm = theme is Theme.UNDISTURBED
    lost = 0.01 if not calm and random.random() < 0.3 else 0.0
    plan = Plan(
        theme=theme,
        businesses=businesses,
        webs=random.choice((1, 2)),
        workers=random.choice((1, 2)),
        events=events,
        blows=() if calm else _draw_blows(random, theme),
        troubles=_draw_troubles(random, theme),
        database=(lost, lost, lost),
        fine=random.random() < 0.5,
        inertia=random.choice((0.0, 0.0, 0.5, 0.85)),
        pace=random.choice((0.001, 0.004, 0.01, 0.03)),
    )
    chance = Random(f"{seed}/market")
    return _with_campaigns(chance, plan, callers, numbers) if chance.random() < WITH_CAMPAIGNS else plan


def _with_campaigns(random: Random, plan: Plan, callers: tuple[str, ...], numbers: tuple[str, ...]) -> Plan:
    """Add campaigns to a world: what Ada does with them, who says STOP, and further mishaps among their texts."""
    market = draw_market(random, businesses=plan.businesses, numbers=numbers, callers=callers)
    events: list[Event] = [*plan.events, *draw_events(random, market)]
    for number, one in enumerate(market.people):
        if random.random() < STOPS_A_CAMPAIGN:
            at = random.choice((0.0, 1.0, 5.0, 30.0)) * random.random()
            meaning = random.choice(("stop", "stop", "stop", "start", "chat"))
            events.append(_draw_text(random, 200 + number, at, one.resident.phone, one.business, meaning=meaning))
    blows = plan.blows
    if plan.theme is not Theme.UNDISTURBED and random.random() < 0.6:
        kind = random.choice((Mishap.KILL, Mishap.KILL, Mishap.STALL, Mishap.JUMP))
        seconds = random.choice({Mishap.KILL: (0.5,), Mishap.STALL: (2.0, 20.0, 45.0)}.get(kind, (600.0, 7200.0)))
        post = random.choice((None, 0, 1, 2, 3, 5))
        after = random.choice((0, 1, 3, 9, 30)) if post is not None else random.randrange(8, 300)
        blows += (Blow(after, post, kind, random.randrange(8), seconds),)
    return replace(plan, market=market, events=tuple(events), blows=blows)


def _draw_events(
    random: Random,
    theme: Theme,
    span: float,
    *,
    businesses: int,
    callers: tuple[str, ...],
    numbers: tuple[str, ...],
) -> tuple[Event, ...]:
    """Draw events around a few moments: most of what happens, happens at once, where order matters."""
    moments = [1 + random.uniform(0, span) for _ in range(random.choice((1, 1, 2, 3)))]
    events: list[Event] = []
    if theme is Theme.STOP or random.random() < 0.2:  # somebody whom the business knows already
        events.append(Text(0.0, f"SM{0xF0FF:032x}", callers[0], 0, "My sink leaks", (0.0,)))
    if theme is Theme.STOP:
        events.append(_draw_call(random, 90, moments[0], callers[0], 0, numbers[0]))
        at = moments[0] + random.uniform(0, 0.06)  # while the call's own webhooks come in
        events.append(_draw_text(random, 91, at, callers[0], 0, meaning="stop"))
    while len(events) < FEWEST_EVENTS or (random.random() < MORE_EVENTS and len(events) < MOST_EVENTS):
        at = random.choice(moments) + random.expovariate(50) if random.random() < 0.75 else random.uniform(0, span)
        business, person = random.randrange(businesses), random.choice(callers)
        if theme is Theme.STOP and random.random() < 0.7:
            business, person = 0, callers[0]  # one person, about whom much happens at once
        events.append(_draw_event(random, theme, len(events), at=at, person=person, business=business, numbers=numbers))
    return tuple(events)


def _draw_event(
    random: Random,
    theme: Theme,
    number: int,
    *,
    at: float,
    person: str,
    business: int,
    numbers: tuple[str, ...],
) -> Event:
    kinds = {Theme.STOP: (4, 6, 1, 1), Theme.PAUSE: (6, 1, 3, 2)}.get(theme, (7, 3, 1, 2))
    kind = "call" if number == 0 else random.choices(("call", "text", "pause", "answer"), kinds)[0]
    if kind == "text":
        weights = (6, 2, 1, 1, 2) if theme is Theme.STOP else (2, 1, 1, 2, 4)
        return _draw_text(random, number, at, person, business, meaning=random.choices(tuple(WORDS), weights)[0])
    if kind == "pause":
        return Pause(
            at, random.choice(("global", "tenant", "channel")), business, random.choice((0.5, 2, 2, 5, 5, 12, 40, 1000))
        )
    if kind == "answer":
        return Answer(at, business, person, random.choice(("On our way", "We call you back")), f"answer:{number}")
    return _draw_call(random, number, at, person, business, numbers[business])


def _draw_text(random: Random, number: int, at: float, person: str, business: int, *, meaning: str) -> Text:
    told = tuple(random.choice((0.0, 0.0, 0.02, 3.0)) for _ in range(random.choice((1, 1, 1, 2, 3))))
    return Text(at, f"SM{0xF000 + number:032x}", person, business, random.choice(WORDS[meaning]), told)


def _draw_call(random: Random, number: int, at: float, caller: str, business: int, called: str) -> Call:
    sid = f"CA{number:032x}"
    missed = random.random() < 0.9 or business > 0  # the second business has nowhere to ring
    hidden = random.random() < 0.04
    base = {"CallSid": sid, "From": "+266696687" if hidden else caller, "To": called, "AccountSid": "AC" + "0" * 32}
    dial = random.choice(("no-answer", "busy", "failed")) if missed else "completed"
    final = random.choice(("completed", dial)) if missed else "completed"
    if missed and random.random() < 0.2:
        dial, final = "", "canceled"
    told = [Webhook(0.0, "/webhooks/twilio/voice", base | {"CallStatus": "ringing"})]
    if dial:
        told.append(
            Webhook(
                0.02,
                "/webhooks/twilio/voice/dial-action",
                base
                | {"CallStatus": "in-progress", "DialCallStatus": dial, "DialCallDuration": "0" if missed else "42"},
            )
        )
    told.append(
        Webhook(
            0.04,
            "/webhooks/twilio/voice/status",
            base | {"CallStatus": final, "SequenceNumber": "2", "CallDuration": "5" if missed else "60"},
        )
    )
    webhooks = list(told)
    for webhook in told:
        while random.random() < 0.2:  # told again, perhaps as if it were other news
            fields = dict(webhook.fields)
            if random.random() < 0.5 and "SequenceNumber" in fields:
                fields["SequenceNumber"] = str(random.randrange(3, 9))
            webhooks.append(Webhook(random.choice((0.0, 0.05, 2.0)), webhook.path, fields))
    if random.random() < 0.5:  # in any order
        webhooks = [Webhook(random.uniform(0, 0.1), told.path, told.fields) for told in webhooks]
    return Call(at, sid, "" if hidden else caller, business, missed, tuple(webhooks))


def _draw_blows(random: Random, theme: Theme) -> tuple[Blow, ...]:
    kinds = {
        Theme.KILLS: (Mishap.KILL,),
        Theme.STALLS: (Mishap.STALL, Mishap.STALL, Mishap.KILL),
        Theme.CLOCKS: (Mishap.JUMP, Mishap.WALL_CLOCK, Mishap.WALL_CLOCK),
    }.get(theme, tuple(Mishap))
    count = random.choice((1, 2, 3, 5)) if theme in (Theme.KILLS, Theme.STALLS, Theme.CLOCKS) else random.choice((0, 1))
    reach = random.choice((30, 80, 200))
    blows = []
    for _ in range(count):
        post = random.choice((0, 1, 1, 2)) if random.random() < 0.5 else None
        what = random.choice(kinds)
        seconds = {
            Mishap.KILL: random.choice((0.05, 0.5, 3.0)),
            Mishap.STALL: random.choice((0.3, 2.0, 12.0, 20.0, 45.0, 45.0, 90.0)),
            Mishap.JUMP: random.choice((5.0, 45.0, 600.0, 3600.0)),
            Mishap.WALL_CLOCK: random.choice((-3600.0, -30.0, -0.2, 0.2, 3600.0)),
        }[what]
        after = random.randrange(8, 8 + reach) if post is None else random.choice((0, 0, 1, 2, 5, 20))
        blows.append(Blow(after, post, what, random.randrange(8), seconds))
    return tuple(blows)


def _draw_troubles(random: Random, theme: Theme) -> Troubles:
    if theme is Theme.UNDISTURBED:
        return Troubles()
    heavy = theme in (Theme.CARRIER, Theme.STALLS)
    share = random.choice((0.1, 0.2)) if heavy else random.choice((0.0, 0.05, 0.15))
    mostly = random.random() < 0.5  # one trouble alone, and often
    only = random.randrange(5)
    shares = [(0.6 if only == kind else 0.0) if heavy and mostly else share for kind in range(5)]
    return Troubles(
        unreachable=share / 2,
        lost=shares[0],
        reply_lost=shares[1],
        error_after_taking=shares[2],
        error_instead=shares[3],
        throttled=shares[4] / 2,
        refused=share / 4,
        slow=random.choice((0.0, 0.1, 0.4)),
        late_start=random.choice((0.0, 0.05, 0.3)),
        list_fails=random.choice((0.0, 0.0, 0.2)),
        list_late=random.choice((0.0, 0.1, 0.5)),
        no_reference=random.choice((0.0, 0.0, 0.3)),
        receipts_late=random.choice((0.0, 0.0, 0.3, 1.0)),
        clock_skew=random.choice((0.0, 0.0, -60.0, 60.0)),
        keeps_opt_outs=random.random() < 0.5,
    )
