"""Runs one worker process: `python -m frontdesk.worker`, which is `frontdesk worker`."""

from __future__ import annotations

import asyncio
import gc
import sys

from frontdesk.providers.http import HttpClient
from frontdesk.wiring import Frontdesk, run_part
from frontdesk.worker.background import background_worker
from frontdesk.worker.main import run_worker

# Records of a text live for milliseconds and hold no circles: looking through them all costs a tenth of the time.
COLLECT_EVERY = (20_000, 20, 50)


async def _work(parts: Frontdesk, database_url: str, stop: asyncio.Event) -> int:
    """Run the loops, and the background runs beside them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)
    http = HttpClient(connections_per_origin=4)
    try:
        background = background_worker(parts, database_url=database_url, home=parts.settings.home, http=http)
        return await run_worker(parts, stop, background=background)
    finally:
        await http.close()


if __name__ == "__main__":
    sys.exit(run_part("worker", _work))
