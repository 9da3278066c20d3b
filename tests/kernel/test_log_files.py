"""Logs are set aside by size and by day, kept for their time and no longer, and whoever writes goes on writing."""

from __future__ import annotations

import asyncio
import gzip
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from frontdesk.kernel.settings import SettingsFaulty, load_settings
from frontdesk.kernel.telemetry.log_files import LogLimits, tend, tended
from tests.support.office import TravelClock

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LIMITS = LogLimits(largest_bytes=1_000, keep=3 * DAY)


def packed(folder: Path) -> dict[str, str]:
    """Read everything that was set aside."""
    return {path.name: gzip.decompress(path.read_bytes()).decode() for path in sorted(folder.glob("*.gz"))}


def test_a_log_is_set_aside_once_a_day_and_at_once_when_it_is_large(tmp_path: Path) -> None:
    web, worker = tmp_path / "web.log", tmp_path / "worker.log"
    web.write_text("first\n")
    worker.write_text("")
    assert tend(tmp_path, now=NOON, limits=LIMITS).packed == ("web.log.20261120T120000Z.gz",)
    web.write_text("second\n")
    assert tend(tmp_path, now=NOON + timedelta(hours=11), limits=LIMITS).packed == (), "the day is not over"
    web.write_text("x" * 1_001)
    assert len(tend(tmp_path, now=NOON + timedelta(hours=11, minutes=30), limits=LIMITS).packed) == 1
    web.write_text("third\n")
    assert tend(tmp_path, now=NOON + timedelta(hours=12), limits=LIMITS).packed == ("web.log.20261121T000000Z.gz",)
    assert list(packed(tmp_path).values()) == ["first\n", "x" * 1_001, "third\n"]
    assert (web.read_text(), worker.read_text()) == ("", "")


def test_what_was_kept_long_enough_is_deleted_and_nothing_else_is_touched(tmp_path: Path) -> None:
    log, stranger, previous = tmp_path / "web.log", tmp_path / "notes.txt", tmp_path / "postgres.log.1"
    strangers = [stranger, tmp_path / "web.log.old.gz", tmp_path / "Web.log"]
    for path in (*strangers, previous):
        path.write_text("kept\n")
    os.utime(previous, (NOON.timestamp(), NOON.timestamp()))
    for day in range(5):
        log.write_text(f"day {day}\n")
        done = tend(tmp_path, now=NOON + day * DAY, limits=LIMITS)
        assert done.deleted == (("web.log.20261120T120000Z.gz", "postgres.log.1") if day == 4 else ())
    assert list(packed_days(tmp_path)) == ["day 1\n", "day 2\n", "day 3\n", "day 4\n"]
    assert all(path.read_text() == "kept\n" for path in strangers)


def packed_days(folder: Path) -> list[str]:
    """Read what was set aside of one log."""
    return [gzip.decompress(path.read_bytes()).decode() for path in sorted(folder.glob("web.log.2*.gz"))]


def test_a_log_that_is_being_written_goes_on_from_its_beginning_and_is_as_private_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    with path.open("ab") as said:
        path.chmod(0o600)
        say = [sys.executable, "-c", "print('a line')"]
        subprocess.run(say, stdout=said, check=True)
        tend(tmp_path, now=NOON, limits=LIMITS)
        subprocess.run(say, stdout=said, check=True)
    assert path.read_text() == "a line\n"
    [aside] = tmp_path.glob("*.gz")
    assert (packed(tmp_path), aside.stat().st_mode & 0o777) == ({aside.name: "a line\n"}, 0o600)


def test_a_death_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("whole\n")
    (tmp_path / "web.log.20261120T115900Z.gz.part").write_bytes(b"half")
    tend(tmp_path, now=NOON, limits=LIMITS)
    assert packed(tmp_path) == {"web.log.20261120T120000Z.gz": "whole\n"}
    assert not list(tmp_path.glob("*.part"))


async def test_a_folder_is_tended_for_as_long_as_it_is_asked_and_a_missing_one_stops_nobody(tmp_path: Path) -> None:
    clock, log = TravelClock(), tmp_path / "web.log"
    log.write_text("a line\n")
    async with tended(tmp_path, LIMITS, clock=clock), tended(tmp_path / "nowhere", LIMITS, clock=clock):
        async with asyncio.timeout(10):
            while not await asyncio.to_thread(packed, tmp_path):
                await asyncio.sleep(0.01)
    assert log.read_text() == ""


@pytest.mark.parametrize("wrong", [{"LOG_RETENTION_DAYS": "0"}, {"LOG_FILE_MAX_MB": "0"}])
def test_no_setting_throws_every_log_away(wrong: dict[str, str], home: Path) -> None:
    with pytest.raises(SettingsFaulty):
        load_settings(wrong, home)
