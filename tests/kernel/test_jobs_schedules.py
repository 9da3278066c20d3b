"""Work by the clock starts once per due time, whatever the number of workers and whatever the clock does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.jobs import RunContext, Schedule, Workflows, put_schedules, start_due_runs, time_to_next_schedule

NAME = "reports.daily.v1"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class SetClock:
    """A clock that stands where it was put."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def every_ten_minutes(expression: str = "*/10 * * * *") -> Workflows:
    workflows = Workflows()

    @workflows.workflow(NAME)
    async def report(_ctx: RunContext) -> None:
        return None

    workflows.schedule("reports.daily", workflow=NAME, expression=expression)
    return workflows


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def system(database_url: str, clock: SetClock) -> AsyncIterator[Database]:
    database = await Database.open(database_url, role=Role.SYSTEM, clock=clock)
    yield database
    await database.close()


async def due_times(system: Database) -> list[str]:
    async with system.transaction() as tx:
        rows = await tx.fetch("select args ->> 'scheduled_for' as due from job_runs order by 1")
        assert await tx.fetchval("select count(*) from pgqueuer") == len(rows)
    return [row["due"] for row in rows]


async def look(system: Database, workflows: Workflows) -> int:
    async with system.transaction() as tx:
        return len(await start_due_runs(tx, workflows))


async def test_a_due_time_starts_one_run_however_many_workers_look_at_once(system: Database, clock: SetClock) -> None:
    workflows = every_ten_minutes()
    async with system.transaction() as tx:
        await put_schedules(tx, workflows)
    assert await look(system, workflows) == 0
    clock.at = NOON + timedelta(minutes=10)
    assert sum(await asyncio.gather(*(look(system, workflows) for _ in range(8)))) == 1
    assert await look(system, workflows) == 0
    clock.at = NOON + timedelta(minutes=20, seconds=3)
    assert sum(await asyncio.gather(*(look(system, workflows) for _ in range(8)))) == 1
    assert await due_times(system) == ["2026-03-01T12:10:00+00:00", "2026-03-01T12:20:00+00:00"]


async def test_times_missed_while_nobody_was_up_are_made_good_by_one_run(system: Database, clock: SetClock) -> None:
    workflows = every_ten_minutes()
    async with system.transaction() as tx:
        await put_schedules(tx, workflows)
    clock.at = NOON + timedelta(hours=5, minutes=1)
    assert await look(system, workflows) == 1
    assert await look(system, workflows) == 0
    async with system.transaction() as tx:
        assert await time_to_next_schedule(tx, workflows) == timedelta(minutes=9)


async def test_a_clock_that_goes_back_starts_nothing_twice(system: Database, clock: SetClock) -> None:
    workflows = every_ten_minutes()
    async with system.transaction() as tx:
        await put_schedules(tx, workflows)
    clock.at = NOON + timedelta(minutes=10)
    assert await look(system, workflows) == 1
    clock.at = NOON - timedelta(hours=1)
    assert await look(system, workflows) == 0
    clock.at = NOON + timedelta(minutes=15)
    assert await look(system, workflows) == 0


async def test_a_restart_keeps_the_next_time_and_a_changed_expression_sets_it_anew(
    system: Database, clock: SetClock
) -> None:
    async with system.transaction() as tx:
        await put_schedules(tx, every_ten_minutes())
    clock.at = NOON + timedelta(minutes=11)
    async with system.transaction() as tx:
        await put_schedules(tx, every_ten_minutes())
        assert await time_to_next_schedule(tx, every_ten_minutes()) == timedelta(minutes=-1)
        await put_schedules(tx, every_ten_minutes("0 15 * * *"))
        assert await time_to_next_schedule(tx, every_ten_minutes()) == timedelta(hours=2, minutes=49)


async def test_a_paused_schedule_and_one_this_program_does_not_know_start_nothing(
    system: Database, clock: SetClock
) -> None:
    workflows = every_ten_minutes()
    async with system.transaction() as tx:
        await put_schedules(tx, workflows)
        await tx.execute("update job_schedules set paused = true")
    clock.at = NOON + timedelta(hours=1)
    assert await look(system, workflows) == 0
    async with system.transaction() as tx:
        await tx.execute("update job_schedules set paused = false")
    assert await look(system, Workflows()) == 0
    assert await look(system, workflows) == 1


@pytest.mark.parametrize(
    ("expression", "after", "due"),
    [
        ("30 2 * * *", "2027-03-14T05:00:00+00:00", "2027-03-14T07:00:00+00:00"),
        ("30 2 * * *", "2027-03-14T07:00:00+00:00", "2027-03-15T06:30:00+00:00"),
        ("30 1 * * *", "2027-11-07T05:00:00+00:00", "2027-11-07T05:30:00+00:00"),
        ("30 1 * * *", "2027-11-07T05:30:00+00:00", "2027-11-08T06:30:00+00:00"),
    ],
)
def test_a_time_of_day_comes_once_a_day_also_when_the_clocks_change(expression: str, after: str, due: str) -> None:
    schedule = Schedule("x", NAME, expression, "America/New_York")
    assert schedule.next_after(datetime.fromisoformat(after)) == datetime.fromisoformat(due)


def test_a_wrong_schedule_or_name_is_refused_when_it_is_registered() -> None:
    workflows = every_ten_minutes()
    with pytest.raises(ValueError, match="taken"):
        workflows.schedule("reports.daily", workflow=NAME, expression="* * * * *")
    with pytest.raises(ValueError, match="unknown workflow"):
        workflows.schedule("reports.other", workflow="reports.other.v1", expression="* * * * *")
    with pytest.raises(Exception, match="Bad"):
        workflows.schedule("reports.bad", workflow=NAME, expression="61 * * * *")
    for name in (NAME, "noversion", "Upper.case.v1", "a.b"):
        with pytest.raises(ValueError, match="taken or not like"):
            workflows.workflow(name)
