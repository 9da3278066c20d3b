"""Which times of day a reply names: clock times, before and after, spans, and parts of the day."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from frontdesk.features.assistant.understanding.vocabulary import NUMBERS, PARTS, WEEKDAYS, words

NOON, DAY_MINUTES = 720, 1440
HOURS_ON_DIAL = 12
HOURS, HOUR, HOUR_DIGITS = 24, 60, 2
MOST_LEADING = 4  # words like "at around" in front of a time
DASHES = frozenset({"-", "to", "a", "until", "y", "and", "hasta"})
AT = frozenset({"at", "@", "for", "las", "la", "by"})
NEAR = frozenset({"around", "about", "roughly", "circa", "sobre", "like", "near", "aproximadamente", "hacia"})
AFTER = (
    "after", "past", "later than", "from", "despues de", "a partir de", "desde", "luego de", "pasadas", "starting",
    "starting at", "not before", "no earlier than", "not earlier than", "no antes de", "any time after",
)  # fmt: skip
BEFORE = (
    "before", "by", "until", "earlier than", "antes de", "hasta", "no later than", "not later than", "not after",
    "no despues de", "up to", "any time before",
)  # fmt: skip
LATER = (
    "or later", "onwards", "onward", "or after", "and later", "on", "en adelante", "o mas tarde", "o despues",
    "and after", "plus", "+",
)  # fmt: skip
SOONER = (
    "or earlier", "or before", "and earlier", "o antes", "at the latest", "latest", "a mas tardar",
)  # fmt: skip
FILLERS = frozenset(
    {"the", "las", "la", "el", "like", "around", "about", "at", "say", "maybe", "sobre", "a", "eso", "de"}
)
DAY_WORDS = frozenset(WEEKDAYS) | {"tomorrow", "today", "manana", "hoy"}
UNITS_NOT_CLOCK = words(
    "minutes hours hour kids people persons rooms bathrooms bedrooms years year days day weeks week months dollars"
    " bucks times cars dogs cats units questions minutos horas hora personas dias semanas semana ninos anos st ave"
    " street road miles blocks percent % th rd nd items things of bath bed lbs pm- ft feet inch adults adultos"
    " cuartos banos perros gatos preguntas zones trees windows doors"
)


HOURS_OF_PARTS = (
    (("first thing in the morning", "first thing", "a primera hora", "primera hora", "early morning",
      "early in the morning", "temprano en la manana", "temprano"), (0, 600), "morning"),
    (("late morning", "mid morning", "midmorning"), (570, 720), "morning"),
    (("late afternoon", "end of the day", "end of day", "later in the day", "later in the afternoon",
      "late in the day", "ultima hora", "al final del dia"), (900, 1080), "afternoon"),
    (("early afternoon",), (720, 900), "afternoon"),
)  # fmt: skip


class Relation(StrEnum):
    """How a time of day bounds the wish."""

    AT = "at"
    AROUND = "around"
    AFTER = "after"
    BEFORE = "before"
    BETWEEN = "between"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Dial:
    """What was said of a clock: minutes from midnight as written, and whether morning or afternoon is settled."""

    minutes: int
    settled: bool

    def readings(self) -> tuple[int, ...]:
        """List what it can mean, in minutes from midnight."""
        if self.settled:
            return (self.minutes,)
        base = self.minutes % NOON
        return (base, base + NOON)


@dataclass(frozen=True, slots=True)
class ClockMention:
    """A time of day that was named; `high` with a span, `part` with a part of the day."""

    relation: Relation
    until: int
    low: Dial | None = None
    high: Dial | None = None
    part: tuple[int, int] | None = None
    word: str = ""


class ClockReader:
    """Reads times of day out of the pieces of a reply."""

    def __init__(self, pieces: tuple[str, ...]) -> None:
        self._pieces = pieces

    def read(self, at: int, *, after_day: bool) -> ClockMention | None:
        """Read the time that is named at a piece; `after_day`: a day stands right before, so a number is a time."""
        return (
            self._between(at)
            or self._bounded(at)
            or self._range(at, after_day=after_day)
            or self._at(at, after_day=after_day)
            or self._part(at)
        )

    def _word(self, at: int) -> str:
        return self._pieces[at] if 0 <= at < len(self._pieces) else ""

    def _is(self, at: int, phrases: tuple[str, ...]) -> int:
        longest = 0
        for phrase in phrases:
            words = phrase.split()
            if self._pieces[at : at + len(words)] == tuple(words):
                longest = max(longest, len(words))
        return longest

    def _skip(self, at: int) -> int:
        while self._word(at) in FILLERS and at < len(self._pieces):
            at += 1
        return at

    def dial(self, at: int) -> tuple[Dial, int, bool] | None:
        """Read a clock at a piece: what it says, where it ends, and whether it can be nothing but a time."""
        word = self._word(at)
        fixed = self._named(at)
        if fixed is not None:
            return fixed
        hour = NUMBERS.get(word) if word not in {"un", "once"} or self._word(at - 1) == "las" else None
        sure, minutes, until = False, 0, at + 1
        if word.isdecimal() and len(word) <= HOUR_DIGITS:
            hour = int(word)
        elif word.isdecimal() and len(word) in {3, 4} and int(word[-2:]) < HOUR and int(word[:-2]) < HOURS:
            following, quarter = self._word(until), int(word[-2:]) % 15 == 0
            led = quarter and self._word(at - 1) in DAY_WORDS
            if (
                led
                or following in {"am", "pm", "a", "p", "h", "hrs"}
                or self._word(at - 1) in AT | NEAR | {"after", "before"}
            ):
                hour, minutes, sure = int(word[:-2]), int(word[-2:]), True
        if hour is None or hour >= HOURS:
            return None
        mark, digits = self._word(until), self._word(until + 1)
        if mark in {":", ".", "h", ";"} and digits.isdecimal() and len(digits) == HOUR_DIGITS and int(digits) < HOUR:
            minutes, sure, until = int(digits), True, until + 2
        elif mark in {"h", "hs", "hours"} and hour > HOURS_ON_DIAL:
            sure, until = True, until + 1
        elif self._is(until, ("y media", "y cuarto", "menos cuarto", "thirty", "fifteen", "y 30", "y 15")):
            taken = self._is(until, ("y media", "y cuarto", "menos cuarto", "thirty", "fifteen", "y 30", "y 15"))
            said = " ".join(self._pieces[until : until + taken])
            minutes = -15 if said == "menos cuarto" else (15 if said in {"y cuarto", "fifteen", "y 15"} else 30)
            sure, until = True, until + taken
        if self._word(until) in UNITS_NOT_CLOCK and not sure:
            return None
        return self._with_half(hour * 60 + minutes, until, sure=sure)

    def _named(self, at: int) -> tuple[Dial, int, bool] | None:
        word = self._word(at)
        if word in {"noon", "mediodia"}:
            return Dial(NOON, settled=True), at + 1, True
        taken = self._is(at, ("half past", "half", "quarter past", "quarter after", "quarter to", "quarter till",
                              "quarter of", "a quarter past", "a quarter to"))  # fmt: skip
        hour_word = self._word(at + taken)
        digits = hour_word.isdecimal() and len(hour_word) <= HOUR_DIGITS
        hour = NUMBERS.get(hour_word, int(hour_word) if digits else 0)
        if not taken or not 1 <= hour <= HOURS_ON_DIAL or self._word(at + taken + 1) in UNITS_NOT_CLOCK:
            return None
        said = self._word(at) if self._word(at) != "a" else self._word(at + 1)
        back = self._word(at + taken - 1) in {"to", "until", "of"}
        minutes = hour * 60 + (30 if said == "half" else (-15 if back else 15))
        return self._with_half(minutes, at + taken + 1, sure=True)

    def _with_half(self, minutes: int, until: int, *, sure: bool) -> tuple[Dial, int, bool] | None:
        """Read am, pm, "in the afternoon", "de la tarde", "o'clock" and "ish" behind a clock."""
        word = self._word(until)
        taken = self._is(until, ("oclock", "o clock", "en punto", "sharp"))
        until += taken
        sure = sure or bool(taken)
        word = self._word(until)
        half = ""
        if word in {"am", "pm"}:
            half, until = word, until + 1
        elif word in {"a", "p"} and self._word(until + 1) in {"m", "."}:
            half = word + "m"
            until += 1
            while self._word(until) in {".", "m"}:
                until += 1
        elif word == "p" or (word == "a" and self._word(until + 1) in {"", ",", ".", "?", "!"}):
            half, until = word + "m", until + 1
        else:
            taken = self._is(until, ("in the morning", "de la manana", "of the morning"))
            late = self._is(until, ("in the afternoon", "in the evening", "de la tarde", "de la noche", "at night",
                                    "del mediodia", "in the arvo"))  # fmt: skip
            half, until = ("am" if taken else "pm" if late else ""), until + taken + late
        hour = minutes // 60
        if half and 0 < minutes < 13 * 60:
            minutes = minutes % NOON + (NOON if half == "pm" else 0)
            return Dial(minutes, settled=True), until, True
        settled = hour > HOURS_ON_DIAL or minutes < HOUR  # 0:30 and 13:00 are on a 24 hour clock
        if hour == 0 and not sure:
            return None
        return Dial(minutes, settled=settled), until, sure

    def _between(self, at: int) -> ClockMention | None:
        taken = self._is(at, ("between", "from", "entre", "de", "desde", "any time between"))
        return self._range(self._skip(at + taken), after_day=True, between=True) if taken else None

    def _range(self, at: int, *, after_day: bool, between: bool = False) -> ClockMention | None:
        low = self.dial(at)
        if low is None or self._word(low[1]) not in DASHES:
            return None
        if self._word(low[1]) in {"y", "and", "a"} and not between:
            return None
        high = self.dial(self._skip(low[1] + 1))
        if high is None or not (low[2] or high[2] or after_day or self._word(at - 1) in AT):
            return None
        first, second = low[0], high[0]
        if not first.settled and second.settled:
            # "2-4pm" is of one half; "10-2pm" starts before noon.
            late = [one for one in first.readings() if one < second.minutes]
            first = Dial(max(late) if late else first.minutes, settled=True)
        elif first.settled and not second.settled:
            later = [one for one in second.readings() if one > first.minutes]
            second = Dial(min(later) if later else second.minutes, settled=True)
        return ClockMention(Relation.BETWEEN, high[1], low=first, high=second)

    def _bounded(self, at: int) -> ClockMention | None:
        for phrases, relation in ((AFTER, Relation.AFTER), (BEFORE, Relation.BEFORE)):
            taken = self._is(at, phrases)
            if not taken:
                continue
            start = self._skip(at + taken)
            if self._word(at) in {"from", "desde", "by"} and self._range(start, after_day=False):
                return None
            found = self.dial(start)
            if found is not None:
                return ClockMention(relation, found[1], low=found[0])
            word = self._word(start)
            if word in {"work", "school", "lunch", "noon", "dinner", "trabajo", "comer", "almuerzo"}:
                return self._around_habit(word, relation, start + 1)
        return None

    def _around_habit(self, word: str, relation: Relation, until: int) -> ClockMention:
        bounds = {"work": (480, 1020), "trabajo": (480, 1020), "school": (480, 900), "dinner": (1080, 1140)}
        first, last = bounds.get(word, (720, 780))
        minutes = last if relation is Relation.AFTER else first
        return ClockMention(relation, until, low=Dial(minutes, settled=True))

    def _at(self, at: int, *, after_day: bool) -> ClockMention | None:
        start, near, led = at, False, after_day
        while self._word(start) in AT | NEAR | {"a", "say", "eso", "de"} and start - at < MOST_LEADING:
            near = near or self._word(start) in NEAR
            led = led or self._word(start) in AT - {"la", "for"} | NEAR or self._is(start, ("a la",)) > 0
            start += 1
        found = self.dial(start)
        if found is None or not (found[2] or led):
            return None
        dial, until, _ = found
        if self._word(until) == "ish" or (self._word(until) == "-" and self._word(until + 1) == "ish"):
            near, until = True, until + (1 if self._word(until) == "ish" else 2)
        sooner, later = self._is(until, SOONER), self._is(until, LATER)
        if later and not (self._word(until) == "on" and self._word(until + 1) not in {"", ".", ",", "?", "!"}):
            return ClockMention(Relation.AFTER, until + later, low=dial)
        if sooner:
            return ClockMention(Relation.BEFORE, until + sooner, low=dial)
        return ClockMention(Relation.AROUND if near else Relation.AT, until, low=dial)

    def _part(self, at: int) -> ClockMention | None:
        for phrases, hours, name in HOURS_OF_PARTS:
            taken = self._is(at, phrases)
            if taken and self._word(at) != "manana":
                return ClockMention(Relation.PART, at + taken, part=hours, word=name)
        word = self._word(at)
        part = PARTS.get(word)
        if part is None or not self._is_time_here(at, word):
            return None
        return ClockMention(Relation.PART, at + 1, part=part, word=word)

    def _is_time_here(self, at: int, word: str) -> bool:
        """Leave out greetings, "mas tarde" and the "mañana" that is tomorrow."""
        before, after = self._word(at - 1), self._word(at + 1)
        if before in {"good", "buenas", "mas", "feliz", "muy"} or (before == "have" and after in {"", "!"}):
            return False
        if word == "manana":
            return before in {"la", "esta", "las", "en"}
        if word == "tarde":
            return before not in {"voy", "llego", "llegando", "muy"}
        return not (word == "lunch" and before not in {"at", "around", "over", "during"})
