"""How much a message is like the opt-outs that people have written, where no phrase of the rules is in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

from frontdesk.features.consent.wording.text import HARD, SOFT

# Chosen by cross-validation (scripts/wording_weights.py): above LIKE it is a STOP, above MAYBE a person looks at it.
LIKE, MAYBE = 3.0, 1.0

_WEIGHTS = Path(__file__).with_name("weights.tsv")
_READ = 60  # words; an opt-out does not hide behind more
_STEM = 5


def features(words: Iterable[str]) -> list[str]:
    """List what is weighed of a message in plain form: words, stems, pairs, pairs with one between, the length."""
    read = [word for word in words if word != SOFT][:_READ]
    row = ["^", *("#" if word.isdigit() else word for word in read), "$"]
    found = {word for word in row if word not in ("^", "$", HARD)}
    found |= {f"{word[:_STEM]}*" for word in found if len(word) > _STEM}
    found |= {f"{first} {second}" for first, second in pairwise(row)}
    found |= {f"{first} _ {third}" for first, third in zip(row, row[2:], strict=False)}
    return sorted(found | {f"length {min(6, len(row) // 3)}"})


def likeness(words: Sequence[str]) -> float:
    """Weigh a message: log odds of an opt-out, 0 is even; time linear in at most sixty words."""
    weights = _weights()
    found = features(words)
    total = sum(weights.get(feature, 0.0) for feature in found)
    return weights[""] + total / math.sqrt(len(found))


@cache
def _weights() -> dict[str, float]:
    lines = _WEIGHTS.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("%"))
    return {feature: float(weight) for feature, weight in rows}
