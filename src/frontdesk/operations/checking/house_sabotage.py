"""How a drill breaks the program as a whole, in rows."""

from __future__ import annotations

from frontdesk.features.delivery.events import SendingResumed
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.jobs import start_run
from frontdesk.kernel.outbox import encode
from frontdesk.kernel.upkeep import Sabotage
from frontdesk.operations.checking import queries

RETENTION = "retention.forget.v1"


async def _reject_events(tx: Transaction) -> None:
    event = SendingResumed(scope="channel", key="none", by="system:drill")
    await queries.insert_rejected(tx, name=event.name, payload=encode(event))


async def _fail_a_run(tx: Transaction) -> None:
    started = await start_run(tx, RETENTION, {}, key=f"drill/{tx.now.isoformat()}")
    await queries.mark_run_failed(tx, run_id=started.run_id, step="logins")


SABOTAGES: tuple[Sabotage, ...] = (
    Sabotage(
        name="operations.rejected_events",
        sentence="Events were set aside by a fault that is mended",
        act=_reject_events,
    ),
    Sabotage(
        name="operations.failed_run",
        sentence="A background run failed at its step and is given up",
        act=_fail_a_run,
    ),
)
