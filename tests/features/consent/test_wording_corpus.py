"""Free wording is understood as a reasonable person would: TRUST R6's figures, on our own corpora."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from frontdesk.features.consent.wording import Verdict, understand

FIXTURES = Path(__file__).parents[2] / "fixtures"


def texts(name: str) -> list[str]:
    found: list[str] = json.loads((FIXTURES / name).read_text())["texts"]
    assert len(found) == len(set(found))
    return found


def test_opt_outs_in_free_wording_are_recalled() -> None:
    corpus = texts("opt_outs.json")
    missed = [text for text in corpus if understand(text).verdict is not Verdict.STOP]
    assert len(corpus) >= 300
    assert len(missed) <= 0.01 * len(corpus), missed


def test_ordinary_replies_are_not_taken_for_a_stop() -> None:
    corpus = texts("ordinary_replies.json")
    stopped = [text for text in corpus if understand(text).verdict is Verdict.STOP]
    assert len(corpus) >= 200
    assert len(stopped) <= 0.02 * len(corpus), stopped


def test_ordinary_replies_seldom_cost_a_person_a_look() -> None:
    corpus = texts("ordinary_replies.json")
    looked_at = [text for text in corpus if understand(text).verdict is Verdict.UNSURE_STOP]
    assert len(looked_at) <= 0.02 * len(corpus), looked_at


@pytest.mark.parametrize("text", texts("unsure_replies.json"))
def test_what_may_be_a_stop_at_least_stops_marketing(text: str) -> None:
    assert understand(text).verdict in (Verdict.UNSURE_STOP, Verdict.STOP)


@pytest.mark.parametrize(
    "text",
    [
        *("stop by at 5", "don't stop", "can you stop at the store", "cancel my 3pm", "bus stop", "YES", "no thanks"),
        *("I'll be there at the end of the day", "quit smoking program price?", "Please don't call, text me"),
    ],
)
def test_the_known_traps_are_ordinary(text: str) -> None:
    assert understand(text).verdict is Verdict.NONE


@pytest.mark.parametrize(
    "text",
    [
        *("please stop texting me", "take me off your list", "do not contact me again", "no mas", "no more texts"),
        *("leave me alone", "remove my number", "wrong number stop", "unsuscribe", "CANCEL", "Arrêt", "退订"),
    ],
)
def test_the_known_opt_outs_stop(text: str) -> None:
    assert understand(text).verdict is Verdict.STOP
