"""Which backup leads to a moment, which may go, and whether the log has a gap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from frontdesk.operations.backups.model import (
    Backup,
    BackupKind,
    choose_backup,
    choose_expired,
    first_gap,
    is_history,
    is_segment,
)

START = datetime(2026, 3, 1, 2, tzinfo=UTC)


def backup(day: int) -> Backup:
    at = START + timedelta(days=day)
    return Backup(
        name=f"base-{day}",
        kind=BackupKind.BASE,
        cluster="7",
        server_version=180006,
        first_wal="0" * 24,
        started_at=at,
        finished_at=at + timedelta(minutes=1),
        size_bytes=1,
        content_bytes=1,
        key_id="",
    )


DAILY = [backup(day) for day in range(20)]


def chosen(to: datetime | None) -> str:
    found = choose_backup(DAILY, to=to)
    return "" if found is None else found.name


def test_the_latest_backup_that_was_complete_by_then_leads_to_a_moment() -> None:
    assert chosen(None) == "base-19"
    assert chosen(START + timedelta(days=3, hours=1)) == "base-3"
    assert chosen(START + timedelta(days=3, seconds=30)) == "base-2"
    assert chosen(START) == ""


@pytest.mark.parametrize("hours", [0, 1, 30, 24 * 14])
def test_every_moment_that_is_promised_stays_reachable(hours: int) -> None:
    now = START + timedelta(days=19, hours=12)
    before = now - timedelta(days=14)
    expired = choose_expired(DAILY, before=before)
    kept = [one for one in DAILY if one not in expired]
    assert expired
    assert choose_backup(kept, to=before + timedelta(hours=hours)) == choose_backup(
        DAILY, to=before + timedelta(hours=hours)
    )


def test_the_last_backup_stays_however_old_it_is() -> None:
    assert choose_expired([backup(0)], before=START + timedelta(days=400)) == []
    assert choose_expired([backup(0), backup(1)], before=START + timedelta(days=400)) == [backup(0)]


def test_a_gap_in_the_log_is_found_across_files_and_timelines() -> None:
    names = ["0000000100000000000000FE", "0000000100000000000000FF", "000000010000000100000000"]
    assert first_gap(names, start=names[0]) is None
    assert first_gap([names[0], names[2]], start=names[0]) == names[1]
    assert first_gap(names[1:], start=names[0]) == names[0]
    assert first_gap([*names, "000000020000000100000001"], start=names[0]) is None


def test_only_pieces_of_the_log_are_taken_for_some() -> None:
    assert is_segment("0000000100000000000000FE")
    assert not is_segment("0000000100000000000000FE.partial")
    assert not is_segment("0000000100000000000000fe")
    assert is_history("00000002.history")
    assert not is_history("history")
