"""Finding the runbook for what somebody sees, in their own words."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

from frontdesk.operations.runbooks.model import Runbook
from frontdesk.operations.runbooks.reading import library

_TERM = re.compile(r"[a-z0-9]+")
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "s", "ly")
_IDLE_WORDS = """
    a an and are as at be but by can do does for from has have how i in is it its me my not of on or our so that the
    their there they this to us was we what when where which who why will with you your
"""
_IDLE = frozenset(_IDLE_WORDS.split())
# Words that people use for the words of the pages.
_SAME = {
    "sms": "text",
    "message": "text",
    "messages": "text",
    "send": "leave",
    "sending": "leave",
    "sent": "leave",
    "going": "leave",
    "out": "leave",
    "stuck": "wait",
    "queue": "wait",
    "queued": "wait",
    "backlog": "wait",
    "pending": "wait",
    "unsubscribe": "stop",
    "unsubscribed": "stop",
    "dnc": "stop",
    "optout": "stop",
    "down": "dead",
    "crashed": "dead",
    "killed": "dead",
    "gone": "dead",
    "twilio": "carrier",
    "telnyx": "carrier",
    "provider": "carrier",
    "money": "budget",
    "spend": "budget",
    "cost": "budget",
    "postgres": "database",
    "postgresql": "database",
    "db": "database",
    "night": "quiet",
    "hours": "quiet",
    "bounce": "fail",
    "bounced": "fail",
    "failure": "fail",
    "hacked": "breach",
    "leak": "breach",
    "leaked": "breach",
    "stolen": "breach",
    "slow": "slow",
    "latency": "slow",
}
_SHORTEST_STEM = 4
_SATURATION, _LENGTH_WEIGHT = 1.2, 0.75  # BM25's usual constants
_TITLE, _SYMPTOMS = 6, 3  # how often these parts count


@dataclass(frozen=True, slots=True)
class Match:
    """A runbook and how well it fits; scores compare within one question only."""

    runbook: Runbook
    score: float


def find_runbooks(question: str, *, limit: int = 5) -> list[Match]:
    """Rank runbooks by how well they fit a question in plain words (BM25 over stems and synonyms); best first."""
    asked = _terms(question)
    index = _index()
    found = [Match(page, index.score(slug, asked)) for slug, page in library().items()]
    ranked = sorted((one for one in found if one.score > 0), key=lambda one: (-one.score, one.runbook.slug))
    return ranked[:limit]


@dataclass(frozen=True, slots=True)
class _Index:
    counts: dict[str, Counter[str]]
    rarity: dict[str, float]
    mean_length: float

    def score(self, slug: str, asked: list[str]) -> float:
        counts = self.counts[slug]
        length = counts.total() / self.mean_length
        total = 0.0
        for term in set(asked):
            seen = counts[term]
            total += (
                self.rarity.get(term, 0.0)
                * seen
                * (_SATURATION + 1)
                / (seen + _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length))
            )
        return total


@cache
def _index() -> _Index:
    counts = {slug: _count(page) for slug, page in library().items()}
    known = Counter(term for one in counts.values() for term in one)
    size = len(counts)
    rarity = {term: math.log(1 + (size - seen + 0.5) / (seen + 0.5)) for term, seen in known.items()}
    return _Index(counts, rarity, sum(one.total() for one in counts.values()) / max(size, 1))


def _count(page: Runbook) -> Counter[str]:
    symptoms = page.text.partition("## Symptoms")[2].partition("## ")[0]
    counted = Counter(_terms(page.text))
    for term in _terms(page.title + " " + page.slug.replace("-", " ")):
        counted[term] += _TITLE
    for term in _terms(symptoms):
        counted[term] += _SYMPTOMS
    return counted


def _terms(text: str) -> list[str]:
    plain = text.lower().replace("opt-out", "optout").replace("opted out", "optout")
    return [_stem(_SAME.get(word, word)) for word in _TERM.findall(plain) if word not in _IDLE or word in _SAME]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word
