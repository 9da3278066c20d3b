"""Where the people of simulated campaigns live and when they may be texted: written by hand, without the program.

Every line is worked out from the statutes for one person: the law's hours, and the business's own quiet hours from
21:00 until 9:00 laid over them, by each clock that the person may live under.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

Span = tuple[int, int]  # hours of the local day: from, and to before
ALL_OF_THE_STATES = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Boise", "America/Phoenix"),
    *("America/Los_Angeles", "America/Anchorage", "America/Metlakatla", "America/Adak", "Pacific/Honolulu"),
)
ALL_OF_AUSTRALIA = (
    *("Australia/Sydney", "Australia/Broken_Hill", "Australia/Lord_Howe", "Australia/Darwin", "Australia/Brisbane"),
    *("Australia/Lindeman", "Australia/Adelaide", "Australia/Hobart", "Antarctica/Macquarie", "Australia/Melbourne"),
    *("Australia/Perth", "Australia/Eucla"),
)
PRESIDENTS_DAY = date(2027, 2, 15)
SATURDAY, SUNDAY = 5, 6
NIGHT = (time(21), time(9))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A person: what a business knows of them, under which clocks they may live, and their open hours there.

    `texas` says that a Texan registration is needed to text them, because they live or may live there.
    """

    phone: str
    zone: str | None = None
    region: str | None = None
    clocks: tuple[str, ...]
    weekdays: Span
    saturday: Span | None
    sunday: Span | None
    closed_on: frozenset[date] = frozenset()
    texas: bool = False
    country: str = "US"

    def span_on(self, day: date) -> Span | None:
        """Tell the open hours of a local day."""
        if day in self.closed_on:
            return None
        return {SATURDAY: self.saturday, SUNDAY: self.sunday}.get(day.weekday(), self.weekdays)

    def closes_at(self, at: datetime, quiet: tuple[time, time] = NIGHT) -> datetime | None:
        """Tell when the window that is open at `at` closes (UTC); None if it is not open under every clock.

        `quiet` are hours of a campaign's own that are closed as well.
        """
        ends: list[datetime] = []
        for clock in self.clocks:
            local = at.astimezone(ZoneInfo(clock))
            span = self.span_on(local.date())
            if span is None:
                return None
            opens, closes = max(time(span[0]), quiet[1]), min(time(span[1]), quiet[0])
            if not opens <= local.time() < closes:
                return None
            ends.append(datetime.combine(local.date(), closes, ZoneInfo(clock)).astimezone(UTC))
        return min(ends)


def _seattle(phone: str) -> Resident:
    return Resident(
        phone=phone,
        zone="America/Los_Angeles",
        region="US-WA",
        clocks=("America/Los_Angeles",),
        weekdays=(9, 20),
        saturday=(9, 20),
        sunday=(9, 20),
    )


def _every_day(phone: str, opens: int, closes: int, *clocks: str, texas: bool = False, country: str = "US") -> Resident:
    span = (opens, closes)
    return Resident(phone=phone, clocks=clocks, weekdays=span, saturday=span, sunday=span, texas=texas, country=country)


RESIDENTS: tuple[Resident, ...] = (
    *(_seattle(f"+1206555012{digit}") for digit in range(3, 7)),
    _every_day("+12125550171", 9, 21, "America/New_York"),
    # 850 is Pensacola's and Tallahassee's: Florida's 8 to 8 under both clocks.
    _every_day("+18505550172", 9, 20, "America/New_York", "America/Chicago"),
    Resident(  # El Paso, which keeps Denver's time
        phone="+19155550173",
        clocks=("America/Denver",),
        weekdays=(9, 21),
        saturday=(9, 21),
        sunday=(12, 21),
        texas=True,
    ),
    Resident(  # Birmingham, Alabama
        phone="+12055550174",
        region="US-AL",
        zone="America/Chicago",
        clocks=("America/Chicago",),
        weekdays=(9, 20),
        saturday=(9, 20),
        sunday=None,
        closed_on=frozenset({PRESIDENTS_DAY}),
    ),
    _every_day("+18085550175", 9, 21, "Pacific/Honolulu"),
    _every_day("+16025550176", 9, 21, "America/Phoenix"),
    Resident(  # toll-free: anywhere in the states, so the safe hours everywhere
        phone="+18005550177",
        clocks=ALL_OF_THE_STATES,
        weekdays=(10, 18),
        saturday=(10, 18),
        sunday=None,
        texas=True,
    ),
    Resident(  # moved from Seattle to the East: Kentucky's morning, Maine's evening, nobody's weekend
        phone="+12065550178",
        zone="America/New_York",
        clocks=("America/New_York",),
        weekdays=(10, 17),
        saturday=None,
        sunday=None,
        closed_on=frozenset({PRESIDENTS_DAY}),
    ),
    Resident(
        phone="+12075550179",
        region="US-ME",
        clocks=("America/New_York",),
        weekdays=(9, 17),
        saturday=None,
        sunday=None,
    ),
    Resident(
        phone="+14015550180",
        clocks=("America/New_York",),
        weekdays=(9, 18),
        saturday=(10, 17),
        sunday=None,
        closed_on=frozenset({PRESIDENTS_DAY}),
    ),
    Resident(
        phone="+14165550181",
        clocks=("America/Toronto",),
        weekdays=(9, 21),
        saturday=(10, 18),
        sunday=(10, 18),
        country="CA",
    ),
    _every_day("+447700900182", 9, 21, "Europe/London", country="GB"),
    _every_day("+15025550183", 10, 21, "America/New_York"),
    _every_day("+61491570185", 9, 21, *ALL_OF_AUSTRALIA, country="AU"),
)
AT_HOME: dict[str, Resident] = {resident.phone: resident for resident in RESIDENTS}

# Cents per segment, as the price list gives them from 2026 on.
PRICES: dict[tuple[str, str], Decimal] = {
    ("twilio", "US"): Decimal("1.3"),
    ("twilio", "CA"): Decimal("1.5"),
    ("twilio", "GB"): Decimal("5.2"),
    ("twilio", "AU"): Decimal("5.2"),
    ("telnyx", "US"): Decimal("0.9"),
    ("telnyx", "CA"): Decimal("1.2"),
    ("telnyx", "GB"): Decimal("4.6"),
    ("telnyx", "AU"): Decimal("4.2"),
}
GSM_ALONE, GSM_PART, UCS_ALONE, UCS_PART = 160, 153, 70, 67


def price_of(provider: str, phone: str, body: str) -> Decimal:
    """Work out what a text costs in cents; our own texts are ASCII without brackets, or hold one picture."""
    units = len(body.encode("utf-16-le")) // 2
    alone, part = (GSM_ALONE, GSM_PART) if body.isascii() else (UCS_ALONE, UCS_PART)
    segments = 1 if units <= alone else -(-units // part)
    country = AT_HOME[phone].country if phone in AT_HOME else "US"
    return PRICES[provider, country] * segments
