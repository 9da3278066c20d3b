"""Parts of a text are counted as carriers bill them."""

from __future__ import annotations

import pytest

from frontdesk.providers.twin.segments import count_segments


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("ł" * 70, 1),
        ("ł" * 71, 2),
        ("😀" * 35, 1),
        ("a" * 66 + "😀" * 34, 3),
    ],
)
def test_known_answers(body: str, parts: int) -> None:
    assert count_segments(body) == parts
