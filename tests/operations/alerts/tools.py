"""Programs from outside that referee what we export; tests that need one are skipped by its name without it."""

from __future__ import annotations

import asyncio
import shutil
import socket
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Said:
    """What a program said and how it ended."""

    code: int
    text: str


def tool(name: str) -> str:
    """Find a program, or skip the test by its name."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not here; ./test installs it where it may")
    return found


async def run(*command: str, folder: str | None = None) -> Said:
    """Run a program to its end."""
    running = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder
    )
    said, _ = await running.communicate()
    return Said(running.returncode or 0, said.decode())


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as looking:
        looking.bind(("127.0.0.1", 0))
        return int(looking.getsockname()[1])
