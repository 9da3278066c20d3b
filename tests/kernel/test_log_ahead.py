"""The next file of the log's copy is made ahead, and never stands in anybody's way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from frontdesk.kernel.postgres.ahead import forget_unused, make_ahead

SIZE = 1024 * 1024
NAME = "0000000100000000000000A7"


def test_a_file_made_ahead_is_whole_zero_and_for_us_alone(tmp_path: Path) -> None:
    make_ahead(tmp_path, NAME, size=SIZE)
    [made] = tmp_path.iterdir()
    assert (made.name, made.read_bytes()) == (f"{NAME}.partial", bytes(SIZE))
    assert made.stat().st_mode & 0o777 == 0o600


def test_what_the_receiver_has_begun_or_finished_stays_as_it_is(tmp_path: Path) -> None:
    for there in (NAME, f"{NAME}.partial"):
        (tmp_path / there).write_bytes(b"log")
        make_ahead(tmp_path, NAME, size=SIZE)
        [found] = tmp_path.iterdir()
        assert (found.name, found.read_bytes()) == (there, b"log")
        found.unlink()


def test_a_file_that_the_receiver_begins_meanwhile_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, link = tmp_path / f"{NAME}.partial", os.link

    def begun_in_between(source: Path, to: Path) -> None:
        target.write_bytes(b"log")
        link(source, to)

    monkeypatch.setattr(os, "link", begun_in_between)
    make_ahead(tmp_path, NAME, size=SIZE)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [(target.name, b"log")]


def test_only_what_nobody_has_begun_is_forgotten(tmp_path: Path) -> None:
    make_ahead(tmp_path, NAME, size=SIZE)
    (tmp_path / f".next-{NAME}").write_bytes(bytes(10))
    kept = {
        "0000000100000000000000A5": bytes(SIZE),
        "0000000100000000000000A6.partial": b"\x18\xd1\x07\x00" + bytes(SIZE),
        "00000002.history": b"",
    }
    for name, content in kept.items():
        (tmp_path / name).write_bytes(content)
    forget_unused(tmp_path)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == kept
