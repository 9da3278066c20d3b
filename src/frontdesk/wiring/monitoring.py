"""Monitors put together: where the pretended world is, and the loop that runs them."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from urllib.parse import urlsplit

from frontdesk.kernel.loops import Loop
from frontdesk.operations.monitors import queries
from frontdesk.operations.monitors.booking import BOOKING_NAMES
from frontdesk.operations.monitors.model import CarrierLine, Line
from frontdesk.operations.monitors.running import run_due_at_carrier, run_due_bookings, run_due_monitors
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twilio import TwilioCalling
from frontdesk.providers.twin import TwinControl
from frontdesk.wiring.parts import Frontdesk

LOOK_SECONDS = 5.0
OFF_SECONDS = 3600.0
WAIT_SECONDS = 60.0  # until somebody has added the number that is to be tested


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
    monitors, reach = parts.settings.monitors, find_twin(parts)
    if monitors.number is None or monitors.from_number is not None or reach is None:
        return None
    return Line(number=monitors.number, reach=reach)


async def find_carrier_line(parts: Frontdesk, http: HttpClient) -> CarrierLine | None:
    """Tell between which two numbers of ours monitors run at a real carrier; None unless both are set and known.

    It is the carrier of the number that is tested; one that rings nobody for us leaves the monitor that calls out.
    """
    monitors = parts.settings.monitors
    if monitors.number is None or monitors.from_number is None:
        return None
    number = await parts.directory.find(monitors.number)
    carrier = None if number is None else parts.providers.get(number.provider)
    if carrier is None:
        return None
    rings = carrier.name == "twilio" and parts.twilio is not None
    return CarrierLine(
        number=monitors.number,
        from_number=monitors.from_number,
        carrier=carrier,
        placer=TwilioCalling(parts.twilio, http, clock=parts.clock) if rings and parts.twilio is not None else None,
        runs_per_day=monitors.runs_per_day,
    )


def monitoring(parts: Frontdesk) -> Loop:
    """Make the loop that runs monitors; while they are off it forgets how they stood."""
    line = find_line(parts)

    async def turn() -> float:
        if parts.settings.monitors.number is not None:
            await run_due_bookings(parts.system, parts.app)
        if parts.settings.monitors.from_number is not None and await _ran_at_carrier(parts):
            return LOOK_SECONDS
        if line is not None:
            await run_due_monitors(parts.system, line)
            return LOOK_SECONDS
        async with parts.system.transaction() as tx:
            await queries.forget_others(tx, names=[] if parts.settings.monitors.number is None else BOOKING_NAMES)
        return OFF_SECONDS if parts.settings.monitors.number is None else WAIT_SECONDS

    return Loop("run monitors", turn)


async def _ran_at_carrier(parts: Frontdesk) -> bool:
    """Run what is due at a real carrier; False while there is nothing to run it with."""
    http = HttpClient(connections_per_origin=1)
    try:
        line = await find_carrier_line(parts, http)
        if line is None:
            return False
        await run_due_at_carrier(parts.system, line)
        return True
    finally:
        await http.close()
