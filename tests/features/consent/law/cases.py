"""Questions for tests of the law: a marketing text from Ada to Carol, in order but for what a test changes."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from frontdesk.features.consent.law import (
    TEXAS_REGISTRATION,
    ConsentProof,
    Question,
    Registration,
    Ruling,
    judge,
    next_window,
)

TEXT = "Yes, Ada's Plumbing may text me offers. Consent is not a condition of purchase."
PROOF = ConsentProof(
    given_at=datetime(2025, 12, 1, 15, 30, tzinfo=UTC),
    zone="America/New_York",
    text=TEXT,
    text_sha256=hashlib.sha256(TEXT.encode()).hexdigest(),
    url="https://ada.example/offers",
    ip="203.0.113.9",
    user_agent="Mozilla/5.0",
    seller="Ada's Plumbing",
    condition_of_purchase=False,
)
REGISTERED: dict[str, Registration] = {TEXAS_REGISTRATION: Registration(reason="exempt: 302.058, former customers")}

NEW_YORK, EL_PASO, PENSACOLA, HOUSTON = "+12125550123", "+19155550123", "+18505550123", "+17135550123"
TOLL_FREE, AUSTRALIAN, BRITISH, TORONTO = "+18005550123", "+61412345678", "+447700900123", "+14165550123"

# Of each state one number whose area keeps one time, and that time.
NUMBERS: dict[str, tuple[str, str]] = {
    "AL": ("+12055550123", "America/Chicago"), "AK": ("+19075550123", "America/Anchorage"),
    "AZ": ("+16025550123", "America/Phoenix"), "AR": ("+15015550123", "America/Chicago"),
    "CA": ("+14155550123", "America/Los_Angeles"), "CO": ("+13035550123", "America/Denver"),
    "CT": ("+12035550123", "America/New_York"), "DC": ("+12025550123", "America/New_York"),
    "DE": ("+13025550123", "America/New_York"), "FL": ("+13055550123", "America/New_York"),
    "GA": ("+14045550123", "America/New_York"), "HI": ("+18085550123", "Pacific/Honolulu"),
    "ID": ("+12085550123", "America/Boise"), "IL": ("+13125550123", "America/Chicago"),
    "IN": ("+13175550123", "America/New_York"), "IA": ("+15155550123", "America/Chicago"),
    "KS": ("+19135550123", "America/Chicago"), "KY": ("+15025550123", "America/New_York"),
    "LA": ("+15045550123", "America/Chicago"), "ME": ("+12075550123", "America/New_York"),
    "MD": ("+14105550123", "America/New_York"), "MA": ("+16175550123", "America/New_York"),
    "MI": ("+13135550123", "America/New_York"), "MN": ("+16125550123", "America/Chicago"),
    "MS": ("+16015550123", "America/Chicago"), "MO": ("+13145550123", "America/Chicago"),
    "MT": ("+14065550123", "America/Denver"), "NE": ("+14025550123", "America/Chicago"),
    "NV": ("+17025550123", "America/Los_Angeles"), "NH": ("+16035550123", "America/New_York"),
    "NJ": ("+12015550123", "America/New_York"), "NM": ("+15055550123", "America/Denver"),
    "NY": ("+12125550123", "America/New_York"), "NC": ("+17045550123", "America/New_York"),
    "ND": ("+17015550123", "America/Chicago"), "OH": ("+12165550123", "America/New_York"),
    "OK": ("+14055550123", "America/Chicago"), "OR": ("+15035550123", "America/Los_Angeles"),
    "PA": ("+12155550123", "America/New_York"), "RI": ("+14015550123", "America/New_York"),
    "SC": ("+18035550123", "America/New_York"), "SD": ("+16055550123", "America/Chicago"),
    "TN": ("+19015550123", "America/Chicago"), "TX": ("+17135550123", "America/Chicago"),
    "UT": ("+18015550123", "America/Denver"), "VT": ("+18025550123", "America/New_York"),
    "VA": ("+17035550123", "America/New_York"), "WA": ("+12065550123", "America/Los_Angeles"),
    "WV": ("+13045550123", "America/New_York"), "WI": ("+14145550123", "America/Chicago"),
    "WY": ("+13075550123", "America/Denver"),
}  # fmt: skip


def local(zone: str, text: str) -> datetime:
    """Read a wall-clock time of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def marketing(phone: str, at: datetime, **changes: object) -> Question:
    """Make a marketing question in which nothing but the clock can matter: no quiet hours of the business's own."""
    question = Question(
        at=at,
        message_class="C3",
        recipient_e164=phone,
        quiet_from=time(0),
        quiet_until=time(0),
        registrations=REGISTERED,
        written_consent=PROOF,
    )
    return dataclasses.replace(question, **changes)  # type: ignore[arg-type]  # a test names the fields it changes


def ruled(phone: str, at: datetime, **changes: object) -> Ruling:
    """Judge a marketing question."""
    return judge(marketing(phone, at, **changes))


def hours_on(phone: str, zone: str, day: str, **changes: object) -> str:
    """Write the window of a local day as "08:00-21:00", "none" if there is none."""
    midnight = local(zone, f"{day} 00:00")
    window = next_window(marketing(phone, midnight, **changes))
    if window is None:
        return "none"
    opens, closes = (moment.astimezone(ZoneInfo(zone)) for moment in window)
    if opens.date() != date.fromisoformat(day):
        return "none"
    return f"{opens:%H:%M}-{closes:%H:%M}"
