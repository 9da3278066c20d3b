"""Which days a reply names: weekdays, dates, weeks and spans of days, as dates on the business's calendar."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from frontdesk.features.assistant.understanding.meaning import Grain
from frontdesk.features.assistant.understanding.vocabulary import MONTHS, NUMBERS, WEEKDAYS

WEEK = 7
HORIZON_DAYS = 366
SATURDAY, SUNDAY = 5, 6
TWO_DIGITS, CENTURY, SHORT_YEAR = 2, 2000, 100
DAYS_OF_MONTH, MONTHS_OF_YEAR = 31, 12
MOST_DAYS_AHEAD, MOST_WEEKS_AHEAD, MOST_MONTHS_AHEAD = 60, 26, 6
ORDINAL_ENDS = frozenset({"st", "nd", "rd", "th"})
THIS = frozenset({"this", "este", "esta"})
NEXT = frozenset({"next"})
COMING = frozenset({"coming", "proximo", "proxima", "following", "siguiente"})
PAST = frozenset({"last", "past", "pasado", "pasada"})
DAY_PARTS = frozenset({"morning", "afternoon", "evening", "night", "tarde", "noche"})
UNITS = {
    "day": 1, "days": 1, "dia": 1, "dias": 1, "week": WEEK, "weeks": WEEK, "semana": WEEK, "semanas": WEEK,
    "month": 30, "months": 30, "mes": 30, "meses": 30, "fortnight": 14,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DayMention:
    """Days that were named; more than one span where the words leave it open. `weekday`: a weekday without a week."""

    spans: tuple[tuple[date, date], ...]
    grain: Grain
    until: int
    weekday: int | None = None
    week: bool = False
    past: bool = False


def _is_day(word: str) -> bool:
    return word.isdecimal() and len(word) <= TWO_DIGITS and 1 <= int(word) <= DAYS_OF_MONTH


class DayReader:
    """Reads days out of the pieces of a reply, as of a date in the business's zone."""

    def __init__(self, pieces: tuple[str, ...], today: date, *, month_first: bool, spanish: bool) -> None:
        self._pieces = pieces
        self._today = today
        self._month_first = month_first
        self._spanish = spanish

    def read(self, at: int) -> DayMention | None:
        """Read the day that is named at a piece; None if none is."""
        for reader in (self._relative, self._weeks, self._weekday, self._calendar, self._numeric, self._open):
            found = reader(at)
            if found is not None:
                return found
        return None

    def _word(self, at: int) -> str:
        return self._pieces[at] if 0 <= at < len(self._pieces) else ""

    def _is(self, at: int, *phrases: str) -> int:
        """Tell how many pieces one of `phrases` takes from `at`; 0 if none stands there."""
        for phrase in phrases:
            words = phrase.split()
            if self._pieces[at : at + len(words)] == tuple(words):
                return len(words)
        return 0

    def _day(self, ahead: int, until: int, grain: Grain = Grain.DAY) -> DayMention:
        day = self._today + timedelta(ahead)
        return DayMention(((day, day),), grain, until)

    def _relative(self, at: int) -> DayMention | None:
        taken = self._is(at, "yesterday", "ayer", "anteayer", "last week", "last month", "semana pasada", "last time")
        if taken:
            return DayMention((), Grain.DAY, at + taken, past=True)
        taken = self._is(at, "the day after tomorrow", "day after tomorrow", "pasado manana", "the day after tmrw")
        if taken:
            return self._day(2, at + taken)
        if self._word(at) == "tonight":
            return self._day(0, at)
        part = self._word(at) in THIS and self._word(at + 1) in DAY_PARTS | {"manana"}
        if part or self._word(at) in {"today", "hoy"}:
            return self._day(0, at + 1)
        if self._word(at) == "tomorrow" or (self._word(at) == "manana" and not self._is_morning(at)):
            return self._day(1, at + 1)
        return self._ahead(at)

    def _is_morning(self, at: int) -> bool:
        """Tell "por la mañana" from "mañana"."""
        before = self._word(at - 1)
        return before in {"la", "esta"} or (before in {"las", "primera"}) or (before == "en" and at > 0)

    def _ahead(self, at: int) -> DayMention | None:
        """Read "in 3 days", "dentro de dos semanas", "two weeks from now" and "a week from tuesday"."""
        start = at + (self._is(at, "in the next", "in", "within", "dentro de", "en") or 0)
        led = start > at
        start += 1 if self._word(start) in {"about", "like", "around", "unos", "unas"} else 0
        count, after = self._count(start)
        unit = UNITS.get(self._word(after))
        if count is None or unit is None:
            return None
        until = after + 1
        taken = self._is(until, "from now", "from today", "de hoy")
        weekday = WEEKDAYS.get(self._word(until + 1)) if self._word(until) == "from" else None
        if unit == WEEK and weekday is not None:
            day = self._coming(weekday) + timedelta(WEEK * count)
            return DayMention(((day, day),), Grain.DAY, until + 2)
        if not (led or taken) or (unit == 1 and count > MOST_DAYS_AHEAD) or count * unit > HORIZON_DAYS // 2:
            return None
        ahead = self._today + timedelta(count * unit)
        last = ahead + timedelta({1: 0, WEEK: 2, 14: 2}.get(unit, WEEK - 1))
        return DayMention(((ahead, last),), Grain.DAY if unit == 1 else Grain.DAYS, until + taken)

    def _count(self, at: int) -> tuple[int | None, int]:
        word = self._word(at)
        if self._is(at, "a couple of", "a couple", "couple of", "couple", "un par de"):
            return 2, at + self._is(at, "a couple of", "a couple", "couple of", "couple", "un par de")
        if self._is(at, "a few", "unos"):
            return 3, at + self._is(at, "a few", "unos")
        if word in {"a", "un", "una"}:
            return 1, at + 1
        if word.isdecimal() and len(word) <= TWO_DIGITS:
            return int(word), at + 1
        return NUMBERS.get(word), at + 1

    def _weeks(self, at: int) -> DayMention | None:
        monday = self._today - timedelta(self._today.weekday())
        taken = self._is(
            at, "the end of", "end of", "later", "the rest of", "late", "fines de", "a fin de", "finales de"
        )
        end = bool(taken)
        start = at + taken
        opening = self._is(
            start, "the beginning of", "beginning of", "the start of", "start of", "early", "a principios de"
        )
        start += opening
        start += 1 if self._word(start) in {"the", "la", "de"} and self._is(start + 1, "week", "semana") else 0
        taken = self._is(start, "next week", "the following week", "following week", "la semana que viene",
                         "semana que viene", "la proxima semana", "proxima semana", "la semana proxima",
                         "semana proxima", "semana entrante", "week after this")  # fmt: skip
        if taken:
            first, last = monday + timedelta(WEEK), monday + timedelta(2 * WEEK - 1)
            if end:
                first, last = first + timedelta(3), first + timedelta(4)
            elif opening:
                last = first + timedelta(1)
            return DayMention(((first, last),), Grain.DAYS, start + taken, week=True)
        of = self._is(start, "week of the", "week of", "semana del", "semana de")
        dated = self._calendar(start + of) if of else None
        if dated is not None and dated.grain is Grain.DAY:
            first = dated.spans[0][0] - timedelta(dated.spans[0][0].weekday())
            return DayMention(((first, first + timedelta(WEEK - 1)),), Grain.DAYS, dated.until, week=True)
        taken = self._is(start, "week after next", "the week after next")
        if taken:
            first = monday + timedelta(2 * WEEK)
            return DayMention(((first, first + timedelta(WEEK - 1)),), Grain.DAYS, start + taken, week=True)
        taken = self._is(start, "this week", "esta semana", "the week", "week", "la semana", "semana") if end else 0
        taken = taken or self._is(start, "this week", "esta semana")
        if taken:
            first = self._today + timedelta(1) if end else self._today
            last = monday + timedelta(WEEK - 1)
            return DayMention(((min(first, last), last),), Grain.DAYS, start + taken, week=True)
        return self._weekend(at)

    def _weekend(self, at: int) -> DayMention | None:
        later = 1 if self._word(at) in NEXT | COMING else 0
        named = 1 if self._word(at) in THIS | {"the", "on"} | NEXT | COMING else 0
        taken = self._is(at + named, "weekend", "fin de semana", "finde")
        if taken:
            until = at + named + taken
            later = later or (1 if self._is(until, "que viene", "proximo") else 0)
            until += self._is(until, "que viene", "proximo")
            saturday = self._today + timedelta((SATURDAY - self._today.weekday()) % WEEK)
            if self._today.weekday() == SUNDAY:
                saturday = self._today - timedelta(1)
            spans = [(max(saturday, self._today), saturday + timedelta(1))]
            if later and self._word(at) in NEXT:
                spans.append((saturday + timedelta(WEEK), saturday + timedelta(WEEK + 1)))
            return DayMention(tuple(spans), Grain.DAYS, until)
        taken = self._is(at, "weekdays", "weekday", "a weekday", "entre semana", "dias de semana", "dia de semana")
        if taken:
            days = [self._today + timedelta(ahead) for ahead in range(WEEK)]
            return DayMention(tuple((day, day) for day in days if day.weekday() < SATURDAY), Grain.DAYS, at + taken)
        return None

    def _coming(self, weekday: int) -> date:
        return self._today + timedelta((weekday - self._today.weekday()) % WEEK)

    def _weekday(self, at: int) -> DayMention | None:
        lead = self._word(at) if WEEKDAYS.get(self._word(at)) is None else ""
        start = at + (1 if lead and lead in THIS | NEXT | COMING | PAST | {"every"} else 0)
        weekday = WEEKDAYS.get(self._word(start))
        if weekday is None:
            return None
        until = start + 1
        if lead in PAST or self._word(until) == "pasado":
            return DayMention((), Grain.DAY, until, past=True)
        coming = self._coming(weekday)
        if self._word(until) == "week" and self._word(until - 2) != "next":
            return DayMention(((coming + timedelta(WEEK),) * 2,), Grain.DAY, until + 1)
        taken = self._is(until, "que viene", "proximo", "entrante")
        dated = self._of_month(until + (1 if self._word(until) in {",", "the", "el"} else 0), weekday)
        if dated is not None:
            return dated
        if taken or lead in COMING:
            coming = coming if coming != self._today else coming + timedelta(WEEK)
            return DayMention(((coming, coming),), Grain.DAY, until + taken)
        spans = [(coming, coming)]
        if lead in NEXT:
            coming = coming if coming != self._today else coming + timedelta(WEEK)
            spans = [(coming, coming)]
            if coming.isocalendar()[1] == self._today.isocalendar()[1]:
                spans.append((coming + timedelta(WEEK),) * 2)
        elif coming == self._today and lead not in THIS:
            spans.append((coming + timedelta(WEEK),) * 2)
        return DayMention(tuple(spans), Grain.DAY, until, weekday=weekday if lead not in NEXT | THIS else None)

    def _of_month(self, at: int, weekday: int) -> DayMention | None:
        """Read "5th", "5 de junio", "june 5" or a bare 5 that is that weekday's date."""
        found = self._calendar(at)
        if found is not None:
            return found
        word = self._word(at)
        if _is_day(word) and self._word(at - 1) in {"el", "the"}:
            return self._on(int(word), None, None, at + 1)
        after = self._word(at + 1)
        if not _is_day(word) or after in {":", "am", "pm", "-", ".", "h"}:
            return None
        found = self._on(int(word), None, None, at + 1)
        return found if found is not None and found.spans[0][0].weekday() == weekday else None

    def _calendar(self, at: int) -> DayMention | None:
        start = at + (1 if self._word(at) in {"the", "el"} else 0)
        month = MONTHS.get(self._word(start))
        if month is not None:
            return self._after_month(start, month)
        day = self._word(start)
        if not _is_day(day):
            return None
        until = start + 1
        ordinal = self._word(until) in ORDINAL_ENDS
        until += 1 if ordinal else 0
        until += 1 if self._word(until) in {"of", "de"} and self._word(until + 1) in MONTHS else 0
        month = MONTHS.get(self._word(until))
        if month is not None and not (self._word(until) == "may" and self._word(until + 1) in {"be", "work", "i"}):
            return self._on(int(day), month, None, until + 1)
        led = self._word(start - 1) == "el" or self._is(start - 2, "para el", "dia") or self._word(start - 1) == "dia"
        if (ordinal and self._word(until) not in {"one", "option", "slot", "time", "choice"}) or (
            led and self._word(start + 1) not in {":", "pm", "am"}
        ):
            return self._on(int(day), None, None, until)
        return None

    def _after_month(self, at: int, month: int) -> DayMention | None:
        start = at + 1 + (1 if self._word(at + 1) in {"the", ".", "el"} else 0)
        day = self._word(start)
        if _is_day(day) and self._word(start + 1) not in {":", "pm", "am"}:
            until = start + 1 + (1 if self._word(start + 1) in ORDINAL_ENDS else 0)
            return self._on(int(day), month, None, until)
        if self._word(at) == "may" and self._word(at - 1) not in {"in", "of", "early", "late", "mid"}:
            return None
        if self._word(at) in {"march", "may"} and self._word(at - 1) not in {"in", "of", "early", "late", "en"}:
            return None
        year = self._today.year + (1 if month < self._today.month else 0)
        first = date(year, month, 1)
        last = date(year, month, monthrange(year, month)[1])
        return DayMention(((max(first, self._today), last),), Grain.DAYS, at + 1)

    def _numeric(self, at: int) -> DayMention | None:
        """Read 6/5, 6/5/26 and 6-5-2026; both ways round where a Spanish writer and the country differ."""
        first, mark, second = self._word(at), self._word(at + 1), self._word(at + 2)
        if not (first.isdecimal() and second.isdecimal() and mark in {"/", "-"}) or self._word(at - 1) == "/":
            return None
        until, year = at + 3, None
        if self._word(until) == mark and self._word(until + 1).isdecimal():
            year = int(self._word(until + 1))
            year += CENTURY if year < SHORT_YEAR else 0
            until += 2
        elif mark == "-":
            return None
        here, there = int(first), int(second)
        orders = [(there, here)] if self._month_first else [(here, there)]
        if self._month_first and self._spanish:
            orders.append((here, there))
        found = [self._on(day, month, year, until) for day, month in orders if 1 <= month <= MONTHS_OF_YEAR]
        if not any(found) and max(here, there) <= DAYS_OF_MONTH:  # written the other way round
            found = [self._on(day, month, year, until) for month, day in orders if 1 <= month <= MONTHS_OF_YEAR]
        spans = {span for mention in found if mention is not None for span in mention.spans}
        return DayMention(tuple(sorted(spans)), Grain.DAY, until) if spans else None

    def _on(self, day: int, month: int | None, year: int | None, until: int) -> DayMention | None:
        """Find the next such date from today; a past one of a named year is past."""
        months = [month] if month else [(self._today.month + ahead - 1) % 12 + 1 for ahead in range(3)]
        for candidate in months:
            of_year = year or self._today.year
            if candidate < self._today.month and year is None:
                of_year += 1
            if not 1 <= day <= monthrange(of_year, candidate)[1]:
                continue
            found = date(of_year, candidate, day)
            if found < self._today and year is None:
                if month is None:
                    continue
                found = date(of_year + 1, candidate, min(day, monthrange(of_year + 1, candidate)[1]))
            return DayMention(((found, found),), Grain.DAY, until, past=found < self._today)
        return None

    def _open(self, at: int) -> DayMention | None:
        taken = self._is(
            at, "asap", "as soon as possible", "as soon as you can", "as early as possible", "soonest", "the soonest",
            "first available", "next available", "earliest available", "earliest you have", "earliest", "anytime",
            "any time", "any day", "whenever", "lo antes posible", "cuanto antes", "lo mas pronto posible",
            "cualquier dia",
            "cualquier hora", "cuando sea", "cuando puedan", "lo mas pronto", "primera disponible", "soon", "pronto",
            "next opening", "first opening", "these days", "estos dias", "sometime soon",
        )  # fmt: skip
        if not taken:
            return None
        week = (self._today, self._today + timedelta(2 * WEEK - 1))
        return DayMention((week,), Grain.OPEN, at + taken)
