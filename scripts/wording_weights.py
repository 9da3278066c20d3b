"""Learns the weights of `wording/weights.tsv` from the corpora of the tests: `python -m scripts.wording_weights`.

With --check nothing is written: cross-validated figures are printed, each fifth read by weights of the other four.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from frontdesk.features.consent.wording.keywords import RESPELLED
from frontdesk.features.consent.wording.likeness import LIKE, MAYBE, features
from frontdesk.features.consent.wording.text import plain

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
WEIGHTS = ROOT / "src" / "frontdesk" / "features" / "consent" / "wording" / "weights.tsv"
OPT_OUTS = tuple(f"opt_outs{number}.json" for number in ("", "_2", "_3"))
ORDINARY = tuple(f"ordinary_replies{number}.json" for number in ("", "_2", "_3"))
EPOCHS, RATE, SHRINK, SMALLEST, FOLDS = 30, 0.3, 1e-4, 0.5, 5

Example = tuple[list[str], bool]


def texts(names: Iterable[str]) -> list[str]:
    """Read corpora, one after the other."""
    return [text for name in names for text in json.loads((FIXTURES / name).read_text(encoding="utf-8"))["texts"]]


def digest() -> str:
    """Hash the corpora from which the weights are learnt."""
    return hashlib.sha256("\n".join([*texts(OPT_OUTS), "", *texts(ORDINARY)]).encode()).hexdigest()


def example(text: str, *, opt_out: bool) -> Example:
    """Bring a text into the form that is weighed."""
    return features(plain(text, respelled=RESPELLED).words), opt_out


def learn(examples: Sequence[Example]) -> dict[str, float]:
    """Fit a logistic regression by AdaGrad; the same examples give the same weights. The bias is named ""."""
    rows, weights, slopes = list(examples), {"": 0.0}, {"": 1e-2}
    order = random.Random(1)  # noqa: S311 - an order of reading, no secret
    for _ in range(EPOCHS):
        order.shuffle(rows)
        for found, opt_out in rows:
            scale = 1 / math.sqrt(len(found))
            odds = weights[""] + scale * sum(weights.get(one, 0.0) for one in found)
            error = opt_out - 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))
            for one, size in (("", 1.0), *((one, scale) for one in found)):
                slope = error * size - SHRINK * weights.get(one, 0.0)
                slopes[one] = slopes.get(one, 1e-2) + slope * slope
                weights[one] = weights.get(one, 0.0) + RATE * slope / math.sqrt(slopes[one])
    return {one: round(weight, 2) for one, weight in sorted(weights.items()) if not one or abs(weight) >= SMALLEST}


def weigh(found: Sequence[str], weights: Mapping[str, float]) -> float:
    """Weigh a text with given weights."""
    return weights[""] + sum(weights.get(one, 0.0) for one in found) / math.sqrt(len(found))


def cross_validate() -> str:
    """Read each fifth of all corpora by the weights of the rest, where the rules of phrases say nothing."""
    rows = [(text, opt_out) for opt_out in (True, False) for text in texts(OPT_OUTS if opt_out else ORDINARY)]
    random.Random(2).shuffle(rows)  # noqa: S311 - an order of reading, no secret
    odds: dict[str, float] = {}
    for fold in range(FOLDS):
        weights = learn(
            [example(text, opt_out=opt_out) for at, (text, opt_out) in enumerate(rows) if at % FOLDS != fold]
        )
        odds |= {text: weigh(example(text, opt_out=opt_out)[0], weights) for text, opt_out in rows[fold::FOLDS]}
    lines = []
    for name, opt_out in (("opt-outs", True), ("ordinary replies", False)):
        corpus = [text for text, kind in rows if kind is opt_out]
        lines.append(
            f"{len(corpus)} {name}, by likeness alone: "
            + ", ".join(
                f"{100 * sum(odds[text] >= edge for text in corpus) / len(corpus):.1f} % at {edge}"
                for edge in (0.5, MAYBE, 1.5, 2, LIKE, 3.5)
            )
        )
    return "\n".join(lines)


def main() -> int:
    """Write the weights, or with --check print cross-validated figures."""
    if "--check" in sys.argv[1:]:
        print(cross_validate())
        return 0
    weights = learn(
        [example(text, opt_out=True) for text in texts(OPT_OUTS)]
        + [example(text, opt_out=False) for text in texts(ORDINARY)]
    )
    lines = [f"% corpora {digest()}", *(f"{feature}\t{weight}" for feature, weight in weights.items())]
    WEIGHTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(weights)} weights written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
