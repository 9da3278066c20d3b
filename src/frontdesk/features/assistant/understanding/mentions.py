"""Where days and times stand in a reply, and which of them are refused: "not Tuesday", "I work until 5"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from frontdesk.features.assistant.understanding.clocks import HOUR_DIGITS, ClockMention, ClockReader, Relation
from frontdesk.features.assistant.understanding.days import DayMention, DayReader
from frontdesk.features.assistant.understanding.meaning import Grain
from frontdesk.features.assistant.understanding.vocabulary import NEGATIONS, NUMBERS

CLAUSE_ENDS = frozenset(",.;!?()")
TURNS = frozenset({"but", "pero", "then", "so"})
EXCEPT = frozenset({"but", "except", "excepto", "menos", "salvo", "besides"})
AT_WORK = frozenset({"work", "working", "busy", "trabajo", "ocupado", "ocupada", "off", "school", "salgo"})
FROM_THEN = frozenset({"salgo", "off"})  # "off after 5" says when one is free
BUSY = frozenset({"busy", "ocupado", "ocupada"})
NO_GOES_ON = frozenset({"puedo", "tengo", "estoy", "me", "podria", "antes", "despues", "quiero", "later", "earlier"})
AFTERWARDS = (
    "doesnt", "dont", "wont", "isnt", "cant", "no good", "not good", "is out", "is bad", "no me sirve", "no puedo",
    "no me va", "does not", "do not", "will not", "is not", "is no", "no me queda", "are out", "no", "not",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mention:
    """A day, a time of day or a moment ("in an hour") in a reply; `before` is the piece in front of it."""

    start: int
    before: str
    day: DayMention | None = None
    clock: ClockMention | None = None
    moment: datetime | None = None
    refused: bool = False
    inverted: bool = False
    clause: int = 0
    until: int = 0


def scan(pieces: tuple[str, ...], *, now: datetime, today: date, month_first: bool, spanish: bool) -> list[Mention]:
    """Find the days and times of a reply in their order."""
    days = DayReader(pieces, today, month_first=month_first, spanish=spanish)
    clocks = ClockReader(pieces)
    found: list[Mention] = []
    at = clause = 0
    negation = ""
    while at < len(pieces):
        mention = _read(pieces, at, days, clocks, found, now)
        if mention is not None:
            excepted = at > 0 and pieces[at - 1] in EXCEPT and _is_choice_of_days(found, at)
            found.append(_judged(replace(mention, clause=clause), negation, excepted=excepted))
            at = mention.until
            continue
        piece = pieces[at]
        if _ends(piece):
            clause, negation = clause + 1, ""
        elif _negates(pieces, at):
            negation = piece
        at += 1
    return [_looked_back(one, found, pieces) for one in range(len(found))]


def _read(
    pieces: tuple[str, ...], at: int, days: DayReader, clocks: ClockReader, found: list[Mention], now: datetime
) -> Mention | None:
    before = pieces[at - 1] if at else ""
    moment = _moment(pieces, at, now)
    if moment is not None:
        return Mention(at, before, moment=moment[0], until=moment[1])
    day = days.read(at)
    if day is not None:
        # "tonight" names a day and, at the same piece, a part of it.
        if day.until > at:
            return Mention(at, before, day=day, until=day.until)
        if not (found and found[-1].start == at):
            return Mention(at, before, day=day, until=at)
    last = found[-1] if found else None
    gap = pieces[last.until : at] if last is not None else ("",)
    after_day = last is not None and last.day is not None and len(gap) <= 1 and all(one in {",", "the"} for one in gap)
    number = pieces[at].isdecimal() or pieces[at] in NUMBERS
    if number and not after_day and not before.isdecimal():
        ahead = days.read(at + 1) if at + 1 < len(pieces) else None
        after_day = ahead is not None and ahead.grain is Grain.DAY and not ahead.past
    clock = clocks.read(at, after_day=after_day)
    if clock is None or clock.until <= at:
        return None
    return Mention(at, before, clock=clock, until=clock.until)


def _moment(pieces: tuple[str, ...], at: int, now: datetime) -> tuple[datetime, int] | None:
    """Read "in two hours" and "en una hora"; minutes late are no wish."""
    if pieces[at] not in {"in", "en", "within"}:
        return None
    start = at + (2 if pieces[at + 1 : at + 2] in {("about",), ("like",), ("unas",)} else 1)
    rest = pieces[start : start + 3]
    if rest[:2] in {("an", "hour"), ("una", "hora")}:
        return now.astimezone(UTC) + timedelta(hours=1), start + 2
    if rest[:2] == ("half", "an") or rest == ("half", "an", "hour") or rest[:2] == ("media", "hora"):
        return now.astimezone(UTC) + timedelta(minutes=30), start + (2 if rest[0] == "media" else 3)
    if len(rest) > 1 and rest[1] in {"hours", "hour", "horas"}:
        digits = rest[0].isdecimal() and len(rest[0]) <= HOUR_DIGITS
        count = int(rest[0]) if digits else NUMBERS.get(rest[0])
        return None if not count else (now.astimezone(UTC) + timedelta(hours=count), start + 2)
    return None


def _negates(pieces: tuple[str, ...], at: int) -> bool:
    piece, after = pieces[at], pieces[at + 1] if at + 1 < len(pieces) else ""
    if piece in AT_WORK:
        return True
    if piece not in NEGATIONS or after in {"mind", "care", "know", "sure", "problem", "worries", "thanks"}:
        return False
    if piece == "not" and at and pieces[at - 1] in {"why", "if"}:
        return False
    return piece != "no" or after in NO_GOES_ON or at + 1 == len(pieces)


def _is_choice_of_days(found: list[Mention], at: int) -> bool:
    last = found[-1] if found else None
    return (
        last is not None
        and last.until == at - 1
        and last.day is not None
        and not last.refused
        and last.day.grain in {Grain.DAYS, Grain.OPEN}
    )


def _judged(mention: Mention, negation: str, *, excepted: bool) -> Mention:
    """Take a refusal into account; "I can't before 3" and "I work until 5" name what does fit."""
    if excepted:
        return replace(mention, refused=True)
    if not negation or negation in FROM_THEN:
        return mention
    clock = mention.clock
    if clock is not None and clock.relation in {Relation.BEFORE, Relation.AFTER}:
        other = Relation.AFTER if clock.relation is Relation.BEFORE else Relation.BEFORE
        return replace(mention, clock=replace(clock, relation=other), inverted=True)
    if negation in AT_WORK - BUSY and mention.day is None and clock is not None:
        return replace(mention, refused=clock.relation is Relation.BETWEEN)
    return mention if negation in {"work", "school"} else replace(mention, refused=True)


def _looked_back(at: int, found: list[Mention], pieces: tuple[str, ...]) -> Mention:
    """Refuse a day or time of which the words behind it say that it does not work."""
    mention = found[at]
    following = found[at + 1] if at + 1 < len(found) else None
    if mention.refused or mention.moment is not None:
        turned = [one for one in found if one.clause == mention.clause and one.inverted]
        return replace(mention, refused=False) if turned and mention.day is not None else mention
    if following is not None and following.clause == mention.clause:
        if following.start == mention.until:
            return replace(mention, refused=_looked_back(at + 1, found, pieces).refused)
        end = following.start
    else:
        end = next((one for one in range(mention.until, len(pieces)) if _ends(pieces[one])), len(pieces))
    said = f" {' '.join(pieces[mention.until : end])} "
    if any(f" {one} " in said for one in AFTERWARDS) and " if not " not in said and " dont mind " not in said:
        return replace(mention, refused=True)
    return mention


def _ends(piece: str) -> bool:
    return piece in CLAUSE_ENDS or piece in TURNS
