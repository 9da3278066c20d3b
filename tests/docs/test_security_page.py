"""The page of attacks is true: every case that has to be shown has a row, and every test it names exists."""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "security.md"
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
CASES = {5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 24, 26, 27, 42, 43}


def rows() -> list[tuple[int, str]]:
    """List the cases with the tests that show them."""
    return [(int(case), proof) for case, _, _, proof in ROW.findall(PAGE.read_text(encoding="utf-8"))]


def proofs() -> list[str]:
    """List the tests that the page names."""
    return [test for _, proof in rows() for test in re.findall(r"`(tests/[^`]+)`", proof)]


def test_every_case_that_has_to_be_shown_has_a_row() -> None:
    assert {case for case, proof in rows() if "`tests/" in proof} >= CASES


@pytest.mark.parametrize("test", proofs())
def test_a_test_that_is_named_exists(test: str) -> None:
    path, _, function = test.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert not function or function in names
    assert any(name.startswith("test_") for name in names)


def test_the_readme_leads_to_the_page() -> None:
    assert "(docs/security.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
