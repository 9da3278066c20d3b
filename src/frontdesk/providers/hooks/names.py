"""Names looked up by ourselves, on threads of their own: a slow name server holds up nobody else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

THREADS = 16
Resolve = Callable[[str], Awaitable[list[str]]]
"""Gives the addresses of a name, in the order to try them; none if there is no such name."""


class SystemResolver:
    """This machine's resolver."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="hook-names")

    async def __call__(self, name: str) -> list[str]:
        """Look a name up; an address is its own."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, name)

    def close(self) -> None:
        """Let the threads go; a look-up under way is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(name: str) -> list[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        return []
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
