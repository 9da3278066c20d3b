"""The typed, versioned facts that parts announce to each other, and their JSON form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from frontdesk.kernel.events import Event


class UnknownEvent(LookupError):
    """An outbox row names an event that this program does not know."""


class MalformedEvent(ValueError):
    """An outbox row's payload does not fit the schema of its event."""


class Catalogue:
    """All events the program knows, by wire name."""

    def __init__(self, events: Iterable[type[Event]]) -> None:
        self._by_name: dict[str, type[Event]] = {}
        for event in events:
            if event.name in self._by_name:
                raise ValueError(f"two events are named {event.name}")
            self._by_name[event.name] = event

    def __iter__(self) -> Iterator[type[Event]]:
        return iter(self._by_name.values())

    def decode(self, name: str, payload: str | bytes) -> Event:
        """Read an event from its JSON; refuses unknown names, missing or mistyped fields."""
        event = self._by_name.get(name)
        if event is None:
            raise UnknownEvent(name)
        try:
            return msgspec.json.decode(payload, type=event)
        except (msgspec.DecodeError, RecursionError) as error:  # too deeply nested is malformed as well
            raise MalformedEvent(f"{name}: {error}") from error


def encode(event: Event) -> str:
    """Write an event as JSON."""
    return msgspec.json.encode(event).decode()
