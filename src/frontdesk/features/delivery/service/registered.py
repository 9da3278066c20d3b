"""The pace that carriers set for a registered campaign (10DLC): all its numbers together, by its class."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from frontdesk.features import senders
from frontdesk.features.delivery.pace import Pace
from frontdesk.features.delivery.queries import carriers, streams
from frontdesk.kernel.db import Transaction


class Registered:
    """The paces of the campaigns of some numbers, locked until the transaction ends; a number without one is free."""

    def __init__(self, key_of: dict[str, tuple[UUID, str]], paces: dict[tuple[UUID, str], Pace]) -> None:
        self._key_of = key_of
        self._paces = paces

    def may_go(self, sender_e164: str) -> bool:
        """Tell whether a number's campaign has room for one more text."""
        key = self._key_of.get(sender_e164)
        return key is None or self._paces[key].quota > 0

    def take(self, sender_e164: str, segments: int) -> None:
        """Use the time of one text."""
        if (key := self._key_of.get(sender_e164)) is not None:
            self._paces[key].take(segments)

    async def write(self, tx: Transaction) -> None:
        """Write when each campaign may go on."""
        used = [(key, pace.next_at) for key, pace in sorted(self._paces.items()) if pace.taken]
        if used:
            await carriers.advance_registrations(tx, used)


async def lock_registered(tx: Transaction, turns: Sequence[streams.Turn]) -> Registered:
    """Lock the paces of the campaigns of numbers whose turn it is, those of them whose class sets one."""
    rates: dict[tuple[UUID, str], float] = {}
    key_of: dict[str, tuple[UUID, str]] = {}
    for turn in turns:
        rate = senders.campaign_segments_per_second(turn.campaign_class, turn.minute_share)
        if rate is not None:
            key = key_of[turn.sender_e164] = (turn.tenant_id, turn.registration_id)
            rates[key] = min(rate, rates.get(key, rate))
    if not key_of:
        return Registered({}, {})
    next_at = await carriers.lock_registrations(tx, sorted(rates))
    return Registered(
        key_of,
        {
            key: Pace(now=tx.now, next_at=next_at[key], segments_per_second=rate, burst=1, left_today=None)
            for key, rate in rates.items()
        },
    )
