"""Run the worker's loops by hand, until nothing is left to do."""

from __future__ import annotations

from frontdesk.features import delivery
from frontdesk.wiring import Frontdesk


async def settle(parts: Frontdesk) -> None:
    """Dispatch until nothing is due, every result is written and every event is handled.

    It begins by waiting for the texts that the web process posted by itself as soon as they were written down.
    """
    dispatcher = parts.dispatcher()
    lane = delivery.SetDispatch(system=parts.system, courier=parts.courier, process_id=parts.process_id)
    await parts.courier.idle()
    while await lane.dispatch_once() + await dispatcher.dispatch_batch() > 0:
        await parts.courier.idle()
