"""How what can be booked looks to strangers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Accent(StrEnum):
    """The colours a booking page may have."""

    INDIGO = "indigo"
    TEAL = "teal"
    AMBER = "amber"
    PLUM = "plum"
    ROSE = "rose"
    OLIVE = "olive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """Whether strangers see a service, and the price in cents that it is said to have (None: none is said)."""

    public: bool = True
    price_cents: int | None = None
