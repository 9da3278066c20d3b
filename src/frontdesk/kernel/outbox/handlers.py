"""Who listens to which event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast
from uuid import UUID

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.events import Event

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class NewsOf(Generic[E]):
    """An event as a handler gets it: the fact and the id of its announcement."""

    event: E
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Handler:
    """One listener; made by `on`."""

    name: str
    event: type[Event]
    work: Callable[[Transaction, NewsOf[Event]], Awaitable[None]]
    inline: bool


def on(
    event: type[E], name: str, work: Callable[[Transaction, NewsOf[E]], Awaitable[None]], *, inline: bool = False
) -> Handler:
    """Listen to an event: `work` runs in one transaction of its own, at most once with effect per announcement.

    An `inline` listener also runs inside the transaction that announces the event, when that is a webhook's: for work
    a person waits for. If it fails there, the dispatcher does it afterwards.
    """
    return Handler(name, event, cast("Callable[[Transaction, NewsOf[Event]], Awaitable[None]]", work), inline)


class Handlers:
    """All listeners, by event name."""

    def __init__(self, handlers: Iterable[Handler]) -> None:
        self._by_event: dict[str, list[Handler]] = {}
        names: set[str] = set()
        for handler in handlers:
            if handler.name in names:
                raise ValueError(f"two handlers are named {handler.name}")
            names.add(handler.name)
            self._by_event.setdefault(handler.event.name, []).append(handler)

    def of(self, event_name: str) -> list[Handler]:
        """List the listeners to an event, in the order they were given."""
        return self._by_event.get(event_name, [])

    def heard_of(self, events: Iterable[type[Event]]) -> list[str]:
        """List the names of those events that somebody listens to."""
        return [event.name for event in events if self.of(event.name)]

    async def run_inline(self, tx: Transaction) -> dict[UUID, list[str]]:
        """Run the inline listeners of all that `tx` announced, and of what they announce in turn.

        Returns the names of the listeners that are done, by event id.
        """
        done: dict[UUID, list[str]] = {}
        position = 0
        while position < len(tx.announced):
            fact = tx.announced[position]
            position += 1
            for handler in self.of(fact.event.name):
                if handler.inline:
                    await handler.work(tx, NewsOf(fact.event, fact.event_id))
                    done.setdefault(fact.event_id, []).append(handler.name)
        return done
