"""Recall and false-stop rate of the wording on all corpora: `python -m tests.features.consent.wording_figures`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from frontdesk.features.consent.wording import Verdict, understand
from frontdesk.features.consent.wording.keywords import STOP_WORDS

FIXTURES = Path(__file__).parents[2] / "fixtures"
# The rules know all but the last, which shows how they read what is new: it is never tuned for.
OPT_OUTS = ("opt_outs.json", "opt_outs_2.json", "opt_outs_3.json", "opt_outs_unseen.json")
ORDINARY = (
    "ordinary_replies.json",
    "ordinary_replies_2.json",
    "ordinary_replies_3.json",
    "ordinary_replies_unseen.json",
)
# Revocation per se: 47 CFR 64.1200(a)(10), and what the carriers and networks hear.
PER_SE = tuple(word for source in ("fcc", "twilio", "telnyx", "aws") for word in STOP_WORDS[source])
SHAPES = (
    "{}", "{}.", "{}!", "{}!!!", "{}?", " {} ", "\u201c{}\u201d", "'{}'", "({})", "*{}*", "{}\n", "\n\n{}", "{} please",
    "please {}", "Please {}.", "{}, thanks", "{} now", "{} \U0001f621", "\U0001f6d1 {}", "ok {}", "{}\u2026", "-{}-",
    "\u200b{}", "{}\ufe0f", "\u202e{}", "{}\u00a0", "Hi, {}", "{} thank you",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of one corpus."""

    name: str
    texts: int
    stopped: tuple[str, ...]
    unsure: tuple[str, ...]
    passed: tuple[str, ...]

    def share(self, of: tuple[str, ...]) -> float:
        """Give the share of the corpus in per cent."""
        return 100 * len(of) / self.texts


def texts(name: str) -> list[str]:
    """Read a corpus."""
    found: list[str] = json.loads((FIXTURES / name).read_text(encoding="utf-8"))["texts"]
    return found


def per_se_variants() -> list[str]:
    """Write every keyword in every case and with every punctuation."""
    cases = (str.lower, str.upper, str.title, str.swapcase)
    return sorted({shape.format(case(word)) for word in PER_SE for case in cases for shape in SHAPES})


def measure(name: str, corpus: list[str]) -> Figures:
    """Read every text of a corpus."""
    read = {text: understand(text).verdict for text in corpus}
    by_verdict = {
        verdict: tuple(text for text, found in read.items() if found is verdict)
        for verdict in (Verdict.STOP, Verdict.UNSURE_STOP)
    }
    rest = tuple(text for text, found in read.items() if found not in by_verdict)
    return Figures(name, len(read), by_verdict[Verdict.STOP], by_verdict[Verdict.UNSURE_STOP], rest)


def report(*, misses: bool = False) -> str:
    """Write the figures, one corpus a line; with `misses` the texts that were misread too."""
    lines = []
    for name, corpus in [("keywords in all shapes", per_se_variants()), *((one, texts(one)) for one in OPT_OUTS)]:
        found = measure(name, corpus)
        lines.append(
            f"{name}: {found.texts} opt-outs, recall {found.share(found.stopped):.2f} %, "
            f"unsure {found.share(found.unsure):.2f} %, missed {found.share(found.passed):.2f} %"
        )
        lines += [f"  {text!r}" for text in (*found.unsure, *found.passed) if misses]
    for name in ORDINARY:
        found = measure(name, texts(name))
        lines.append(
            f"{name}: {found.texts} ordinary, false stops {found.share(found.stopped):.2f} %, "
            f"unsure {found.share(found.unsure):.2f} %"
        )
        lines += [f"  {text!r}" for text in (*found.stopped, *found.unsure) if misses]
    return "\n".join(lines)


if __name__ == "__main__":
    print(report(misses="--misses" in sys.argv[1:]))  # noqa: T201 - what it is for
