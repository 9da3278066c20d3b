"""What a dead server leaves behind: a living orphan, surviving backends, stale lock files; and how to clear them.

A killed postmaster may stay a zombie where process 1 does not reap, and PostgreSQL takes a zombie's number in a lock
file for a living server. So we look at the processes themselves, and clear the files when none of them is alive.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil

PATIENCE_S = 10.0
POLL_S = 0.02


def server_processes(data: Path) -> list[psutil.Process]:
    """List the living PostgreSQL processes that work in `data`; zombies are dead."""
    return [process for process in psutil.process_iter() if _works_in(process, data)]


def _works_in(process: psutil.Process, data: Path) -> bool:
    """Tell whether `process` is a PostgreSQL process whose working directory is `data`."""
    try:
        return process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == data
    except (psutil.Error, OSError):
        return False


def live_postmaster(data: Path) -> int | None:
    """Find the running postmaster of `data`, by its own note of its number and by what that process really is."""
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        process = psutil.Process(pid)
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return pid if _works_in(process, data) else None


def says_ready(data: Path) -> bool:
    """Tell whether the postmaster of `data` has noted that it accepts connections, without asking it for one."""
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[-1].strip() == "ready"
    except (OSError, IndexError):
        return False


def is_alive(pid: int, data: Path) -> bool:
    """Tell whether `pid` still is a living PostgreSQL process of `data`."""
    try:
        return _works_in(psutil.Process(pid), data)
    except psutil.Error:
        return False


async def end_survivors(data: Path) -> int:
    """Kill every PostgreSQL process still working in `data`; return how many there were.

    A backend in a long computation outlives its postmaster, and a new server beside it would corrupt the data.
    TimeoutError when one cannot be killed within 10 s.
    """
    survivors = await asyncio.to_thread(server_processes, data)
    async with asyncio.timeout(PATIENCE_S):
        for process in survivors:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        while await asyncio.to_thread(server_processes, data):
            await asyncio.sleep(POLL_S)
    return len(survivors)


def clear_lock_files(data: Path, socket_folder: Path) -> list[Path]:
    """Remove the lock files of a server that is gone; only call this when `end_survivors` found peace."""
    stale = [data / "postmaster.pid", *socket_folder.glob(".s.PGSQL.*")]
    removed = []
    for path in stale:
        if path.exists() or path.is_socket():
            path.unlink()
            removed.append(path)
    return removed
