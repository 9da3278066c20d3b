"""The work behind the pages, on demand: files taken in, campaigns rehearsed, made and sent, as a worker does it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from frontdesk.features import campaigns, delivery
from frontdesk.features.campaigns.jobs import add_workflows
from frontdesk.features.contacts.jobs import add_import_workflow
from frontdesk.kernel.jobs import Runner, Workflows
from tests.support.house import House
from tests.support.marketing import NOON_UTC
from tests.support.office import TravelClock

# Recordings are fetched by no worker here; their runs would stay in the queue for ever.
QUEUED = """
    select id, enqueued from job_runs where state = 'queued' and workflow not like 'calls.%' order by created_at, id
"""


def noon() -> TravelClock:
    """Make a clock by which it is an hour at which every state allows marketing."""
    clock = TravelClock()
    clock.ahead = NOON_UTC - clock.now()
    return clock


async def work(house: House) -> None:
    """Execute every queued run of files and campaigns, and no recording's."""
    workflows = Workflows()
    add_workflows(workflows, app=house.parts.app)
    add_import_workflow(workflows, app=house.parts.app, folder=house.parts.settings.home / "imports")
    runner = Runner(workflows, app=house.parts.app, system=house.parts.system)
    while queued := await _queued(house):
        for run_id, enqueued in queued:
            await runner.execute(run_id, enqueued)


async def send(house: House, clock: TravelClock, *, turns: int = 4) -> None:
    """Dispatch marketing turn by turn, a second apart, and look after campaigns."""
    lane = delivery.MarketingDispatch(
        system=house.parts.system, courier=house.parts.courier, process_id=house.parts.process_id
    )
    for _ in range(turns):
        await lane.dispatch_once()
        await house.parts.courier.idle()
        clock.ahead += timedelta(seconds=1)
    await campaigns.watch_campaigns(system=house.parts.system, app=house.parts.app)


async def _queued(house: House) -> Sequence[tuple[UUID, int]]:
    async with house.parts.system.transaction() as tx:
        rows = await tx.fetch(QUEUED)
    return [(row["id"], row["enqueued"]) for row in rows]
