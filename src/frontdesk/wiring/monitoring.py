"""Monitors put together: where the pretended world is, and the loop that runs them."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from urllib.parse import urlsplit

from frontdesk.kernel.loops import Loop
from frontdesk.operations.monitors import queries
from frontdesk.operations.monitors.model import Line
from frontdesk.operations.monitors.running import run_due_monitors
from frontdesk.providers.twin import TwinControl
from frontdesk.wiring.parts import Frontdesk

LOOK_SECONDS = 5.0
OFF_SECONDS = 3600.0


def find_twin(parts: Frontdesk) -> Callable[[], TwinControl] | None:
    """Tell how the twin is reached if the carrier's address is one on this machine: real carriers are elsewhere."""
    if parts.twilio is None:
        return None
    address = urlsplit(parts.twilio.api_base_url)
    host = address.hostname or ""
    try:
        here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        here = False
    if not here:
        return None
    base = f"{address.scheme}://{address.netloc}"
    return partial(TwinControl, base, token=os.environ.get("TWIN_CONTROL_TOKEN", ""))


def find_line(parts: Frontdesk) -> Line | None:
    """Tell where monitors call and write; None while they are off, or the carrier is a real one."""
    number, reach = parts.settings.monitors.number, find_twin(parts)
    return None if number is None or reach is None else Line(number=number, reach=reach)


def monitoring(parts: Frontdesk) -> Loop:
    """Make the loop that runs monitors; while they are off it forgets how they stood."""
    line = find_line(parts)

    async def turn() -> float:
        if line is not None:
            await run_due_monitors(parts.system, line)
            return LOOK_SECONDS
        async with parts.system.transaction() as tx:
            await queries.forget_standing(tx)
        return OFF_SECONDS

    return Loop("run monitors", turn)
