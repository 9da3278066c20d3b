"""A provider that tells of missed calls under load and keeps at it until each is acknowledged."""

from __future__ import annotations

import asyncio
import itertools

from tests.support.office import call_form
from tests.support.processes import LiveOffice


class Provider:
    """Tells of missed calls without a pause, each again until it is acknowledged, to one of `webs` in turn."""

    def __init__(self, office: LiveOffice, webs: list[str], *, lines: int = 4) -> None:
        self._office = office
        self._next = itertools.cycle(range(len(webs)))
        self._numbers = itertools.count(1)
        self._ended = asyncio.Event()
        self.webs = webs
        self.acknowledged: list[str] = []
        self.statuses: list[list[int]] = []
        self._lines = [asyncio.create_task(self._tell()) for _ in range(lines)]

    async def _tell(self) -> None:
        while not self._ended.is_set():
            number = next(self._numbers)
            caller = f"+1206{number:07}"
            form = call_form(f"CA{number:032}", caller, DialCallStatus="no-answer")
            statuses = await self._office.deliver("voice/dial-action", form, to=lambda: self.webs[next(self._next)])
            self.statuses.append(statuses)
            self.acknowledged.append(caller)

    async def has_told(self, more: int) -> None:
        """Wait until `more` further calls are acknowledged."""
        target = len(self.acknowledged) + more

        async def enough() -> bool:
            return len(self.acknowledged) >= target

        await self._office.eventually(enough, seconds=60)

    async def end(self) -> None:
        """Tell the calls that have begun to the end, and no more."""
        self._ended.set()
        await asyncio.gather(*self._lines)
