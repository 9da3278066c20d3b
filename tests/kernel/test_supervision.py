from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from frontdesk.kernel.supervision import Child, GaveUp, Supervisor, stop_on_signals

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
OUTER = """
import asyncio, sys
from pathlib import Path
from frontdesk.kernel.supervision import Supervisor, stop_on_signals
from tests.kernel.test_supervision import child

async def main():
    stop = asyncio.Event()
    with stop_on_signals(stop):
        await Supervisor([child(name, "calm", Path(sys.argv[1])) for name in ("web", "worker")]).run(stop)

asyncio.run(main())
"""


def child(name: str, habit: str, folder: Path) -> Child:
    async def ready() -> bool:
        return pid_of(name, folder) is not None

    return Child(
        name,
        module="tests.support.supervised",
        arguments=(name, habit, str(folder)),
        environment=ENVIRONMENT,
        ready=ready,
    )


def pid_of(name: str, folder: Path) -> int | None:
    try:
        return int((folder / f"{name}.pid").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def story(folder: Path) -> list[str]:
    return (folder / "story").read_text(encoding="utf-8").splitlines()


def is_dead(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


@asynccontextmanager
async def supervised(supervisor: Supervisor) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    run = asyncio.create_task(supervisor.run(stop))
    await supervisor.ready.wait()
    try:
        yield stop
    finally:
        stop.set()
        await run


async def test_children_run_until_the_end_and_are_stopped_last_first(home: Path) -> None:
    supervisor = Supervisor([child(name, "calm", home) for name in ("twin", "web", "worker")])
    async with supervised(supervisor):
        pids = supervisor.pids()
        assert list(pids) == ["twin", "web", "worker"]
    assert story(home)[3:] == ["worker stopped", "web stopped", "twin stopped"]
    assert supervisor.pids() == {}
    assert all(is_dead(pid) for pid in pids.values())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_child_that_dies_is_started_again_and_the_others_go_on(home: Path, number: signal.Signals) -> None:
    supervisor = Supervisor([child("web", "calm", home), child("worker", "calm", home)])
    async with supervised(supervisor):
        before = supervisor.pids()
        os.kill(before["web"], number)
        await until(lambda: pid_of("web", home) not in {None, before["web"]})
        assert supervisor.restarts == {"web": 1, "worker": 0}
        assert supervisor.pids()["worker"] == before["worker"]


async def test_a_child_that_never_stays_up_is_given_up_loudly_and_the_others_are_stopped(home: Path) -> None:
    supervisor = Supervisor([child("web", "calm", home), child("worker", "hopeless", home)])
    with pytest.raises(GaveUp, match="worker does not stay up: it died 5 times"):
        await supervisor.run(asyncio.Event())
    assert supervisor.restarts["worker"] == 4
    assert supervisor.pids() == {}


async def test_a_child_whose_settings_are_wrong_is_not_started_twice(home: Path) -> None:
    supervisor = Supervisor([child("web", "misconfigured", home)])
    with pytest.raises(GaveUp, match="its settings are wrong"):
        await supervisor.run(asyncio.Event())
    assert supervisor.restarts["web"] == 0


async def test_a_child_that_ignores_the_request_to_stop_is_killed(home: Path) -> None:
    supervisor = Supervisor([child("web", "stubborn", home), child("worker", "calm", home)], drain_seconds=0.5)
    async with supervised(supervisor):
        stubborn = supervisor.pids()["web"]
    assert is_dead(stubborn)
    assert "worker stopped" in story(home)


async def test_a_child_that_was_halted_still_stops_when_asked(home: Path) -> None:
    supervisor = Supervisor([child("web", "calm", home)])
    async with supervised(supervisor):
        os.kill(supervisor.pids()["web"], signal.SIGSTOP)
    assert story(home)[-1] == "web stopped"


async def test_what_a_child_prints_goes_to_its_log(home: Path) -> None:
    async with supervised(Supervisor([child("web", "calm", home)], log_folder=home / "log")):
        pass
    assert (home / "log" / "web.log").read_text(encoding="utf-8") == "web speaks\n"


async def outer(folder: Path) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OUTER, str(folder), env={**os.environ, **ENVIRONMENT}, stdout=subprocess.DEVNULL
    )
    await until(lambda: None not in {pid_of("web", folder), pid_of("worker", folder)})
    return process


async def test_children_end_when_the_supervisor_is_killed_outright(home: Path) -> None:
    process = await outer(home)
    pids = [pid_of("web", home), pid_of("worker", home)]
    process.kill()
    await process.wait()
    await until(lambda: all(pid is not None and is_dead(pid) for pid in pids))
    assert {"web stopped", "worker stopped"} <= set(story(home))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_to_the_supervisor_drains_the_children(home: Path, number: signal.Signals) -> None:
    process = await outer(home)
    process.send_signal(number)
    assert await process.wait() == 0
    assert story(home)[2:] == ["worker stopped", "web stopped"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a program take orphans in")
async def test_an_orphan_of_a_dead_child_is_buried(home: Path) -> None:
    supervisor = Supervisor([child("web", "parent", home)])
    async with supervised(supervisor):
        await until(lambda: pid_of("grandchild", home) is not None)
        grandchild = pid_of("grandchild", home)
        assert grandchild is not None
        try:
            os.kill(supervisor.pids()["web"], signal.SIGKILL)
            await until(lambda: psutil.Process(grandchild).ppid() == os.getpid())
        finally:
            os.kill(grandchild, signal.SIGKILL)
        await until(lambda: not psutil.pid_exists(grandchild))


async def test_the_tests_own_programs_end_with_their_test(home: Path) -> None:
    async with supervised(Supervisor([child("web", "parent", home)])):
        await until(lambda: pid_of("grandchild", home) is not None)
        grandchild = pid_of("grandchild", home)
        assert grandchild is not None
    shutil.rmtree(home)
    await until(lambda: is_dead(grandchild))


async def test_a_stop_before_the_first_child_runs_leaves_nothing_behind(home: Path) -> None:
    stop = asyncio.Event()
    stop.set()
    supervisor = Supervisor([child("web", "calm", home)])
    with stop_on_signals(stop):
        await supervisor.run(stop)
    assert supervisor.pids() == {}
