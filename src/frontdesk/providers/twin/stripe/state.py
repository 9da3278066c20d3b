"""What the pretended Stripe keeps: objects by id, answers by idempotency key, events in order."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Json: TypeAlias = dict[str, object]
_LETTERS: Final = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The answer that a key was given, and the request that it was given for."""

    request: str
    status: int
    document: object
    effect: str


@dataclass(slots=True)
class StripeState:
    """All objects, the newest last."""

    sessions: dict[str, Json] = field(default_factory=dict)
    intents: dict[str, Json] = field(default_factory=dict)
    charges: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    customers: dict[str, Json] = field(default_factory=dict)
    subscriptions: dict[str, Json] = field(default_factory=dict)
    invoices: dict[str, Json] = field(default_factory=dict)
    events: dict[str, Json] = field(default_factory=dict)
    keys: dict[str, Remembered] = field(default_factory=dict)
    drawn: int = 0

    def new_id(self, prefix: str) -> str:
        """Draw an id like Stripe's; the same twin draws the same ones in the same order."""
        self.drawn += 1
        chance = random.Random(f"{prefix}{self.drawn}")  # noqa: S311 - replayable, not a secret
        return prefix + "".join(chance.choices(_LETTERS, k=24))

    def clear(self) -> None:
        """Forget all traffic."""
        for kept in (
            self.sessions,
            self.intents,
            self.charges,
            self.refunds,
            self.customers,
            self.subscriptions,
            self.invoices,
            self.events,
            self.keys,
        ):
            kept.clear()
