"""What is sealed opens in its own place, for its own purpose, with the key that sealed it or the one before."""

from __future__ import annotations

import pytest

from frontdesk.kernel.keys import SigningKeys
from frontdesk.kernel.sealing import SealBroken, Vault

OLD, NEW = "the first key of a test, long enough", "the second key of a test, long enough"
PLACE = "tenant/table/column/row"


def vault(key: str, *, previous: str = "", purpose: str = "tests") -> Vault:
    return Vault(SigningKeys(key, previous=previous), purpose=purpose)


def test_what_was_sealed_opens_and_shows_nothing() -> None:
    sealed = vault(OLD).seal("hush", place=PLACE)
    assert b"hush" not in sealed
    assert vault(OLD).open(sealed, place=PLACE) == ("hush", True)
    assert vault(OLD).seal("hush", place=PLACE) != sealed


def test_the_key_before_opens_and_is_told_apart() -> None:
    sealed = vault(OLD).seal("hush", place=PLACE)
    assert vault(NEW, previous=OLD).open(sealed, place=PLACE) == ("hush", False)


@pytest.mark.parametrize(
    ("opener", "place"),
    [
        (vault(NEW), PLACE),
        (vault(OLD), PLACE + "2"),
        (vault(OLD, purpose="others"), PLACE),
    ],
)
def test_another_key_place_or_purpose_opens_nothing(opener: Vault, place: str) -> None:
    with pytest.raises(SealBroken):
        opener.open(vault(OLD).seal("hush", place=PLACE), place=place)


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(12), bytes(64)])
def test_what_is_damaged_opens_nothing(sealed: bytes) -> None:
    with pytest.raises(SealBroken):
        vault(OLD).open(sealed, place=PLACE)
