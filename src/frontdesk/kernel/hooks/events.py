"""What outgoing webhooks announce of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from frontdesk.kernel.events import Event


@dataclass(frozen=True, slots=True)
class DeliveryExhausted(Event):
    """An endpoint could not be told of an event in any of its tries; it can be replayed."""

    name: ClassVar[str] = "hooks.delivery_exhausted.v1"
    endpoint_id: UUID
    delivery_id: UUID
    message_id: UUID
    event_name: str


@dataclass(frozen=True, slots=True)
class EndpointDisabled(Event):
    """An endpoint is told of nothing any more: it failed for 5 days, or said that it is gone."""

    name: ClassVar[str] = "hooks.endpoint_disabled.v1"
    endpoint_id: UUID
    because: str


EVENTS: tuple[type[Event], ...] = (DeliveryExhausted, EndpointDisabled)
