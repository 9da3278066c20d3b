"""What the page of numbers shows: each number with its registration, its pace, its warm-up and its health, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.features.delivery.queries.numbers import NumberUse
from frontdesk.features.senders import (
    NumberType,
    RegistrationStatus,
    SendingNumber,
    daily_allowance,
    may_send_marketing,
    segments_per_second,
)
from frontdesk.web.pages.reasons import reason_words
from frontdesk.web.pages.rows import Chip, Tone
from frontdesk.web.words import count_words

CHART_HEIGHT = 60
BAR = 10  # of the drawing's width for each day
FULL = 100
TYPES: Mapping[NumberType, str] = {
    NumberType.LONG_CODE: "Local number",
    NumberType.TOLL_FREE: "Toll-free number",
    NumberType.SHORT_CODE: "Short code",
}
REGISTRATIONS: Mapping[RegistrationStatus, Chip] = {
    RegistrationStatus.UNREGISTERED: Chip("not registered", Tone.CALM),
    RegistrationStatus.PENDING: Chip("being registered", Tone.BUSY),
    RegistrationStatus.APPROVED: Chip("registered", Tone.GOOD),
    RegistrationStatus.REJECTED: Chip("registration refused", Tone.BAD),
}
CARRIERS: Mapping[str, str] = {"twilio": "Twilio", "telnyx": "Telnyx"}
WHY_NOT: Mapping[str, str] = {
    "senders.number_blocked": "No campaign can use it while its texts are stopped.",
    "senders.campaign_not_approved": (
        "No campaign can use it: carriers refuse advertising from a local number without a registration."
    ),
    "senders.toll_free_not_verified": (
        "No campaign can use it: carriers refuse advertising from a toll-free number that is not verified."
    ),
    "senders.short_code_not_approved": "No campaign can use it until the carriers have approved the short code.",
}
# Doubles every second day: carriers watch how suddenly a new number begins.
CAREFUL_START = (50, 50, 100, 100, 200, 200, 400, 400, 800, 800, 1600, 1600)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBar:
    """A day of a warm-up plan in its drawing; `place` is past, today or ahead."""

    x: int
    y: int
    height: int
    place: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A warm-up plan: where it stands in words, and its drawing."""

    words: str
    bars: Sequence[PlanBar]
    width: int
    rows: Sequence[tuple[str, int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberView:
    """A number on its page; `allowed` is how many campaign texts it may send today, None for no limit."""

    number: SendingNumber
    kind: str
    carrier: str
    registration: Chip
    why_not: str
    rate: str
    sent: int
    allowed: int | None
    used: int
    plan: PlanView | None
    opt_outs: int
    health: Chip
    health_words: str

    @property
    def id(self) -> UUID:
        """Name the number in addresses."""
        return self.number.id


def show_number(number: SendingNumber, use: NumberUse | None, *, zone: str, now: datetime) -> NumberView:
    """Say how a number stands now, in the business's own zone."""
    today = now.astimezone(ZoneInfo(zone)).date()
    sent = use.sent if use is not None and use.day == today else 0
    allowed = daily_allowance(number.warmup, number.daily_limit, on=today)
    code = may_send_marketing(number)
    health, words = _health(number, use, now)
    return NumberView(
        number=number,
        kind=TYPES[number.number_type],
        carrier=CARRIERS.get(number.provider, number.provider.title()),
        registration=REGISTRATIONS[number.registration_status],
        why_not="" if number.retired_at is not None or not code else WHY_NOT.get(code) or reason_words(code),
        rate=_rate(number),
        sent=sent,
        allowed=allowed,
        used=FULL if allowed == 0 else 0 if allowed is None else min(FULL, sent * FULL // allowed),
        plan=None if number.warmup is None else _plan(number.warmup.started_on, number.warmup.daily, today),
        opt_outs=0 if use is None else use.opt_outs,
        health=health,
        health_words=words,
    )


def _rate(number: SendingNumber) -> str:
    rate = segments_per_second(number.number_type, number.segments_per_second)
    return f"{rate:g} a second" if rate >= 1 else f"{rate * 60:g} a minute"


def _health(number: SendingNumber, use: NumberUse | None, now: datetime) -> tuple[Chip, str]:
    if number.retired_at is not None:
        return Chip("retired", Tone.CALM), "Sends nothing more; what people text to it is still heard."
    if not number.texting_allowed:
        why = number.texting_blocked_reason
        return Chip("texts stopped", Tone.BAD), "Stopped by hand." if why == "by hand" else f"The carrier says: {why}"
    if use is not None and use.hold_until is not None and use.hold_until > now:
        if use.hold_reason == "rate":
            return Chip("waiting", Tone.WARN), "The carrier asked for a pause; it goes on by itself."
        return Chip("failing", Tone.BAD), "Its last texts failed; one is tried now and then until it works again."
    if use is not None and use.opened_at is not None:
        return Chip("on trial", Tone.WARN), "Its last texts failed; the next one shows whether it works again."
    return Chip("well", Tone.GOOD), ""


def _plan(started_on: date, daily: Sequence[int], today: date) -> PlanView:
    at, days, most = (today - started_on).days, len(daily), max(daily)
    bars, rows = [], []
    for index, texts in enumerate(daily):
        place = "past" if index < at else "today" if index == at else "ahead"
        height = max(2, texts * CHART_HEIGHT // most)
        when = started_on + timedelta(days=index)
        words = f"{when:%a} {when.day} {when:%b}"
        bars.append(
            PlanBar(
                x=index * BAR,
                y=CHART_HEIGHT - height,
                height=height,
                place=place,
                words=f"{words}: {count_words(texts)}",
            )
        )
        rows.append((words, texts, place))
    if at < 0:
        said = f"begins in {-at} {'day' if at == -1 else 'days'}"
    elif at >= days:
        said = "done"
    else:
        said = f"day {at + 1} of {days}"
    return PlanView(words=said, bars=bars, width=days * BAR, rows=rows)
