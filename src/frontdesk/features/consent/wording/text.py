"""Brings a text message into one plain form, so that the rules of wording need not know how it was typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

MAX_CHARACTERS = 1_600  # the longest message the carriers accept
_MAX_RAW = 4 * MAX_CHARACTERS  # room for invisible characters, which do not count

_FEW_WORDS = 40  # a spelt-out keyword with a mark after each letter has fewer

HARD = "|"  # ends a sentence; no phrase reaches across it
SOFT = ","  # ends a clause; phrases ignore it
STOP_SIGN = "stopsign"  # the word for the emoji

_SPELLED_OUT = {
    "#": " number ",
    "&": " and ",
    ",": f" {SOFT} ",
    "\N{OCTAGONAL SIGN}": f" {STOP_SIGN} ",
    "\N{FULLWIDTH COMMA}": f" {SOFT} ",
    "\N{IDEOGRAPHIC COMMA}": f" {SOFT} ",
    "\N{IDEOGRAPHIC FULL STOP}": f" {HARD} ",
}
_DROPPED = frozenset("'*`\N{ACUTE ACCENT}\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}\N{PRIME}")

_SENTENCE_END = re.compile(r"[!?;\n\r]+|[.:](?=\s|$)|\.\.|(?<=\s)[-\u2013\u2014](?=\s)")
_LONG_DRAWN = re.compile(r"([a-z])\1\1+")
_SPLIT_WORDS = re.compile(
    r"(?<= )(?:(?:do|did|does|would|should|could|have|has|had|is|was|are|were|wo|ca) not|opt out|un subscribe)(?= )"
)
_REPEATED = re.compile(r"(.)\1+")
_SPELLED_LETTERS = re.compile(r"(?<= )[a-z] [a-z] [a-z](?: [a-z])*(?= )")


class _Letters(dict[int, str | None]):
    """What each character becomes, worked out once per character."""

    def __missing__(self, code: int) -> str | None:
        kept: str | None
        character = chr(code)
        if character in _SPELLED_OUT:
            kept = _SPELLED_OUT[character]
        elif character in _DROPPED or unicodedata.category(character) in ("Mn", "Me", "Cf", "Lm"):
            kept = None
        elif character == HARD or unicodedata.category(character)[0] in "LN":
            kept = character
        else:
            kept = " "
        self[code] = kept
        return kept


_LETTERS = _Letters()


@dataclass(frozen=True, slots=True)
class PlainText:
    """A message in plain form.

    `words` have HARD and SOFT marks between; `run_together` is all letters and digits of a short message, as typed;
    `shouted` are the words in capitals of a mixed-case message.
    """

    words: tuple[str, ...]
    run_together: str
    shouted: frozenset[str]

    def clauses(self) -> Iterable[tuple[str, ...]]:
        """List the runs of words between marks."""
        clause: list[str] = []
        for word in self.words:
            if word in (HARD, SOFT):
                if clause:
                    yield tuple(clause)
                clause = []
            else:
                clause.append(word)
        if clause:
            yield tuple(clause)

    def for_phrases(self) -> str:
        """Write the message with single spaces, sentence marks at both ends and no clause marks."""
        return f" {HARD} " + " ".join(word for word in self.words if word != SOFT) + f" {HARD} "


def fold(text: str) -> str:
    """Take accents, case, fancy letter forms and invisible characters from `text` (NFKD); keep 1,600 characters."""
    if text.isascii():
        return text[:MAX_CHARACTERS].lower()
    return unicodedata.normalize("NFKD", visible(text)).casefold()[:MAX_CHARACTERS]


def visible(text: str) -> str:
    """Drop format and control characters (zero width, direction marks), keeping line ends."""
    return "".join([c for c in text[:_MAX_RAW] if c.isprintable() or c in "\n\r\t " or c.isspace()])


def plain(text: str, *, respelled: dict[str, str]) -> PlainText:
    """Bring `text` into plain form; `respelled` maps a misspelt or shortened word to the word that the rules use."""
    folded = _SENTENCE_END.sub(f" {HARD} ", fold(text).replace(HARD, " "))
    spaced = " ".join(folded.translate(_LETTERS).split())
    drawn_out = _LONG_DRAWN.search(spaced) is not None
    if drawn_out:
        spaced = _LONG_DRAWN.sub(r"\1", spaced)
    spaced = _SPELLED_LETTERS.sub(_joined, f" {spaced} ")
    if " not " in spaced or " out " in spaced or " un " in spaced:
        spaced = _SPLIT_WORDS.sub(_joined_word, spaced)
    typed = spaced.split()
    words = tuple([respelled.get(word, word) for word in typed])
    spelt = [word for word in typed if word not in (HARD, SOFT, STOP_SIGN)]
    run_together = "".join(spelt) if len(spelt) <= _FEW_WORDS else ""
    if drawn_out:
        run_together = squeezed(run_together)
    return PlainText(words=words, run_together=run_together, shouted=_shouted(text))


def squeezed(word: str) -> str:
    """Write every repeated letter once: how "stopallll" and "stopall" become the same."""
    return _REPEATED.sub(r"\1", word)


def _joined_word(match: re.Match[str]) -> str:
    """Write "do not" as "dont", as people do, and "opt out" as one word."""
    first, second = match.group().split()
    return first + ("nt" if second == "not" else second)


def _joined(match: re.Match[str]) -> str:
    return match.group().replace(" ", "")


def _shouted(text: str) -> frozenset[str]:
    if text.isupper() or text.islower():
        return frozenset()
    return frozenset([word.lower() for word in _capitals(text)])


def _capitals(text: str) -> list[str]:
    return [
        bare for word in text[:_MAX_RAW].split() if (bare := word.strip(".,!?;:\"'()-")).isupper() and len(bare) > 1
    ]


@cache
def folded_word(word: str) -> str:
    """Bring one word of a rule into the form that messages have."""
    return "".join(fold(word).translate(_LETTERS).split())
