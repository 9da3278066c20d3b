"""A small language for phrases, compiled to regular expressions that need time linear in the message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from frontdesk.features.consent.wording.text import HARD, folded_word

_GAP = rf"(?: [^ _{HARD}]+){{0,3}}?"  # "_" stands for words taken out as harmless
_DIGITS = r"[0-9]+[a-z]*"
_LEAD = "please|just|hey|hi|hello|ok|okay|no|yes|nope|nah|and|so|well|lol|bro|dude|sir|thanks|kindly|seriously|omg|ffs"
_TAIL = "please|now|thanks|thank|you|asap|immediately|already|ok|okay|sir|too|lol|bro|dude|man|thx|today|kindly"
_START = rf" \{HARD}(?: (?:{_LEAD})){{0,3}}"
_END = rf"(?: (?:{_TAIL})){{0,3}}(?= \{HARD})"
_OPENING = 3  # letters of an open-ended word by which it is looked up


@dataclass(frozen=True, slots=True)
class Rule:
    """A named list of phrases that mean the same.

    A phrase is words with spaces between. `a/b` is either word, `<name>` any word of that class, `word*` any word that
    begins so, `<digits>` digits with an ending; a word with `?` may be missing; `..` stands for up to three words of
    one sentence; `^` and `$` are the ends of a sentence, up to three words of politeness apart.
    """

    name: str
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The rule that matched, and the words that it matched."""

    rule: str
    words: str


class RuleBook:
    """Rules, compiled, and indexed by the words of which a message must have one."""

    def __init__(self, rules: Iterable[Rule], *, classes: Mapping[str, tuple[str, ...]]) -> None:
        self.expressions: list[tuple[str, re.Pattern[str]]] = []
        self._by_word: dict[str, set[int]] = {}
        self._by_opening: dict[str, set[int]] = {}
        for rule in rules:
            for phrase in rule.phrases:
                self._add(rule.name, phrase, classes)

    def find(self, text: str, words: frozenset[str]) -> Found | None:
        """Name the first rule that matches `text`, which is in phrase form and consists of `words`."""
        for index in self._candidates(words):
            name, expression = self.expressions[index]
            if match := expression.search(text):
                return Found(name, match.group().strip(f" {HARD}"))
        return None

    def blank(self, text: str, words: frozenset[str]) -> tuple[str, Found | None]:
        """Replace everything that a rule matches by a mark, and name the first rule that did."""
        first: Found | None = None
        for index in self._candidates(words):
            name, expression = self.expressions[index]
            if match := expression.search(text):
                first = first or Found(name, match.group().strip(f" {HARD}"))
                text = expression.sub(" _", text)
        return text, first

    def _candidates(self, words: frozenset[str]) -> list[int]:
        found: set[int] = set()
        for word in words:
            if word in self._by_word:
                found |= self._by_word[word]
            if word[:_OPENING] in self._by_opening:
                found |= self._by_opening[word[:_OPENING]]
        return sorted(found)

    def _add(self, name: str, phrase: str, classes: Mapping[str, tuple[str, ...]]) -> None:
        index = len(self.expressions)
        self.expressions.append((name, re.compile(_expression(phrase, classes))))
        for word in _anchor(phrase, classes):
            if word.endswith("*"):
                self._by_opening.setdefault(word[:-1][:_OPENING], set()).add(index)
            else:
                self._by_word.setdefault(word, set()).add(index)


def _words_of(element: str, classes: Mapping[str, tuple[str, ...]]) -> list[str]:
    words: list[str] = []
    for part in element.removesuffix("?").split("/"):
        names = classes[part[1:-1]] if part.startswith("<") and part != "<digits>" else (part,)
        words.extend(_folded(name) for name in names)
    return words


def _folded(word: str) -> str:
    if word == "<digits>":
        return word
    stem = word.removesuffix("*")
    return folded_word(stem) + word[len(stem) :]


def _anchor(phrase: str, classes: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Choose the compulsory element with the longest shortest word: the rarest, as a rule of thumb."""
    compulsory = [
        e for e in phrase.split() if e not in ("^", "$", "..") and not e.endswith("?") and "<digits>" not in e
    ]
    choices = [_words_of(element, classes) for element in compulsory]
    return max(choices, key=lambda words: min(len(word) for word in words))


def _expression(phrase: str, classes: Mapping[str, tuple[str, ...]]) -> str:
    pieces: list[str] = []
    for element in phrase.split():
        match element:
            case "..":
                pieces.append(_GAP)
            case "^":
                pieces.append(_START)
            case "$":
                pieces.append(_END)
            case _:
                word = _alternatives(_words_of(element, classes))
                pieces.append(f"(?: {word})?" if element.endswith("?") else f" {word}")
    return "".join(pieces) + "(?= )"


def _alternatives(words: list[str]) -> str:
    escaped = [_escaped(word) for word in words]
    return escaped[0] if len(escaped) == 1 else f"(?:{'|'.join(escaped)})"


def _escaped(word: str) -> str:
    if word == "<digits>":
        return _DIGITS
    if word.endswith("*"):
        return re.escape(word[:-1]) + rf"[^ {HARD}]*"
    return re.escape(word)
