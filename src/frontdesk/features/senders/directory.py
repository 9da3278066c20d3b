"""Which business a number belongs to, remembered for a few seconds."""

from __future__ import annotations

from frontdesk.features.senders.model import SendingNumber
from frontdesk.features.senders.service.numbers import find_number
from frontdesk.kernel.clock import Clock
from frontdesk.kernel.db import Database

REMEMBER_SECONDS = 5.0
MAX_REMEMBERED = 10_000


class NumberDirectory:
    """Looks numbers up across tenants; a known number is remembered for 5 s, an unknown one never."""

    def __init__(self, *, system: Database, clock: Clock) -> None:
        self._system = system
        self._clock = clock
        self._known: dict[str, tuple[float, SendingNumber]] = {}

    async def find(self, phone_e164: str) -> SendingNumber | None:
        """Find the number and its business; None if it is not ours."""
        remembered = self._known.get(phone_e164)
        if remembered is not None and self._clock.monotonic() < remembered[0]:
            return remembered[1]
        async with self._system.transaction() as tx:
            number = await find_number(tx, phone_e164=phone_e164)
        if number is None:
            self._known.pop(phone_e164, None)
            return None
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known[phone_e164] = (self._clock.monotonic() + REMEMBER_SECONDS, number)
        return number
