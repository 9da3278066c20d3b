"""The pages that people read, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "docs" / "reference"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def hand_written() -> list[Path]:
    """List the pages that people write."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("README.md")]
    return sorted(page for page in pages if GENERATED not in page.parents)


def all_pages() -> list[Path]:
    """List every page."""
    return sorted({*hand_written(), *GENERATED.glob("*.md")})


def blocks(page: Path, *languages: str) -> Iterator[str]:
    """List a page's blocks of code in one of `languages`."""
    for language, text in FENCE.findall(page.read_text(encoding="utf-8")):
        if language in languages:
            yield text


def prose(page: Path) -> str:
    """Give a page without its blocks of code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def name(page: Path) -> str:
    """Name a page by its path below the root."""
    return page.relative_to(ROOT).as_posix()
