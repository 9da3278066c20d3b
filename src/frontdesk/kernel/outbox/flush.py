"""What a transaction does with its announcements right before it commits."""

from __future__ import annotations

from frontdesk.kernel.db import Flush, Transaction
from frontdesk.kernel.outbox.handlers import Handlers
from frontdesk.kernel.outbox.store import write_announced


def flush_with(handlers: Handlers) -> Flush:
    """Make the step that runs inline listeners, then writes every announcement to the outbox.

    An event whose listeners are all done, or that has none, is written as dispatched.
    """

    async def flush(tx: Transaction) -> None:
        done = await handlers.run_inline(tx) if tx.inline else {}
        finished = {
            fact.event_id
            for fact in tx.announced
            if all(handler.name in done.get(fact.event_id, ()) for handler in handlers.of(fact.event.name))
        }
        await write_announced(tx, done=done, finished=finished)

    return flush
