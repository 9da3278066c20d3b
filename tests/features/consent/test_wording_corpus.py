"""Free wording is understood as a reasonable person would: recall and false stops on our own corpora, printed."""

from __future__ import annotations

import pytest

from frontdesk.features.consent.wording import Verdict, understand
from frontdesk.features.consent.wording.likeness import LIKE, features, likeness
from frontdesk.features.consent.wording.text import plain
from scripts.wording_weights import WEIGHTS, digest
from tests.features.consent.wording_figures import (
    OPT_OUTS,
    ORDINARY,
    PER_SE,
    Figures,
    measure,
    per_se_variants,
    report,
    texts,
)


def learnt(names: tuple[str, ...]) -> Figures:
    corpus = [text for name in names if "unseen" not in name for text in texts(name)]
    assert len(corpus) == len(set(corpus))
    return measure("all", corpus)


def test_the_figures_are_printed() -> None:
    """Shown by pytest -s, and by `python -m tests.features.consent.wording_figures`, with --misses the texts too."""
    figures = report(misses=True)
    print(figures)  # noqa: T201 - what it is for
    assert "keywords in all shapes" in figures
    assert all(name in figures for name in (*OPT_OUTS, *ORDINARY))


def test_every_keyword_stops_in_every_shape() -> None:
    variants = per_se_variants()
    assert len(PER_SE) >= 12
    assert len(variants) >= 1000
    found = measure("keywords", variants)
    assert (found.unsure, found.passed) == ((), ())


def test_opt_outs_in_free_wording_are_recalled() -> None:
    found = learnt(OPT_OUTS)
    assert found.texts >= 1200
    assert found.share(found.stopped) >= 99, (found.unsure, found.passed)
    assert found.passed == ()


def test_ordinary_replies_are_not_taken_for_a_stop() -> None:
    found = learnt(ORDINARY)
    assert found.texts >= 1000
    assert found.share(found.stopped) <= 2, found.stopped


def test_ordinary_replies_seldom_cost_a_person_a_look() -> None:
    found = learnt(ORDINARY)
    assert found.share(found.unsure) <= 3, found.unsure


def test_what_nobody_tuned_the_rules_for_stops_marketing_at_least() -> None:
    opt_outs = measure("unseen", texts("opt_outs_unseen.json"))
    assert opt_outs.share((*opt_outs.stopped, *opt_outs.unsure)) >= 90, opt_outs.passed
    assert opt_outs.share(opt_outs.stopped) >= 75, opt_outs.unsure


def test_the_weights_are_those_of_the_corpora() -> None:
    """A corpus that grew means new weights: `python -m scripts.wording_weights`."""
    lines = WEIGHTS.read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"% corpora {digest()}"
    assert len(lines) > 1000
    for text, like in (("please take me off your texting list", True), ("see you at four on Tuesday then", False)):
        assert (likeness(plain(text, respelled={}).words) > LIKE) is like


def test_a_message_is_weighed_by_its_first_sixty_words_only() -> None:
    assert features(["stop"] * 60) == features([*["stop"] * 60, "texting", "me"])


def test_a_harmless_wording_is_never_a_stop_by_likeness_alone() -> None:
    for text in ("please don't stop texting me, these texts help me so much", "I want to keep getting your texts"):
        assert understand(text).verdict is not Verdict.STOP


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
