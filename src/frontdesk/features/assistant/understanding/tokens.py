"""A reply as words: folded, without slang and with near misses of known words put right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from frontdesk.features.assistant.understanding import vocabulary

LONGEST, MOST_PIECES = 700, 160  # characters and words; longer stories are for a person
LONGEST_WORD = 16  # letters; nothing longer is put right
SHORT_WORD, LONG_WORD = 6, 8  # letters from which one and two slips are forgiven
_PIECE = re.compile(r"[a-z]+|\d+|\S")
_WORD = re.compile(r"\S+")
_EDGE = ".,;:!?()\"'"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The pieces of a reply: words, numbers and marks, and the words alone between spaces."""

    pieces: tuple[str, ...]
    padded: str

    def says(self, phrases: Iterable[str]) -> bool:
        """Tell whether one of `phrases` (folded words) stands in the reply."""
        return any(f" {phrase} " in self.padded for phrase in phrases)

    @property
    def words(self) -> tuple[str, ...]:
        """The words and numbers without marks."""
        return tuple(self.padded.split())


def read(text: str) -> Tokens:
    """Cut a reply into its pieces; linear in its length."""
    folded = fold(text[: LONGEST * 2])
    pieces: list[str] = []
    for found in _WORD.finditer(folded):
        word = found.group()
        bare = word.strip(_EDGE)
        known = vocabulary.SLANG.get(bare)
        if known is not None:
            word = word.replace(bare, known, 1)
        pieces.extend(_PIECE.findall(word))
    corrected = tuple(word for piece in pieces for word in _corrected(piece).split())
    words = " ".join(piece for piece in corrected if piece.isalnum())
    return Tokens(corrected, f" {words} ")


def fold(text: str) -> str:
    """Bring a text to lower case without accents and apostrophes; thumbs become words."""
    for sign, word in vocabulary.SIGNS.items():
        text = text.replace(sign, f" {word} ")
    plain = unicodedata.normalize("NFKD", text).casefold()
    for mark in ("\u2019", "\u2018", "'", "`", "\u00b4"):
        plain = plain.replace(mark, "")
    plain = plain.replace("\u2013", "-").replace("\u2014", " - ")
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@lru_cache(maxsize=8192)
def _corrected(word: str) -> str:
    if not word.isalpha():
        return word
    alias = vocabulary.ALIASES.get(word)
    if alias is not None:
        return alias
    if len(word) < SHORT_WORD or word in vocabulary.KNOWN or word in vocabulary.LEFT_ALONE or len(word) > LONGEST_WORD:
        return word
    slips = 2 if len(word) >= LONG_WORD else 1
    for cut in range(slips + 1):
        near = {
            known
            for rest in _without(word, cut)
            for known in _INDEX.get(rest, ())
            if _distance(word, known) <= min(slips, 2 if len(known) >= LONG_WORD else 1)
        }
        if len(near) == 1:
            return near.pop()
        if near:
            return word
    return word


def _without(word: str, count: int) -> set[str]:
    kept = len(word) - count
    return {"".join(letters) for letters in combinations(word, kept)} if kept > 0 else set()


def _index() -> dict[str, tuple[str, ...]]:
    index: dict[str, set[str]] = {}
    for known in vocabulary.CORRECTED_TO:
        for count in range((2 if len(known) >= LONG_WORD else 1) + 1):
            for rest in _without(known, count):
                index.setdefault(rest, set()).add(known)
    return {rest: tuple(sorted(words)) for rest, words in index.items()}


def _distance(left: str, right: str) -> int:
    """Count the slips between two words: letters added, lost, changed or swapped with a neighbour."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for at, letter in enumerate(left, 1):
        following = [at]
        for to, other in enumerate(right, 1):
            cost = min(row[to] + 1, following[to - 1] + 1, row[to - 1] + (letter != other))
            if at > 1 and to > 1 and letter == right[to - 2] and left[at - 2] == other:
                cost = min(cost, before[to - 2] + 1)
            following.append(cost)
        before, row = row, following
    return row[-1]


_INDEX = _index()
