"""What is sealed comes back as it was, or is refused by name."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from frontdesk.kernel.errors import Refused
from frontdesk.operations.backups.sealing import FRAME_BYTES, MAGIC, SealedReader, read_sealed, seal

KEY = "a key that only a test would use"
HEADER = len(MAGIC) + 24


def write(path: Path, size: int, *, key: str = KEY) -> bytes:
    """Seal some bytes, handed over in uneven pieces; returns them."""
    plain = random.Random(size).randbytes(size)
    pieces = [plain[at : at + 70_001] for at in range(0, size, 70_001)]
    assert seal(pieces, path, key=key) == path.stat().st_size
    return plain


def refusal_of(path: Path, *, key: str = KEY) -> Refused:
    with pytest.raises(Refused) as refused:
        read_sealed(path, key=key)
    assert str(path) in refused.value.message
    return refused.value


@pytest.mark.parametrize("size", [0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES])
def test_what_was_sealed_comes_back(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file.sealed"
    plain = write(path, size)
    assert read_sealed(path, key=KEY) == plain
    assert SealedReader(path, key=KEY).readall() == plain
    assert path.stat().st_mode & 0o777 == 0o600
    assert size < 64 or plain[:64] not in path.read_bytes()
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_two_files_of_the_same_content_share_nothing(tmp_path: Path) -> None:
    write(tmp_path / "a", 5_000)
    write(tmp_path / "b", 5_000)
    assert (tmp_path / "a").read_bytes()[HEADER:] != (tmp_path / "b").read_bytes()[HEADER:]


def test_another_key_is_refused_as_such(tmp_path: Path) -> None:
    write(tmp_path / "file", 5_000)
    assert refusal_of(tmp_path / "file", key="the key of somebody else").code == "backups.wrong_key"


def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, 2 * FRAME_BYTES + 5)
    whole = path.read_bytes()
    frame = FRAME_BYTES + 20
    cuts = [0, 5, HEADER - 1, HEADER, HEADER + 3, HEADER + frame, HEADER + 2 * frame, len(whole) - 1]
    for cut in cuts:
        path.write_bytes(whole[:cut])
        assert refusal_of(path).code == "backups.damaged"


def test_a_single_bit_that_flips_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, FRAME_BYTES + 4_000)
    whole = path.read_bytes()
    where = random.Random(7)
    places = [*range(HEADER + 5), *(where.randrange(len(whole)) for _ in range(40)), len(whole) - 1]
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << where.randrange(8))]) + whole[place + 1 :])
        assert refusal_of(path).code in {"backups.damaged", "backups.wrong_key"}, place


def test_frames_that_change_places_or_files_are_refused(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    write(path, 3 * FRAME_BYTES)
    write(other, 3 * FRAME_BYTES + 1)
    whole, frame = path.read_bytes(), FRAME_BYTES + 20
    first, second = whole[HEADER : HEADER + frame], whole[HEADER + frame : HEADER + 2 * frame]
    rest = whole[HEADER + 2 * frame :]
    foreign = other.read_bytes()[HEADER : HEADER + frame]
    for changed in (second + first + rest, first + rest, foreign + second + rest, first + second + rest + b"x"):
        path.write_bytes(whole[:HEADER] + changed)
        assert refusal_of(path).code == "backups.damaged"
    path.write_bytes(whole)
    assert len(read_sealed(path, key=KEY)) == 3 * FRAME_BYTES


def test_a_source_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def failing() -> object:
        yield b"some"
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="gone"):
        seal(failing(), tmp_path / "file", key=KEY)  # type: ignore[arg-type] # a generator of bytes that ends badly
    assert list(tmp_path.iterdir()) == []
