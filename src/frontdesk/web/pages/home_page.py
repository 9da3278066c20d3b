"""The first page of a business, put together: what happened today, what needs a person, and the live timeline."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from frontdesk.features import tenants
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.ids import new_id
from frontdesk.web.access import Caller
from frontdesk.web.pages.home import Board, read_coming
from frontdesk.web.pages.views import read_pause, read_rows, read_tasks, read_thread
from frontdesk.web.rendering import render
from frontdesk.web.simulate import Simulator
from frontdesk.wiring import Frontdesk


class Console:
    """Puts the whole page together."""

    def __init__(self, parts: Frontdesk, simulator: Simulator, board: Board) -> None:
        self._parts = parts
        self._simulator = simulator
        self._board = board

    async def render(
        self,
        caller: Caller,
        businesses: Sequence[tenants.Tenant],
        current: tenants.Tenant,
        *,
        thread_id: UUID | None,
        before: UUID | None,
        ask: str,
        csrf: str,
    ) -> str:
        """Render the console for one business."""
        visit = Visit(
            principal=caller.principal,
            tenant_id=current.id,
            correlation_id=new_id(),
            database=self._parts.app,
        )
        may_read = visit.may(Scope.MESSAGES_READ)
        async with visit.transaction() as tx:
            cursor = f"{tx.now.isoformat()}_{UUID(int=0)}"
            rows = await read_rows(tx, before=before) if visit.may(Scope.CALLS_READ) else None
            pause = await read_pause(tx, visit, by_setting=self._parts.courier.paused_by_setting)
            tasks = await read_tasks(tx, visit) if may_read else None
            thread = await read_thread(tx, visit, thread_id) if thread_id is not None and may_read else None
            glance = await self._board.read_glance(tx, visit) if rows is not None else None
            coming = await read_coming(tx) if visit.may(Scope.BOOKING_READ) else None
            opening = tenants.describe_opening(current, at=tx.now)
            now = tx.now
        health = await self._board.read_health(visit, now=now)
        return render(
            "console.html",
            caller=caller,
            businesses=businesses,
            business=current,
            opening=opening,
            rows=rows,
            pause=pause,
            tasks=tasks,
            glance=glance,
            coming=coming,
            health=health,
            thread=thread,
            cursor=cursor,
            live=before is None and rows is not None,
            ask=ask,
            csrf=csrf,
            may_simulate=bool(self._simulator) and visit.may(Scope.SIMULATE),
        )
