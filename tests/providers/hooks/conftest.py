"""Run every test of outgoing webhooks on both event loops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Name the loops: the standard library's and the one that serves."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
