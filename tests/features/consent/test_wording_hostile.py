"""No text, however hostile, makes the rules of wording slow: every expression is linear."""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.features.consent.wording import reading, text, understand

# The only way to see what an expression repeats; private, so not in the types.
_constants, _parser = import_module("re._constants"), import_module("re._parser")

BOOKS = {"harmless": reading.HARMLESS, "marketing": reading.MARKETING, "stop": reading.STOP, "unsure": reading.UNSURE}
EXPRESSIONS = [(f"{book}: {name}", found) for book, rules in BOOKS.items() for name, found in rules.expressions]
OWN = [
    (name, found) for module in (text, reading) for name, found in vars(module).items() if isinstance(found, re.Pattern)
]

LENGTH = 100_000
HOSTILE = (
    "a" * LENGTH,
    " a" * (LENGTH // 2),
    " stop" * (LENGTH // 5),
    " dont want" * (LENGTH // 10),
    " stop stop stop texts |" * (LENGTH // 23),
    " " * LENGTH,
    "!" * LENGTH,
    " -" * (LENGTH // 2),
    "." * LENGTH,
    " take me off the" * (LENGTH // 16),
    " please" * (LENGTH // 7),
    " | please please please" * (LENGTH // 23),
    " s t o p" * (LENGTH // 8),
    " no " + "b" * LENGTH,
    "liked " * (LENGTH // 6),
    "liked \u201c" + "e" * LENGTH,
    "!" * 6 + " to \u201c" * (LENGTH // 5),
    "stop " + "c" * (LENGTH // 2) + " " + "d" * (LENGTH // 2),
)


def steps(expression: re.Pattern[str]) -> list[tuple[int, int, bool]]:
    """List the repeats of an expression: least, most, and whether another repeat is inside."""
    found: list[tuple[int, int, bool]] = []

    def walk(items: object) -> bool:
        repeated = False
        for operator, argument in items:  # type: ignore[attr-defined]  # a parsed pattern has no public type
            if operator in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
                least, most, inner = argument
                nested = walk(inner)
                found.append((least, most, nested))
                repeated = True
            elif operator is _constants.BRANCH:
                repeated |= True in {walk(branch) for branch in argument[1]}
            elif operator is _constants.SUBPATTERN:
                repeated |= walk(argument[3])
        return repeated

    walk(_parser.parse(expression.pattern))
    return found


@pytest.mark.parametrize(("name", "expression"), EXPRESSIONS + OWN)
def test_no_expression_repeats_an_unbounded_repeat_without_bound(name: str, expression: re.Pattern[str]) -> None:
    unbounded = int(_constants.MAXREPEAT)
    assert not [step for step in steps(expression) if step[2] and step[1] == unbounded], name
    assert not [step for step in steps(expression) if step[2] and step[1] not in (1, 3)], name


@pytest.mark.timeout(100)
def test_every_expression_reads_a_hundred_thousand_hostile_characters() -> None:
    for _, expression in EXPRESSIONS + OWN:
        for body in HOSTILE:
            expression.search(body)


@pytest.mark.parametrize("body", HOSTILE)
def test_a_hostile_message_is_read_up_to_its_limit(body: str) -> None:
    assert len(text.fold(body)) <= text.MAX_CHARACTERS
    understand(body)
    understand(body + "\u0301" * LENGTH + "\ufdfa" * LENGTH)


@given(
    st.lists(st.sampled_from(("stop", "dont", "no", "text", "texts", "me", ",", ".", "off", "list", "the", "|", "_")))
)
def test_any_pile_of_trigger_words_is_read(words: list[str]) -> None:
    understand(" ".join(words))
