"""What the public booking page shows: days and times on the business's clock, and what a person wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from frontdesk.features import contacts, scheduling, tenants
from frontdesk.kernel.errors import Refused

DAYS_SHOWN = 14
YEARS = range(2000, 9000)  # every zone has these
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """A day that can be chosen: its address, its words, and how many times are free."""

    value: str
    words: str
    free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeView:
    """A time that can be chosen."""

    value: str
    words: str
    who: str
    resource_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The days of two weeks, the chosen one and its times."""

    days: tuple[DayView, ...]
    day: str
    day_words: str
    times: tuple[TimeView, ...]
    earlier: str
    later: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """What a person wrote into the form, and what is wrong with it by field."""

    name: str = ""
    phone: str = ""
    note: str = ""
    faults: tuple[tuple[str, str], ...] = ()

    def fault(self, field: str) -> str:
        """Tell what is wrong with a field; empty if nothing is."""
        return dict(self.faults).get(field, "")


def read_visitor(name: str, phone: str, note: str, *, country: str) -> tuple[Visitor, str]:
    """Read what a person wrote; returns it with its faults named, and the number as E.164 (empty if it is none)."""
    shown = Visitor(name=" ".join(name.split())[:120], phone=phone.strip()[:40], note=note.strip()[:500])
    faults: list[tuple[str, str]] = []
    if not shown.name or not shown.name.isprintable():
        faults.append(("name", "Write your name."))
    phone_e164 = _read_phone(shown.phone, country)
    if not phone_e164:
        faults.append(("phone", "Write your phone number with its area code, like 206 555 0123."))
    if any(letter < " " and letter not in "\r\n\t" for letter in shown.note):
        faults.append(("note", "Leave out invisible characters."))
    wrong = Visitor(name=shown.name, phone=shown.phone, note=shown.note, faults=tuple(faults))
    return wrong, "" if faults else phone_e164


def _read_phone(text: str, country: str) -> str:
    try:
        return contacts.parse_phone(text, country).e164
    except Refused:
        return ""


def first_day(asked: str, *, now: datetime, zone: str, horizon_days: int) -> date:
    """Read which day to begin with: the one that was asked for if it can be, else today on the business's clock."""
    today = now.astimezone(ZoneInfo(zone)).date()
    try:
        wanted = date.fromisoformat(asked)
    except ValueError:
        return today
    return min(max(wanted, today), today + timedelta(days=horizon_days))


def window_of(first: date, *, zone: str) -> tuple[datetime, datetime]:
    """Tell which instants the days shown from `first` on are."""
    where = ZoneInfo(zone)
    start = datetime.combine(first, time(), tzinfo=where).astimezone(UTC)
    return start, datetime.combine(first + timedelta(days=DAYS_SHOWN), time(), tzinfo=where).astimezone(UTC)


def choose(slots: Sequence[scheduling.Slot], *, first: date, day: str, zone: str, today: date) -> Choice:
    """Sort free slots into days; the asked day is shown if it has any, else the first that has."""
    where = ZoneInfo(zone)
    by_day: dict[date, dict[datetime, scheduling.Slot]] = {}
    for slot in slots:
        by_day.setdefault(slot.starts_at.astimezone(where).date(), {}).setdefault(slot.starts_at, slot)
    days = tuple(DayView(value=one.isoformat(), words=_name_day(one), free=len(by_day[one])) for one in sorted(by_day))
    chosen = next((one for one in by_day if one.isoformat() == day), min(by_day, default=None))
    times = [] if chosen is None else [by_day[chosen][start] for start in sorted(by_day[chosen])]
    return Choice(
        days=days,
        day="" if chosen is None else chosen.isoformat(),
        day_words="" if chosen is None else _say_day(chosen),
        times=tuple(show_time(slot, zone=zone) for slot in times),
        earlier=(first - timedelta(days=DAYS_SHOWN)).isoformat() if first > today else "",
        later=(first + timedelta(days=DAYS_SHOWN)).isoformat(),
    )


def show_time(slot: scheduling.Slot, *, zone: str, whole: bool = False) -> TimeView:
    """Show a slot on a clock; `whole` with its day."""
    local = slot.starts_at.astimezone(ZoneInfo(zone))
    return TimeView(
        value=slot.starts_at.isoformat(),
        words=scheduling.say_time(slot.starts_at, zone=zone) if whole else scheduling.say_clock(local),
        who=slot.resource_name,
        resource_id=str(slot.resource_id),
    )


def agreement(business: tenants.Tenant) -> str:
    """Write what a person agrees to by giving their number: texts about this appointment, and nothing else."""
    return (
        f"By booking you agree to get texts from {business.name} about this appointment, such as its confirmation, "
        "changes and reminders, at the number above. Message and data rates may apply. "
        "Reply STOP to opt out, HELP for help. No marketing is sent because of this booking."
    )


def waiting_agreement(business: tenants.Tenant) -> str:
    """Write what a person agrees to by joining the waiting list: texts about a time that comes free, nothing else."""
    return (
        f"By joining you agree to get texts from {business.name} about a time that comes free, and about the "
        "appointment if you take it, at the number above. Message and data rates may apply. "
        "Reply STOP to opt out, HELP for help. No marketing is sent because of this."
    )


def say_deposit(known: scheduling.Appointment, asked: scheduling.AskedDeposit | None, *, now: datetime) -> str:
    """Say how the deposit of an appointment stands, and what becomes of it if it is called off now."""
    if known.deposit is scheduling.Deposit.NONE:
        return ""
    if known.deposit is scheduling.Deposit.REFUNDED:
        return "Paid back to you."
    if asked is not None and asked.given_back_at is not None:
        return "On its way back to you."
    if known.status is not scheduling.AppointmentStatus.BOOKED or known.starts_at <= now:
        return "Paid."
    hours = None if asked is None else asked.refund_hours
    if hours is not None and scheduling.is_given_back(hours, starts_at=known.starts_at, now=now):
        until = scheduling.say_time(known.starts_at - timedelta(hours=hours), zone=known.zone)
        return f"Paid. It goes back to you if you call off until {until}."
    return "Paid. It is kept if you call off now."


def read_moment(text: str) -> datetime | None:
    """Read an instant from an address or a form; None for anything else."""
    try:
        moment = datetime.fromisoformat(text[:40])
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None and moment.year in YEARS else None


def _name_day(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()][:3]}, {MONTHS[day.month - 1][:3]} {day.day}"


def _say_day(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()]}, {MONTHS[day.month - 1]} {day.day}"
