"""The campaigns of a world, drawn from its seed: who is written to, from which numbers, under which limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random
from zoneinfo import ZoneInfo

from tests.simulation.residents import AT_HOME, RESIDENTS, Resident

SECOND_NUMBER, TELNYX_NUMBER = "+12125550101", "+12125550102"
BUSINESS_ZONE = "America/New_York"
ORDINARY_BEGINNING = datetime(2027, 3, 10, 15, 0, tzinfo=UTC)
# A Wednesday, the Friday to Sunday of the change to summer time, a legal holiday, the last day of a month.
DAYS = (
    date(2027, 3, 10),
    date(2027, 3, 12),
    date(2027, 3, 13),
    date(2027, 3, 14),
    date(2027, 2, 15),
    date(2027, 3, 31),
)
LONG = 9 * 86_400.0  # over a weekend and some working days, whoever is written to
SHORT = 3_000.0
PLENTY = Decimal(100_000)
SHORT_BODY = "{{business}}: winter check for $49 until Friday. Reply STOP to opt out."
LONG_BODY = (
    "{{business}}: winter check for $49 until Friday. We look at the boiler, the pipes, the taps and the drains, and "
    "you get a written report the same day. Reply STOP to opt out of these texts."
)
BODIES = (
    SHORT_BODY,
    SHORT_BODY,
    LONG_BODY,
    "{{business}}: winter check \u2744 for $49 until Friday, with a written report for you. Reply STOP to opt out.",
)


class Agreed(StrEnum):
    """What a business has in writing of a person's consent."""

    IN_WRITING = "in writing"
    NOT_AT_ALL = "not at all"
    BY_WORD = "by word"
    TAKEN_BACK = "taken back"
    UNPROVEN = "unproven"  # nobody knows on which page


@dataclass(frozen=True, slots=True)
class Invited:
    """A person in a business's list."""

    business: int
    resident: Resident
    agreed: Agreed


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberPlan:
    """A number's limits for one world; `warmup` are texts of its first days, which begin a day before the world."""

    phone: str
    business: int
    provider: str
    rate: Decimal | None
    burst: int
    daily_limit: int | None
    warmup: tuple[int, ...]
    registered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlan:
    """One campaign: started at `at`, over at the latest `lasts` seconds later."""

    at: float
    business: int
    body: str
    senders: tuple[str, ...]
    per_minute: Decimal | None
    quiet: tuple[time, time] | None
    lasts: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """All campaigns of a world; budgets in cents by business; `asleep` is how long the day lasts at least."""

    beginning: datetime
    asleep: float
    people: tuple[Invited, ...]
    numbers: tuple[NumberPlan, ...]
    campaigns: tuple[CampaignPlan, ...]
    daily_cents: tuple[Decimal, ...]
    monthly_cents: tuple[Decimal, ...]
    texas: bool
    abroad: bool
    daily_cap: int
    shares: tuple[tuple[str, int], ...]
    refused_everywhere: tuple[str, ...]
    silent_stops: tuple[tuple[str, str], ...]  # number and person: the carrier knows, and nobody told us

    def lawful(self, one: Invited) -> bool:
        """Tell whether a person may be written to at all."""
        resident = one.resident
        if resident.phone in self.refused_everywhere:
            return False
        if resident.country != "US":  # there a spoken consent is enough, and no page need be known
            known = self.abroad or resident.country == "CA"
            return known and one.agreed not in (Agreed.NOT_AT_ALL, Agreed.TAKEN_BACK)
        return one.agreed is Agreed.IN_WRITING and (self.texas or not resident.texas)

    @property
    def is_roomy(self) -> bool:
        """Tell whether no budget, daily limit or registration keeps anybody's text from leaving in nine days."""
        return (
            all(cents == PLENTY for cents in (*self.daily_cents, *self.monthly_cents))
            and all(number.registered and not number.warmup for number in self.numbers)
            and all(number.daily_limit is None for number in self.numbers)
            and self.daily_cap > 0
        )


@dataclass(frozen=True, slots=True)
class Start:
    """Ada starts an approved campaign."""

    at: float
    campaign: int


@dataclass(frozen=True, slots=True)
class Halt:
    """Ada pauses a campaign and lets it go on later, or cancels it (no seconds)."""

    at: float
    campaign: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Vigil:
    """Nothing happens until then, but the day goes on."""

    at: float


MarketEvent = Start | Halt | Vigil


def draw_market(random: Random, *, businesses: int, numbers: tuple[str, ...], callers: tuple[str, ...]) -> Market:
    """Draw the campaigns of a world: one to three, four to nine people, two to four numbers."""
    residents = random.sample(RESIDENTS, random.randint(3, 6))
    residents += [AT_HOME[caller] for caller in callers if AT_HOME[caller] not in residents]
    people = tuple(
        Invited(business, resident, _draw_agreed(random))
        for business in range(businesses)
        for resident in residents
        if business == 0 or random.random() < 0.3
    )
    roomy = random.random() < 0.4
    lines = _draw_numbers(random, businesses=businesses, numbers=numbers, roomy=roomy)
    beginning = _draw_beginning(random, residents)
    daily = tuple(PLENTY if roomy else _draw_budget(random) for _ in range(2))
    monthly = tuple(PLENTY if roomy or random.random() < 0.8 else cents * 2 for cents in daily)
    plans = tuple(
        _draw_campaign(random, businesses, lines, has_money=min(*daily, *monthly) == PLENTY)
        for _ in range(random.choice((1, 1, 2, 3)))
    )
    return Market(
        beginning=beginning,
        asleep=random.choice((5.0, 20.0, 60.0, 150.0)),
        people=people,
        numbers=lines,
        campaigns=plans,
        daily_cents=daily,
        monthly_cents=monthly,
        # Without it every look at such a text is a decision again, for as long as its campaign lasts.
        texas=max(plan.lasts for plan in plans) > SHORT or random.random() < 0.6,
        abroad=random.random() < 0.8,
        daily_cap=random.choice((1, 1, 1, 2, 3, 1 if roomy else 0)),
        shares=(("telnyx", random.choice((10, 25))),) if random.random() < 0.35 else (),
        refused_everywhere=tuple(one.phone for one in residents if random.random() < 0.05),
        silent_stops=tuple((line.phone, one.phone) for line in lines for one in residents if random.random() < 0.04),
    )


def draw_events(random: Random, market: Market) -> tuple[MarketEvent, ...]:
    """Draw what Ada does with her campaigns."""
    events: list[MarketEvent] = [Vigil(market.asleep)]
    for number, campaign in enumerate(market.campaigns):
        events.append(Start(campaign.at, number))
        while random.random() < 0.3:
            at = campaign.at + random.choice((0.0, 0.3, 1.0, 5.0, 20.0)) * random.random()
            seconds = None if random.random() < 0.25 else random.choice((0.5, 2.0, 8.0, 60.0))
            events.append(Halt(at, number, seconds))
    return tuple(events)


def _draw_agreed(random: Random) -> Agreed:
    return random.choices(tuple(Agreed), (17, 1, 1, 1, 1))[0]


def _draw_beginning(random: Random, residents: list[Resident]) -> datetime:
    """Begin a little before a window of somebody opens or closes, before the business's midnight, or by day."""
    day = random.choice(DAYS)
    kind = random.choice(("edge", "edge", "edge", "midnight", "day"))
    before = timedelta(seconds=random.choice((5, 20, 60, 300, 1500)) * random.uniform(0.5, 1))
    if kind == "midnight":  # evening in Honolulu and morning in Australia
        return datetime.combine(day, time(0), ZoneInfo(BUSINESS_ZONE)).astimezone(UTC) + timedelta(days=1) - before
    if kind == "day":
        return datetime.combine(day, time(15), UTC) + timedelta(hours=random.uniform(0, 6))
    somebody = random.choice(residents)
    span = somebody.span_on(day) or somebody.weekdays
    clock = random.choice(somebody.clocks)
    return datetime.combine(day, time(random.choice(span)), ZoneInfo(clock)).astimezone(UTC) - before


def _draw_numbers(random: Random, *, businesses: int, numbers: tuple[str, ...], roomy: bool) -> tuple[NumberPlan, ...]:
    lines = [(numbers[0], 0, "twilio"), (SECOND_NUMBER, 0, "twilio"), (TELNYX_NUMBER, 0, "telnyx")]
    if businesses > 1:
        lines.append((numbers[1], 1, "twilio"))
    return tuple(
        NumberPlan(
            phone=phone,
            business=business,
            provider=provider,
            rate=random.choice((None, Decimal("0.1"), Decimal("0.5"), Decimal(2), Decimal(30))),
            burst=random.choice((1, 1, 1, 3)),
            daily_limit=None if roomy else random.choice((None, None, 0, 1, 2, 3)),
            warmup=() if roomy else random.choice(((), (), (), (1, 1, 2, 4), (1, 2))),
            registered=roomy or random.random() < 0.9,
        )
        for phone, business, provider in lines
    )


def _draw_campaign(random: Random, businesses: int, lines: tuple[NumberPlan, ...], *, has_money: bool) -> CampaignPlan:
    business = random.randrange(businesses)
    own = [line.phone for line in lines if line.business == business]
    return CampaignPlan(
        at=random.choice((0.0, 0.5, 3.0, 15.0)) * random.random(),
        business=business,
        body=random.choice(BODIES),
        senders=tuple(sorted(random.sample(own, random.randint(1, len(own))))),
        per_minute=random.choice((None, None, Decimal(6), Decimal(40), Decimal(600))),
        quiet=random.choice((None, None, None, (time(19, 30), time(9, 30)))),
        lasts=random.choice((120.0, SHORT, 30_000.0, LONG, LONG, LONG) if has_money else (120.0, 1_500.0, SHORT)),
    )


def _draw_budget(random: Random) -> Decimal:
    """Draw a day's money: plenty, or just enough for a few texts, or a tenth of a cent less."""
    if random.random() < 0.55:
        return PLENTY
    return Decimal("1.3") * random.randint(1, 8) + random.choice((Decimal(0), Decimal("-0.1"), Decimal("0.9")))
