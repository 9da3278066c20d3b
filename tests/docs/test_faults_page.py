"""The table of faults names every fault it has to, each with tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.architecture.sources import ROOT

PAGE = ROOT / "docs" / "faults.md"
# All but those of mailboxes, a CRM and merchants, which are not there yet.
HAVE_TO = set(range(1, 71)) - {58, 59, 60, 62, 63}
ROW = re.compile(r"^\| (\d+) \|.*\| (`tests/.*) \|$", re.MULTILINE)
ROWS = {int(number): cell for number, cell in ROW.findall(PAGE.read_text(encoding="utf-8"))}
TEST = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`( \(slow\))?")


@cache
def named_in(place: str) -> dict[str, bool]:
    """List the tests of a file, and whether each is marked as slow."""
    tree = ast.parse((ROOT / place).read_text(encoding="utf-8"))
    whole = any(
        "slow" in ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    )
    return {
        node.name: whole or any(ast.unparse(mark) == "pytest.mark.slow" for mark in node.decorator_list)
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_fault_that_has_to_be_shown_has_a_row() -> None:
    assert set(ROWS) == HAVE_TO


@pytest.mark.parametrize("number", sorted(ROWS))
def test_a_row_names_tests_that_exist_and_says_which_are_slow(number: int) -> None:
    named = TEST.findall(ROWS[number])
    assert named
    assert len(named) == ROWS[number].count("::"), "every name is a test's"
    for place, name, slow in named:
        assert name in named_in(place), f"{place} has no {name}"
        assert named_in(place)[name] == bool(slow), name
