"""Facts that delivery announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from frontdesk.kernel.events import Event


@dataclass(frozen=True, slots=True)
class TextRequested(Event):
    """A text was asked for and decided upon: on its way, held, or refused, with the code of the deciding gate."""

    name: ClassVar[str] = "delivery.text_requested.v1"
    job_id: UUID
    status: str
    code: str


@dataclass(frozen=True, slots=True)
class TextProgressed(Event):
    """A text moved on: accepted, sent, delivered, undelivered, failed, dropped or in doubt."""

    name: ClassVar[str] = "delivery.text_progressed.v1"
    job_id: UUID
    status: str
    code: str


@dataclass(frozen=True, slots=True)
class TextGivenUp(Event):
    """A text will not arrive although it was meant to; a person should look."""

    name: ClassVar[str] = "delivery.text_given_up.v1"
    job_id: UUID
    recipient_e164: str
    message_class: str
    reason: str


@dataclass(frozen=True, slots=True)
class TextDelayed(Event):
    """A reply to a waiting person has not left for 60 s."""

    name: ClassVar[str] = "delivery.text_delayed.v1"
    job_id: UUID
    recipient_e164: str


@dataclass(frozen=True, slots=True)
class StrangersTurnedAway(Event):
    """A text that an outsider caused was barred, as it may be fraud; the code says by which limit."""

    name: ClassVar[str] = "delivery.strangers_turned_away.v1"
    code: str


@dataclass(frozen=True, slots=True)
class CarrierReportedOptOut(Event):
    """A carrier refused a text because the person had told it to stop."""

    name: ClassVar[str] = "delivery.carrier_reported_opt_out.v1"
    job_id: UUID
    recipient_e164: str
    sender_e164: str
    provider: str


@dataclass(frozen=True, slots=True)
class SendingPaused(Event):
    """A kill switch was pulled."""

    name: ClassVar[str] = "delivery.sending_paused.v1"
    scope: str
    key: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SendingResumed(Event):
    """A kill switch was released."""

    name: ClassVar[str] = "delivery.sending_resumed.v1"
    scope: str
    key: str
    by: str


EVENTS: tuple[type[Event], ...] = (
    TextRequested,
    TextProgressed,
    TextGivenUp,
    TextDelayed,
    StrangersTurnedAway,
    CarrierReportedOptOut,
    SendingPaused,
    SendingResumed,
)
