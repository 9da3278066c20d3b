"""The agenda, live: a browser is told that something in the stretch it shows has changed, as soon as it has."""

from __future__ import annotations

from datetime import datetime

from frontdesk.features.scheduling.service import agenda as service
from frontdesk.kernel.auth.visit import Visit
from frontdesk.web.pages.live import SharedLooks, write_event


class AgendaScene:
    """One stretch of an agenda for one viewer, who fetches the page's part anew when the mark is another one.

    A hold announces nothing and runs out by the clock: every look reads the mark.
    """

    breath_seconds = 0.4  # many may look at once, and a burst of news is one look

    def __init__(self, looks: SharedLooks[str], *, within: tuple[datetime, datetime]) -> None:
        self._looks = looks
        self._within = within
        self._mark = ""

    def begin(self) -> list[bytes]:
        """Tell nothing: the first mark is told by the first look."""
        return []

    async def look(self, visit: Visit, *, woken: bool) -> list[bytes]:  # noqa: ARG002 - the mark tells it all
        """Tell the mark if it is another one."""
        within = self._within
        present = await self._looks.ask(visit, within, lambda tx: service.read_agenda_mark(tx, within=within))
        if present == self._mark:
            return []
        self._mark = present
        return [write_event("mark", present)]
