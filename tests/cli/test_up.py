"""`frontdesk up` from nothing: everything answers, a second start keeps what is there, a signal ends it all."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from frontdesk.cli.calling import Caller

SOURCE = str(Path(__file__).parents[2] / "src")


@dataclass
class Up:
    """A running `frontdesk up`."""

    process: asyncio.subprocess.Process
    ready: dict[str, object]

    @property
    def url(self) -> str:
        return str(self.ready["url"])

    @property
    def token(self) -> str:
        return str(self.ready["api_token"])

    @property
    def pids(self) -> dict[str, int]:
        pids = self.ready["pids"]
        assert isinstance(pids, dict)
        return pids

    async def end(self, number: signal.Signals) -> int:
        """Ask it to end, and wait until it has."""
        self.process.send_signal(number)
        return await self.process.wait()


async def _spawn(home: Path, *arguments: str) -> asyncio.subprocess.Process:
    with (home / "up.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "frontdesk", "up", "--home", str(home), *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": SOURCE, "DATABASE_URL": ""},
        )


async def _up(home: Path) -> Up:
    ready_file = home / "ready.json"
    process = await _spawn(home, "--port", "0", "--ready-file", str(ready_file))
    while not ready_file.exists():
        assert process.returncode is None, (home / "up.log").read_text(encoding="utf-8")
        await asyncio.sleep(0.05)
    assert ready_file.stat().st_mode & 0o777 == 0o600
    return Up(process, json.loads(ready_file.read_text(encoding="utf-8")))


@pytest.mark.timeout(180)
async def test_everything_comes_up_keeps_its_state_and_goes_down_without_a_trace(home: Path) -> None:
    first = await _up(home)
    assert set(first.ready) == {"url", "api_token", "home", "database_url", "pids"}
    assert set(first.pids) == {"up", "postgres", "twin", "web", "worker"}
    async with Caller(first.url, token=first.token) as api:
        assert await api.answers("/healthz")
        businesses = await api.get_json("/api/tenants")
    assert isinstance(businesses, list)
    assert len(businesses) == 2
    welcome = (home / "up.log").read_text(encoding="utf-8")
    assert first.url in welcome
    assert "ada@demo.frontdesk.test" in welcome
    for name in ("demo_password", "api_token"):
        secret = home / "secrets" / name
        assert secret.read_text(encoding="utf-8").strip() in welcome
        assert secret.stat().st_mode & 0o777 == 0o600
    tree = [first.process.pid, *(one.pid for one in psutil.Process(first.process.pid).children(recursive=True))]
    assert await first.end(signal.SIGINT) == 0
    assert [pid for pid in tree if psutil.pid_exists(pid)] == []
    assert not (home / "ready.json").exists()

    second = await _up(home)
    assert second.token == first.token
    async with Caller(second.url, token=second.token) as api:
        assert await api.get_json("/api/tenants") == businesses
    said_since = (home / "up.log").read_text(encoding="utf-8").removeprefix(welcome)
    assert second.token not in said_since  # a log file keeps no secret after the first start
    assert await second.end(signal.SIGTERM) == 0


@pytest.mark.timeout(120)
async def test_a_start_that_is_broken_off_leaves_nothing_running(home: Path) -> None:
    process = await _spawn(home, "--port", "0")
    while not (home / "postgres" / "data" / "postmaster.pid").exists():
        await asyncio.sleep(0.02)
    tree = [one.pid for one in psutil.Process(process.pid).children(recursive=True)]
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    assert [pid for pid in tree if psutil.pid_exists(pid)] == []


async def test_a_port_that_is_taken_is_told_before_anything_starts(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = await _spawn(home, "--port", str(port))
        assert await process.wait() == 1
    said = (home / "up.log").read_text(encoding="utf-8")
    assert f"port {port} on 127.0.0.1 cannot be used" in said
    assert "Traceback" not in said
    assert not (home / "postgres").exists()
