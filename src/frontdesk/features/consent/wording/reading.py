"""Reads whether an inbound text asks to stop, to start again, or for help."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from frontdesk.features.consent.wording import english, languages, ordinary, vocabulary
from frontdesk.features.consent.wording.keywords import (
    HELP_WORDS,
    INSIDE_WORDS,
    POINTING_WORDS,
    POLITE_WORDS,
    RESPELLED,
    START_WORDS,
    STOP_WORDS,
    STRONG_WORDS,
)
from frontdesk.features.consent.wording.likeness import LIKE, MAYBE, likeness
from frontdesk.features.consent.wording.patterns import Found, RuleBook
from frontdesk.features.consent.wording.text import HARD, SOFT, PlainText, folded_word, plain, squeezed

WORDING_VERSION = "2026-11-21.2"


class Verdict(StrEnum):
    """What a text says about being written to."""

    STOP = "stop"
    UNSURE_STOP = "unsure_stop"  # stop marketing and let a person look
    HELP = "help"
    START = "start"
    NONE = "none"


class Scope(StrEnum):
    """What a person wants no more of."""

    ALL = "all"
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a verdict was reached: the rule, the words that it saw, and the version of the rules."""

    rule: str
    words: str
    version: str = WORDING_VERSION


@dataclass(frozen=True, slots=True)
class Wording:
    """A verdict with its evidence; `scope` is None unless something is to stop."""

    verdict: Verdict
    evidence: Evidence
    scope: Scope | None = None


_CLASSES = {**vocabulary.CLASSES, **languages.CLASSES}
HARMLESS = RuleBook((*ordinary.HARMLESS, *languages.HARMLESS), classes=_CLASSES)
MARKETING = RuleBook(english.MARKETING, classes=_CLASSES)
STOP = RuleBook((*english.STOP, *languages.STOP), classes=_CLASSES)
UNSURE = RuleBook((*english.UNSURE, *languages.UNSURE), classes=_CLASSES)

_STOP_KEYS = {folded_word(word): source for source, words in STOP_WORDS.items() for word in words}
_STOP_KEYS = {**{squeezed(word): source for word, source in _STOP_KEYS.items()}, **_STOP_KEYS}
_START_KEYS = frozenset(folded_word(word) for word in START_WORDS)
_HELP_KEYS = frozenset(folded_word(word) for word in HELP_WORDS)
_INSIDE_KEYS = tuple(folded_word(word) for word in INSIDE_WORDS)

# How phones put a tap on our message into words: a verb or an emoji, then all of our text in quotes.
# Anything outside the quotes is the person's own and is read, and so is a quotation too short to be a text of ours.
_REACTION = re.compile(
    r"(?:liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|reacted \S{1,12} to|removed an? [a-z ]{1,20} from"
    r"|le gust\u00f3|le encant\u00f3|se ri\u00f3 de|a aim\u00e9|a ador\u00e9|a ri de|[^\w\s]{1,6} to)"
    r" {0,2}[\"\u201c\u00ab][^\"\u201c\u201d\u00ab\u00bb]{20,1600}[\"\u201d\u00bb]",
    re.IGNORECASE,
)

_NOTHING = Wording(Verdict.NONE, Evidence("nothing found", ""))


def understand(body: str, hint: str | None = None) -> Wording:
    """Say what an inbound text means for consent (47 CFR 64.1200(a)(10): any reasonable wording revokes).

    `hint` is what the carrier made of it ("stop", "help", "start") or None. A STOP from either side wins; START is
    only ever taken from the person's own word, never from "YES" nor from the carrier. Characters after the 1,600th
    are not read. Costs about a tenth of a millisecond, and time linear in the message at worst.
    """
    if hint == "stop":
        return Wording(Verdict.STOP, Evidence("carrier", hint), Scope.ALL)
    if _REACTION.fullmatch(body.strip()):
        return Wording(Verdict.NONE, Evidence("reaction to our own text", ""))
    message = plain(body, respelled=RESPELLED)
    read = _by_keyword(message) or _by_clause(message) or _by_phrase(message)
    if read is None or read.evidence.rule == english.VAGUE:
        read = _by_likeness(message, read)
    if read is not None:
        return read
    if hint == "help":
        return Wording(Verdict.HELP, Evidence("carrier", hint))
    return _NOTHING


def _stop(rule: str, words: str, scope: Scope = Scope.ALL) -> Wording:
    return Wording(Verdict.STOP, Evidence(rule, words), scope)


def _by_keyword(message: PlainText) -> Wording | None:
    """Read a message that is nothing but keywords and politeness."""
    key = message.run_together
    if key in _STOP_KEYS:
        return _stop(f"keyword ({_STOP_KEYS[key]})", key)
    if key in _START_KEYS and len(list(message.clauses())) == 1:
        return Wording(Verdict.START, Evidence("keyword", key))
    words = [word for word in message.words if word not in (HARD, SOFT)]
    rest = {word for word in words if word not in POLITE_WORDS}
    if not rest and "no" in words and words.count("no") > 1:
        return None
    if rest and rest <= _STOP_KEYS.keys() | _START_KEYS | _HELP_KEYS:
        stops = rest & _STOP_KEYS.keys()
        if stops:
            return _stop("keyword with politeness", " ".join(sorted(stops)))
        if rest <= _HELP_KEYS:
            return Wording(Verdict.HELP, Evidence("keyword", " ".join(sorted(rest))))
    return None


def _by_clause(message: PlainText) -> Wording | None:
    """Read a clause that is nothing but a strong keyword, whatever else the message says."""
    for clause in message.clauses():
        rest = [word for word in clause if word not in POLITE_WORDS and word not in POINTING_WORDS]
        if rest and STRONG_WORDS.issuperset(rest):
            return _stop("keyword as a clause of its own", " ".join(clause))
    for word in message.words:
        if not word.isascii() and any(key in word for key in _INSIDE_KEYS):
            return _stop("keyword inside", word)
    return None


def _by_phrase(message: PlainText) -> Wording | None:
    words = frozenset(message.words)
    text = message.for_phrases()
    left, _ = HARMLESS.blank(text, words)
    left, marketing = MARKETING.blank(left, words)
    if found := STOP.find(left, words) or _shouted(message, left):
        return _stop(found.rule, found.words)
    if marketing:
        return _stop(marketing.rule, marketing.words, Scope.MARKETING)
    if found := UNSURE.find(left, words):
        return Wording(Verdict.UNSURE_STOP, Evidence(found.rule, found.words), Scope.MARKETING)
    return None


def _by_likeness(message: PlainText, read: Wording | None) -> Wording | None:
    """Read what no phrase settles by how much it is like opt-outs; where harmless words are in it a doubt is left."""
    odds = likeness(message.words)
    if odds < MAYBE:
        return read
    evidence = Evidence("like opt-outs", f"odds {odds:.1f}")
    words = frozenset(message.words)
    if odds >= LIKE and not HARMLESS.find(message.for_phrases(), words):
        return Wording(Verdict.STOP, evidence, Scope.ALL)
    return read or Wording(Verdict.UNSURE_STOP, evidence, Scope.MARKETING)


def _shouted(message: PlainText, left: str) -> Found | None:
    for word in ("stop", "unsubscribe", "quit"):
        if word in message.shouted and f" {word} " in left:
            return Found("keyword in capitals", word)
    return None
