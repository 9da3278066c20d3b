"""Faults on demand: which request or webhook is hit next, and how."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

from frontdesk.providers.twin.wire import FaultKind, FaultOrder

BEFORE_EFFECT: Final = frozenset({FaultKind.ERROR_BEFORE_ACCEPT, FaultKind.RATE_LIMITED, FaultKind.REFUSED})
API_FAULTS: Final = BEFORE_EFFECT | {
    FaultKind.REPLY_LOST,
    FaultKind.ERROR_AFTER_ACCEPT,
    FaultKind.SLOW,
    FaultKind.SLOW_LORIS,
    FaultKind.RESET,
    FaultKind.TRUNCATED,
    FaultKind.HTML,
}
POSTING_FAULTS: Final = frozenset(
    {FaultKind.DUPLICATE, FaultKind.REIDENTIFIED, FaultKind.LATE, FaultKind.LOST, FaultKind.BAD_SIGNATURE}
)
ANY: Final = "*"
_SECONDS: Final = {FaultKind.SLOW: 1.0, FaultKind.SLOW_LORIS: 1.0, FaultKind.LATE: 0.2}
_STATUSES: Final = {FaultKind.ERROR_AFTER_ACCEPT: 500, FaultKind.ERROR_BEFORE_ACCEPT: 503, FaultKind.REFUSED: 400}


@dataclass(slots=True, kw_only=True)
class Fault:
    """A fault in waiting.

    `on`: an operation (`messages.create`) or webhook kind (`sms.status`), or `*`; `recipient`: only texts or calls to
    this number; `remaining`: how often still, None without end; `probability`: of striking at each chance, drawn from
    a generator of its own, so that a seed replays.
    """

    fault_id: int
    kind: FaultKind
    on: str
    recipient: str
    remaining: int | None
    probability: float
    chance: random.Random
    seconds: float
    status: int
    retry_after: str | None
    copies: int
    code: int
    hits: int = field(default=0)

    def strikes(self, on: str, recipient: str) -> bool:
        """Tell whether it hits now, and count it if so."""
        if self.on not in (ANY, on) or (self.recipient and self.recipient != recipient):
            return False
        if self.remaining == 0 or (self.probability < 1.0 and self.chance.random() >= self.probability):
            return False
        if self.remaining is not None:
            self.remaining -= 1
        self.hits += 1
        return True


class FaultBook:
    """All faults in force, oldest first."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._next_id = 1
        self._faults: list[Fault] = []

    def add(self, order: FaultOrder, on: str) -> Fault:
        """Put a fault in force on an operation or webhook kind; members left out get the kind's usual values."""
        kind, seed = order.kind, self._seed + self._next_id if order.seed is None else order.seed
        fault = Fault(
            fault_id=self._next_id,
            kind=kind,
            on=on,
            recipient=order.recipient,
            remaining=order.count,
            probability=order.probability,
            chance=random.Random(seed),  # noqa: S311 - replayable, not a secret
            seconds=_SECONDS.get(kind, 0.0) if order.seconds is None else order.seconds,
            status=order.status or _STATUSES.get(kind, 0),
            retry_after=order.retry_after,
            copies=order.copies,
            code=order.code,
        )
        self._next_id += 1
        self._faults.append(fault)
        return fault

    def listed(self) -> tuple[Fault, ...]:
        """List the faults, spent ones too."""
        return tuple(self._faults)

    def clear(self, fault_id: int | None = None) -> int:
        """Lift one fault, or all; tell how many were lifted."""
        kept = [fault for fault in self._faults if fault_id is not None and fault.fault_id != fault_id]
        lifted = len(self._faults) - len(kept)
        self._faults = kept
        return lifted

    def strike(self, kinds: frozenset[FaultKind], on: str, recipient: str) -> Fault | None:
        """Take the first fault of `kinds` that hits now."""
        if not self._faults:
            return None
        for fault in self._faults:
            if fault.kind in kinds and fault.strikes(on, recipient):
                return fault
        return None

    def strike_all(self, kinds: frozenset[FaultKind], on: str, recipient: str) -> tuple[Fault, ...]:
        """Take every fault of `kinds` that hits now."""
        if not self._faults:
            return ()
        return tuple(fault for fault in self._faults if fault.kind in kinds and fault.strikes(on, recipient))
