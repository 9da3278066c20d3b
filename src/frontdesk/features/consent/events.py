"""Facts that consent announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from frontdesk.kernel.events import Event


@dataclass(frozen=True, slots=True)
class ConsentChanged(Event):
    """A person opted out or in; `event_type` is the ledger's."""

    name: ClassVar[str] = "consent.changed.v1"
    phone_e164: str
    event_type: str
    scope: str


EVENTS: tuple[type[Event], ...] = (ConsentChanged,)
