"""How custody is broken: history is changed under the program, and the exchange of a key is forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from frontdesk.kernel import actor, audit, keys
from frontdesk.operations.custody.model import PLATFORM
from frontdesk.operations.custody.rotating import age_previous
from frontdesk.operations.custody.verifying import acknowledge_break
from frontdesk.operations.drills import queries
from frontdesk.operations.drills.model import Break, Stage
from frontdesk.operations.runbooks import RunState

BY = actor.system("drill")
FORGOTTEN = timedelta(days=2)


async def _change_history(stage: Stage) -> None:
    for number in range(2):
        async with stage.system.transaction() as tx:
            await audit.write_entry(tx, actor=BY, action="drill.noted", subject=f"drill:{number}")
    await queries.update_history(stage.database_url)


async def _acknowledge(stage: Stage) -> None:
    async with stage.system.transaction() as tx:
        await acknowledge_break(
            tx, audit.open_book(stage.home), whose=PLATFORM, by=BY, reason="a drill changed who had done it"
        )


async def _forget_rotation(stage: Stage) -> None:
    def exchange() -> None:
        keys.exchange_key(stage.home)
        age_previous(stage.home, by=FORGOTTEN)

    await asyncio.to_thread(exchange)


BREAKS: tuple[Break, ...] = (
    Break(
        name="custody.history_changed",
        sentence="Somebody who owns the database changes who has done something",
        act=_change_history,
        recover=_acknowledge,
        recover_after=True,
        ends=RunState.NEEDS_PERSON,
    ),
    Break(
        name="custody.rotation_forgotten",
        sentence="The installation's key was exchanged, and two days later the old one is still kept",
        act=_forget_rotation,
    ),
)
