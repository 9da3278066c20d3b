"""A text costs what carriers bill for it, to the segment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.features.delivery.segments import (
    GSM7_BASIC,
    GSM7_EXTENSION,
    Encoding,
    Segments,
    count,
    split,
    to_gsm7_friendly,
)

GSM, UCS = Encoding.GSM7, Encoding.UCS2
TEXTS = st.one_of(
    st.text(alphabet=GSM7_BASIC, max_size=700),
    st.text(alphabet=GSM7_BASIC[:3] + GSM7_EXTENSION, max_size=700),
    st.text(alphabet="a€Ж😀\u0301\u200d", max_size=400),
    st.text(max_size=400),
)


def slow_reference(body: str) -> tuple[str, int, int]:
    """Count by encoding to bytes and filling segments one escape or pair at a time, as the standard describes it."""
    septets: list[list[int]] = []
    for character in body:
        if character in GSM7_BASIC:
            septets.append([GSM7_BASIC.index(character)])
        elif character in GSM7_EXTENSION:
            septets.append([27, GSM7_EXTENSION.index(character)])
        else:
            break
    if len(septets) == len(body):
        atoms, alone, joined, name = [len(septet) for septet in septets], 160, 153, "gsm7"
    else:
        atoms, alone, joined = [len(c.encode("utf-16-be", "surrogatepass")) // 2 for c in body], 70, 67
        name = "ucs2"
    total = sum(atoms)
    if total <= alone:
        return name, total, 1
    segments = 0
    while atoms:
        free = joined
        while atoms and atoms[0] <= free:
            free -= atoms.pop(0)
        segments += 1
    return name, total, segments


def test_the_alphabets_are_those_of_the_standard() -> None:
    assert len(GSM7_BASIC) == len(set(GSM7_BASIC)) == 127  # 128 places, one of them the escape
    assert len(GSM7_EXTENSION) == len(set(GSM7_EXTENSION)) == 10
    assert not set(GSM7_BASIC) & set(GSM7_EXTENSION)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", Segments(GSM, 0, 1)),
        ("a" * 160, Segments(GSM, 160, 1)),
        ("a" * 161, Segments(GSM, 161, 2)),
        ("a" * 306, Segments(GSM, 306, 2)),
        ("a" * 307, Segments(GSM, 307, 3)),
        ("a" * 1600, Segments(GSM, 1600, 11)),
        ("€" * 80, Segments(GSM, 160, 1)),
        ("€" * 81, Segments(GSM, 162, 2)),
        ("a" * 152 + "€" + "a" * 10, Segments(GSM, 164, 2)),
        ("a" * 152 + "€" + "a" * 151, Segments(GSM, 305, 2)),
        ("a" * 152 + "€" + "a" * 152, Segments(GSM, 306, 3)),
        ("\f^{}\\[~]|€", Segments(GSM, 20, 1)),
        ("Ж" * 70, Segments(UCS, 70, 1)),
        ("Ж" * 71, Segments(UCS, 71, 2)),
        ("Ж" * 134, Segments(UCS, 134, 2)),
        ("Ж" * 135, Segments(UCS, 135, 3)),
        ("😀" * 35, Segments(UCS, 70, 1)),
        ("😀" * 36, Segments(UCS, 72, 2)),
        ("😀" * 66, Segments(UCS, 132, 2)),
        ("😀" * 67, Segments(UCS, 134, 3)),
        ("Ж" * 66 + "😀" + "Ж" * 66, Segments(UCS, 134, 3)),
        ("a" * 69 + "’", Segments(UCS, 70, 1)),
        ("ç", Segments(UCS, 1, 1)),
        ("Ç", Segments(GSM, 1, 1)),
        ("ω", Segments(UCS, 1, 1)),
        ("Ω", Segments(GSM, 1, 1)),
        ("`", Segments(UCS, 1, 1)),
        ("\t", Segments(UCS, 1, 1)),
        ("{Ж}", Segments(UCS, 3, 1)),
        ("\ud800" * 3, Segments(UCS, 3, 1)),
    ],
)
def test_known_answers(body: str, expected: Segments) -> None:
    assert count(body) == expected


@given(TEXTS)
def test_a_slow_reference_agrees(body: str) -> None:
    found = count(body)
    assert (found.encoding.value, found.units, found.count) == slow_reference(body)


@given(TEXTS)
def test_segments_joined_are_the_text_and_each_fits(body: str) -> None:
    whole, pieces = count(body), split(body)
    assert "".join(pieces) == body
    assert len(pieces) == whole.count
    for piece in pieces:
        units = len(piece) + sum(c in GSM7_EXTENSION if whole.encoding is GSM else c > "\uffff" for c in piece)
        assert units <= ((160, 70) if whole.count == 1 else (153, 67))[whole.encoding is UCS]


@given(TEXTS, TEXTS)
def test_a_longer_text_never_costs_less(body: str, more: str) -> None:
    if count(body).encoding is count(body + more).encoding:
        assert count(body + more).count >= count(body).count


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("Hi “Carol” — we’ll call…", 'Hi "Carol" - we\'ll call...'),
        ("a\u00a0b\u2003c\td", "a b c d"),
        ("caf\u0065\u0301", "café"),
        ("\ufeffHi\u200b there\u2028bye", "Hi there\nbye"),
        ("`x` ½ ‼ •", "'x' 1/2 !! -"),
        ("Ｈｅｌｌｏ！", "Hello!"),
        ("\u2126", "Ω"),
        ("bell\x07", "bell"),
    ],
)
def test_typographic_letters_are_written_plainly(typed: str, sent: str) -> None:
    assert to_gsm7_friendly(typed) == sent
    assert count(sent).encoding is GSM


@pytest.mark.parametrize("body", ["Garçon", "αβγ", "“see you” 😀", "привет…", "中文", "naïve—ç"])
def test_a_text_that_stays_ucs2_is_left_as_it_was_written(body: str) -> None:
    assert to_gsm7_friendly(body) == body
    assert count(body).encoding is UCS


@given(TEXTS)
def test_writing_plainly_is_idempotent_and_never_costs_more_than_the_encoding_it_leaves(body: str) -> None:
    plain = to_gsm7_friendly(body)
    assert to_gsm7_friendly(plain) == plain
    assert plain == body or count(plain).encoding is GSM
