"""A program whose machine shows a wrong time, or whose tables of zones are new, sends by the clock that all share."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest

from tests.faults.live.bulk_live import all_held, all_posted, californians, posts_of, queue_campaign_to, zone_at
from tests.support.processes import LiveOffice, live_office
from tests.support.program import Program

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
SHIFTS = ("+1h", "-1h", "+10y", "-10y")
TEXTS, NIGHT = 400, 20

with_faketime = pytest.mark.skipif(LIBRARY is None, reason="the package faketime is not on this machine")


def wrong_clock(offset: Path) -> dict[str, str]:
    """Name the settings under which a program's wall clock is off by what a file says; its stopwatch stays right."""
    return {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


def says_it_is(program: Program) -> datetime:
    """Tell the time of a program's latest log line."""
    return datetime.fromisoformat(str(program.said("worker.started")[-1]["at"]))


@with_faketime
async def test_a_worker_whose_machine_is_half_a_day_off_sends_by_day_and_holds_by_night(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        offset = home / "offset"
        offset.write_text("+12h")
        worker = await office.start_worker(**wrong_clock(offset))
        assert says_it_is(worker) - datetime.now(UTC) > timedelta(hours=11), "its clock is wrong indeed"
        by_day, by_night = californians(NIGHT), californians(NIGHT, area=310)
        await queue_campaign_to(office, by_day, zone=zone_at(12))
        await queue_campaign_to(office, by_night, zone=zone_at(0))
        await all_posted(office, NIGHT)
        await all_held(office, NIGHT)
        assert Counter(post.fields["To"] for post in await posts_of(office)) == Counter(by_day)


@with_faketime
@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_clocks_that_jump_while_workers_send_double_nothing_and_let_nothing_out_by_night(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        offset = home / "offset"
        offset.write_text("+0")
        await office.start_worker(**wrong_clock(offset))
        await office.start_worker()
        by_day, by_night = californians(TEXTS), californians(NIGHT, area=310)
        await queue_campaign_to(office, by_night, zone=zone_at(0), pace=100)
        await queue_campaign_to(office, by_day, zone=zone_at(12), pace=100)
        for turn, shift in enumerate(SHIFTS, start=1):
            await all_posted(office, turn * TEXTS // 5)
            offset.write_text(shift)
        await all_posted(office, TEXTS)
        await all_held(office, NIGHT)
        await nothing_is_posting(office)
        assert Counter(post.fields["To"] for post in await posts_of(office)) == Counter(by_day)
        assert await office.count("select count(*) from send_attempts where outcome = 'accepted'") == TEXTS
        early = "select count(*) from send_attempts where started_at not between $1 and $2"
        now = datetime.now(UTC)
        assert await office.count(early, now - timedelta(minutes=5), now + timedelta(minutes=5)) == 0


async def nothing_is_posting(office: LiveOffice) -> None:
    """Wait until no text is on its way, or in doubt."""

    async def quiet() -> bool:
        return await office.count("select count(*) from send_jobs where status in ('posting', 'unknown')") == 0

    await office.eventually(quiet, seconds=30)


async def test_new_tables_of_time_zones_count_for_texts_that_were_queued_under_the_old(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        noon, midnight = zone_at(12), zone_at(0)
        becomes_night, becomes_day = californians(NIGHT), californians(NIGHT, area=310)
        await queue_campaign_to(office, becomes_night, zone=noon)
        await queue_campaign_to(office, becomes_day, zone=midnight)
        tables = swap_zones(home / "zoneinfo", noon, midnight)
        await office.start_worker(PYTHONTZPATH=str(tables))
        await all_posted(office, NIGHT)
        await all_held(office, NIGHT)
        assert Counter(post.fields["To"] for post in await posts_of(office)) == Counter(becomes_day)


def swap_zones(folder: Path, one: str, other: str) -> Path:
    """Write tables of time zones in which two zones have exchanged their clocks."""
    for name, source in ((one, other), (other, one)):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with resources.as_file(resources.files("tzdata") / "zoneinfo" / source) as table:
            shutil.copy(table, place)
    return folder
