"""A request to a pretended company at the door: written down the moment it arrives, its body read afterwards."""

from __future__ import annotations

from aiohttp import web

from frontdesk.providers.twin.journal import JournalEntry
from frontdesk.providers.twin.world import World


async def write_down(world: World, request: web.Request, operation: str) -> JournalEntry:
    """Open a request's entry in the journal and read its body; who asked and what came of it is filled in later."""
    entry = world.journal.open(
        monotonic_us=world.monotonic_us(),
        wall_us=world.now_us(),
        method=request.method,
        path=request.path,
        query=request.query_string,
    )
    entry.operation = operation
    entry.body = (await request.read()).decode(errors="replace")
    return entry
