"""docs/reference/law.md is made from the rules, and every rule is on it."""

from __future__ import annotations

import re
from pathlib import Path

from frontdesk.features.consent.law import RULES, RULESET_SHA256, RULESET_VERSION
from scripts.reference_pages.law import render_law

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "reference" / "law.md").read_text(encoding="utf-8")


def test_the_page_of_rules_is_up_to_date() -> None:
    assert render_law() == PAGE, "run scripts/reference"


def test_every_rule_is_on_the_page_with_citation_version_and_hash() -> None:
    assert RULESET_VERSION in PAGE
    assert RULESET_SHA256 in PAGE
    for rule in RULES:
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{rule.id}` v{rule.version} |"))
        assert rule.citation in row
        assert rule.sha256 in row
        assert str(rule.effective_from) in row


def test_every_code_of_a_ruling_is_told_to_people() -> None:
    source = Path(__file__).parents[2] / "src" / "frontdesk" / "features" / "consent" / "law" / "judging.py"
    codes = set(re.findall(r"\"(law\.[a-z_]+)\"", source.read_text(encoding="utf-8")))
    told = (DOCS / "law.md").read_text(encoding="utf-8")
    assert len(codes) >= 9
    assert [code for code in sorted(codes) if f"`{code}`" not in told] == []
