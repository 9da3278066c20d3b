"""Turning the signals that ask a program to stop into an event."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextmanager
def stop_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` when this program is asked to end by SIGTERM, SIGINT (Ctrl-C) or SIGHUP (a closed terminal)."""
    loop = asyncio.get_running_loop()
    for number in STOPPING:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in STOPPING:
            loop.remove_signal_handler(number)
