"""How well replies are understood: a labelled set read, and each reading compared with its label."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from frontdesk.features.assistant.understanding.meaning import (
    AsksQuestion,
    AsksTime,
    ChoosesOffer,
    Confirms,
    Context,
    Declines,
    Language,
    Meaning,
    Thanks,
    Unsure,
    WantsAppointment,
    WantsCancel,
    WantsChange,
    WantsPerson,
)
from frontdesk.features.assistant.understanding.reading import understand

SERVICES = ("Haircut", "Drain cleaning")
OPEN = (((480, 1020),),) * 5 + ((), ())  # Monday to Friday, 8 to 17 h
FRIDAY = 4
MOMENT = timedelta(minutes=30)
NAMES = {
    AsksTime: "time", WantsAppointment: "want", ChoosesOffer: "pick", Confirms: "yes", Declines: "no",
    WantsChange: "change", WantsCancel: "cancel", AsksQuestion: "question", WantsPerson: "person", Thanks: "thanks",
    Unsure: "unsure",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Labelled:
    """A reply, when and where it came, and what it means: an intent, and behind it an offer's number or the times."""

    text: str
    context: Context
    expected: str

    @property
    def intent(self) -> str:
        """The expected intent's name."""
        return self.expected.replace(":", " ").split()[0]


@dataclass(frozen=True, slots=True)
class Judged:
    """One reply beside its label; `wrong_booking`: acting on the reading would book or call off what nobody asked for.

    `time_right` is None where the label names no time.
    """

    reply: Labelled
    meaning: Meaning
    language: Language
    intent_right: bool
    time_right: bool | None
    wrong_booking: bool


@dataclass(frozen=True, slots=True)
class Score:
    """How many replies were read rightly."""

    replies: int
    intents_right: int
    times: int
    times_right: int
    wrong_bookings: int

    @property
    def intent_accuracy(self) -> float:
        """The share of intents read rightly."""
        return self.intents_right / self.replies if self.replies else 1.0

    @property
    def time_accuracy(self) -> float:
        """The share of named times read rightly, to the minute."""
        return self.times_right / self.times if self.times else 1.0


def read_labelled(folder: Path, name: str) -> list[Labelled]:
    """Read a set of labelled replies, JSON lines, with the contexts that it names."""
    contexts = {key: _context(one) for key, one in json.loads((folder / "contexts.json").read_text()).items()}
    lines = (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [Labelled(one["text"], contexts[one["context"]], one["expected"]) for one in map(json.loads, lines)]


def judge_all(replies: Iterable[Labelled]) -> list[Judged]:
    """Read every reply and compare."""
    return [judge(reply) for reply in replies]


def judge(reply: Labelled) -> Judged:
    """Read one reply and compare it with its label."""
    reading = understand(reply.text, reply.context)
    meaning = reading.meaning
    rest = reply.expected.partition(" ")[2]
    kind = reply.intent
    service = reply.expected.partition(":")[2] if kind == "want" else ""
    right = NAMES[type(meaning)] == kind
    time_right: bool | None = None
    match meaning:
        case ChoosesOffer(index):
            right = right and rest == str(index + 1)
        case WantsAppointment(named) if service:
            right = right and named == service
        case _:
            pass
    if kind in {"time", "change"} and rest:
        found = meaning.windows if isinstance(meaning, AsksTime | WantsChange) else ()
        time_right = sorted((one.starts_at, one.ends_at) for one in found) == sorted(windows_of(rest, reply.context))
    wrong = (
        (isinstance(meaning, ChoosesOffer) and not right)
        or (isinstance(meaning, Confirms) and kind != "yes" and reply.context.yes_or_no)
        or (isinstance(meaning, WantsCancel) and kind != "cancel")
    )
    return Judged(reply, meaning, reading.language, right, time_right, wrong)


def score(judged: Iterable[Judged]) -> Score:
    """Count."""
    all_of = list(judged)
    timed = [one for one in all_of if one.time_right is not None]
    return Score(
        replies=len(all_of),
        intents_right=sum(one.intent_right for one in all_of),
        times=len(timed),
        times_right=sum(one.time_right is True for one in timed),
        wrong_bookings=sum(one.wrong_booking for one in all_of),
    )


def windows_of(label: str, context: Context) -> list[tuple[datetime, datetime]]:
    """Write out a label's times: "06-02 15:00-24:00; 06-05", "any 16:00" for seven days, "open" for fourteen."""
    zone = ZoneInfo(context.zone)
    now = context.now.astimezone(zone)
    found: list[tuple[datetime, datetime]] = []
    if label == "hour":
        return [(_utc(context.now + timedelta(hours=1)), _utc(context.now + timedelta(hours=2)))]
    for part in label.split(";"):
        words = part.split()
        days, clock = words[0], words[1] if len(words) > 1 else ""
        first, last = _days(days, now.date())
        if clock.startswith("fri"):
            found += [
                (_at(day, "00:00", zone), _at(day, "24:00", zone))
                for day in _each(first, last)
                if day.weekday() != FRIDAY
            ]
        elif not clock:
            found.append((_at(first, "00:00", zone), _at(last, "24:00", zone)))
        else:
            low, _, high = clock.partition("-")
            for day in _each(first, last):
                start = _at(day, low, zone)
                found.append((start, _at(day, high, zone) if high else start + MOMENT))
        if not clock or "-" in clock or clock.startswith("fri"):
            continue
    moments = {one for one in found if one[1] - one[0] == MOMENT}
    return [
        (max(start, _utc(now)), end)
        for start, end in found
        if end > now and not ((start, end) in moments and start < now)
    ]


def _days(words: str, today: date) -> tuple[date, date]:
    if words == "any":
        return today, today + timedelta(6)
    if words.startswith("open"):
        return today, today + timedelta(13)
    first, _, last = words.partition("..")
    begin = today if first == "now" else date.fromisoformat(f"{today.year}-{first}")
    return begin, date.fromisoformat(f"{today.year}-{last}") if last else begin


def _each(first: date, last: date) -> list[date]:
    return [first + timedelta(ahead) for ahead in range((last - first).days + 1)]


def _at(day: date, clock: str, zone: ZoneInfo) -> datetime:
    hour, minute = map(int, clock.split(":"))
    if hour == 24:  # noqa: PLR2004 - the end of a day
        day, hour = day + timedelta(1), 0
    return _utc(datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone))


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _context(document: Mapping[str, object]) -> Context:
    zone = str(document["zone"])
    offers = document.get("offers", [])
    return Context(
        now=_local(str(document["now"]), zone),
        zone=zone,
        hours=OPEN,
        offers=tuple(_local(str(one), zone) for one in offers) if isinstance(offers, list) else (),
        services=SERVICES,
        has_appointment=document.get("has_appointment") is True,
        yes_or_no=document.get("yes_or_no") is True,
        month_first=document.get("month_first") is not False,
    )


def _local(text: str, zone: str) -> datetime:
    return _utc(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))
