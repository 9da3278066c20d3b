"""How well and how fast replies are understood, on the labelled sets of a source checkout."""

from __future__ import annotations

import time
from pathlib import Path

from frontdesk.cli.bench.figures import latencies_ms
from frontdesk.features.assistant import Language, understand
from frontdesk.features.assistant.understanding.scoring import judge_all, read_labelled, score

SETS = ("labelled", "held_out")
REPLIES = Path("tests") / "fixtures" / "replies"
ROUNDS = 20


def run_understanding(*, folder: Path) -> dict[str, object]:
    """Read every labelled reply; the accuracy of each set and language, and milliseconds a reply takes."""
    figures: dict[str, object] = {}
    wrong = 0
    durations: list[float] = []
    for name in SETS:
        replies = read_labelled(folder, name)
        judged = judge_all(replies)
        for language in Language:
            of_it = score(one for one in judged if one.language is language)
            figures[f"{name}_{language}_replies"] = of_it.replies
            figures[f"{name}_{language}_intent_accuracy"] = round(of_it.intent_accuracy, 4)
            figures[f"{name}_{language}_time_accuracy"] = round(of_it.time_accuracy, 4)
        wrong += score(judged).wrong_bookings
        for reply in replies * ROUNDS:
            begun = time.perf_counter()
            understand(reply.text, reply.context)
            durations.append(time.perf_counter() - begun)
    return {**figures, **latencies_ms(durations), "wrong_bookings": wrong, "violations": wrong}
