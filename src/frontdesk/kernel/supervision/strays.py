"""Orphans that end up with us: taken in and buried, so that no zombie holds a process number."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from contextlib import suppress

import psutil

PR_SET_CHILD_SUBREAPER = 36
ROUND_S = 1.0


def take_orphans_in() -> bool:
    """Become the parent of orphans below us, where the system can do that (Linux); process 1 is it anyway."""
    if sys.platform != "linux":
        return False
    return int(ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) == 0


async def bury_strays() -> None:
    """Reap, until cancelled, every dead child that nobody else has reaped for a whole second."""
    waiting: set[int] = set()
    while True:
        dead = await asyncio.to_thread(_dead_children)
        for pid in dead & waiting:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # noqa: ASYNC222 - returns at once
        waiting = dead
        await asyncio.sleep(ROUND_S)


def _dead_children() -> set[int]:
    """List our children that are zombies."""
    dead = set()
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if child.status() == psutil.STATUS_ZOMBIE:
                dead.add(child.pid)
    return dead
