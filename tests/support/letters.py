"""Letters carried as a worker carries them, for tests of a web process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from frontdesk.kernel.jobs import JobsWorker, Workflows
from frontdesk.wiring import Frontdesk
from frontdesk.wiring.letters import OutTray, add_letter_workflow
from frontdesk.wiring.mail import find_postman


@asynccontextmanager
async def carrying_letters(parts: Frontdesk, database_url: str) -> AsyncIterator[None]:
    """Carry what is laid down, where a mail server is set up."""
    postman = find_postman(parts.settings)
    if postman is None:
        yield
        return
    workflows, stop = Workflows(), asyncio.Event()
    add_letter_workflow(workflows, tray=OutTray(parts.settings.signing_keys()), postman=postman)
    worker = JobsWorker(database_url, workflows, app=parts.app, system=parts.system, drain_seconds=0.1)
    working = asyncio.create_task(worker.run(stop))
    try:
        yield
    finally:
        stop.set()
        await working
