"""Which of the offers on the table a reply takes; whatever leaves a doubt is no choice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from frontdesk.features.assistant.understanding.meaning import ChoosesOffer, Context, Grain, TimeWindow, Unsure
from frontdesk.features.assistant.understanding.tokens import Tokens
from frontdesk.features.assistant.understanding.vocabulary import (
    HEDGES,
    MONTHS,
    NO,
    NUMBERS,
    ORDINALS,
    PARTS,
    WEEKDAYS,
    words,
)
from frontdesk.features.assistant.understanding.windows import Wish

NAMES = frozenset({"number", "option", "opcion", "no", "num", "numero", "choice", "slot", "la", "el", "the", "#", "nr"})
THINGS = frozenset({"one", "option", "slot", "time", "choice", "opcion", "hora", "cita", "appointment"})
PLAIN = words(
    "please thanks thank you yes yeah yep ok sure i will take want ill like would the works work for me good great is"
    " perfect por favor si gracias quiero prefiero mejor sirve queda bien va esta that let lets do go with book it a"
    " can we could have sounds fine hi hello hey hola pick choose one option slot number time first second third la"
    " el opcion numero de las los to my choice should be gonna going awesome cool love prefer and y quisiera vale"
    " claro perfecto entonces pues so then best better suits thats on at by in of id im voy con thumbsup gustaria"
    " seria see there u b c right now today only just definitely absolutely excelente buenas dias tarde buenos"
)
TIME_WORDS = (
    frozenset(WEEKDAYS)
    | frozenset(MONTHS)
    | frozenset(PARTS) - {"lunch"}
    | words("tomorrow today hoy oclock half past quarter to punto media cuarto h sharp of around horas hora dia")
)
MAY_BE_DAYS = frozenset({"1st", "2nd", "3rd", "4th", "latest", "earliest"})
SAYS_WHICH = frozenset({"option", "opcion", "number", "numero", "choice"})
TIMES_BEHIND = words("am pm p oclock ish y menos de en days weeks people st nd rd kids h")
TIMES_BEFORE = frozenset({"at", "las", "around", "after", "before", "by", "sobre", "june", "july", "may", "next"})
MOST_DIGITS = 2
LETTERS = {"a": 0, "b": 1, "c": 2}
MOST_PLAIN = 12


@dataclass(frozen=True, slots=True)
class Pick:
    """Offers that a reply may take, and whether the words are plain enough to book by."""

    indexes: tuple[int, ...]
    plain: bool


def read_choice(tokens: Tokens, wish: Wish, context: Context) -> ChoosesOffer | Unsure | None:
    """Read a choice among the offers; None if the reply does not speak of them, unsure if it may."""
    count = len(context.offers)
    if not count:
        return None
    numbered = _by_number(tokens, context)
    timed = _by_time(wish, context, known=all(_is_known(word) for word in tokens.words))
    picks = [pick for pick in (numbered, timed) if pick is not None and pick.indexes]
    if not picks:
        return None
    named = {index for pick in picks for index in pick.indexes}
    doubtful = _hedged(tokens, numbered) or any(not pick.plain for pick in picks) or wish.refused or bool(wish.readings)
    if len(named) == 1 and not doubtful:
        return ChoosesOffer(named.pop())
    narrowed = numbered is not None and timed is not None and set(numbered.indexes) < set(timed.indexes)
    if narrowed and numbered is not None and numbered.plain and not doubtful and len(numbered.indexes) == 1:
        return ChoosesOffer(numbered.indexes[0])
    return _unsure(named)


def _unsure(indexes: set[int]) -> Unsure:
    return Unsure(tuple(ChoosesOffer(index) for index in sorted(indexes)))


def _hedged(tokens: Tokens, numbered: Pick | None) -> bool:
    either = "/" in tokens.pieces and numbered is not None
    return either or "?" in tokens.pieces or any(word in HEDGES for word in tokens.words)


def _by_number(tokens: Tokens, context: Context) -> Pick | None:
    """Read "2", "#2", "option 2", "the second one" and "B"; a digit that is also another offer's hour is in doubt."""
    count = len(context.offers)
    words = _merged(tokens.words)
    found: set[int] = set()
    plain = all(word in PLAIN or _is_number(word) for word in words) and len(words) <= MOST_PLAIN
    for at, word in enumerate(words):
        before, after = (words[at - 1] if at else ""), (words[at + 1] if at + 1 < len(words) else "")
        if word in ORDINALS and (after in THINGS or before in {"the", "la", "el"} or len(words) == 1):
            index = ORDINALS[word] if ORDINALS[word] >= 0 else count - 1
            sure = after in THINGS or word not in MAY_BE_DAYS
            if index >= count:
                return Pick((), plain=False)
            found.add(index)
            plain = plain and sure
        elif word in {"later", "earlier"} and after in THINGS and before == "the":
            found.add(count - 1 if word == "later" else 0)
            plain = False
        elif (bare := _bare_number(words, at)) is not None:
            if not 1 <= bare <= count:
                found |= {index for index, offer in enumerate(_clocks(context)) if offer == (bare, 0)}
                continue
            led = before in NAMES - {"the", "la", "el", "no"} or tokens.padded.strip() == word
            found.add(bare - 1)
            also = {index for index, (hour, _) in enumerate(_clocks(context)) if hour == bare and index != bare - 1}
            if also and before not in SAYS_WHICH:
                return Pick(tuple(sorted(found | also)), plain=False)
            plain = plain and (led or len(words) <= MOST_PLAIN)
    letter = _letter(words, count)
    if letter is not None and not found:
        return Pick((letter,), plain=len(words) <= MOST_PLAIN)
    if any(word in {"either", "any", "whichever", "cualquiera", "both"} for word in words) and not (
        found or tokens.says(NO)
    ):
        return Pick(tuple(range(count)), plain=False)
    return Pick(tuple(sorted(found)), plain=plain and len(found) == 1) if found else None


def _letter(words: tuple[str, ...], count: int) -> int | None:
    """Read "B", "b please" and "I'll take A"; the article "a" is no choice."""
    named = [word for word in words if word in LETTERS and LETTERS[word] < count]
    if len(named) != 1 or not all(word in PLAIN or word in {"letter", "letra"} for word in words):
        return None
    at = words.index(named[0])
    led = at > 0 and at == len(words) - 1 and words[at - 1] in {"take", "option", "opcion", "letter", "letra"}
    return LETTERS[named[0]] if named[0] != "a" or len(words) == 1 or led else None


def _merged(words: tuple[str, ...]) -> tuple[str, ...]:
    """Put "2" and "nd" together again."""
    merged: list[str] = []
    for word in words:
        if word in {"st", "nd", "rd", "th"} and merged and merged[-1].isdecimal():
            merged[-1] += word
        else:
            merged.append(word)
    return tuple(merged)


def _is_number(word: str) -> bool:
    return word.isdecimal() or word in NUMBERS or word in ORDINALS or word in {"am", "pm", "st", "nd", "rd"}


def _bare_number(words: tuple[str, ...], at: int) -> int | None:
    """Give a number that stands for itself: not a clock, a date or a count of things."""
    word = words[at]
    before, after = (words[at - 1] if at else ""), (words[at + 1] if at + 1 < len(words) else "")
    value = int(word) if word.isdecimal() and len(word) <= MOST_DIGITS else NUMBERS.get(word)
    if value is None or word in {"un", "once"}:
        return None
    if word in {"one", "una"} and before not in NAMES - {"the", "la", "el"} and len(words) > 1:
        return None
    if after in TIMES_BEHIND or after.isdecimal() or before in TIMES_BEFORE or before.isdecimal():
        return None
    return value


def _clocks(context: Context) -> list[tuple[int, int]]:
    zone = ZoneInfo(context.zone)
    local = [offer.astimezone(zone) for offer in context.offers]
    return [((offer.hour - 1) % 12 + 1, offer.minute) for offer in local]


def _is_known(word: str) -> bool:
    """Tell whether a word may stand in a plain choice: any other may change what it means."""
    return word in PLAIN or word in TIME_WORDS or _is_number(word)


def _by_time(wish: Wish, context: Context, *, known: bool) -> Pick | None:
    """Find the offers that the named times allow; a time that fits none of them asks for others.

    Only words that are all `known` are plain: "3pm would be too late" takes nothing.
    """
    if not wish.named:
        return None
    if wish.readings:
        fitting = {one for windows in wish.readings for one in _within(windows, context.offers)}
        # Of two readings of an hour, only one may be on the table at all.
        return Pick(tuple(sorted(fitting)), plain=False) if fitting else None
    fitting = _within(wish.windows, context.offers)
    if not fitting:
        return None
    exact = [one for one in wish.windows if one.grain is Grain.MOMENT]
    if exact:
        starts = {one.starts_at for one in exact}
        precise = {index for index in fitting if context.offers[index] in starts}
        return Pick(tuple(sorted(precise)), plain=known) if precise else None
    single = len(fitting) == 1 and len({(one.grain) for one in wish.windows}) == 1
    loose = any(one.grain in {Grain.DAYS, Grain.OPEN, Grain.AROUND} for one in wish.windows)
    return Pick(tuple(sorted(fitting)), plain=known and single and not loose)


def _within(windows: tuple[TimeWindow, ...], offers: tuple[datetime, ...]) -> set[int]:
    return {index for index, offer in enumerate(offers) if any(one.starts_at <= offer < one.ends_at for one in windows)}
