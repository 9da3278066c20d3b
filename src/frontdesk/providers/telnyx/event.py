"""Telnyx's messaging events as they come: the members that are read, everything else passed over."""

from __future__ import annotations

import msgspec


class Party(msgspec.Struct, frozen=True):
    """One end of a message; `status` is that of the message on its way to this end."""

    phone_number: str | None = None
    status: str | None = None


class Attachment(msgspec.Struct, frozen=True):
    """A file that came with a message, still at Telnyx."""

    url: str | None = None
    content_type: str | None = None


class EventError(msgspec.Struct, frozen=True):
    """Why a message failed."""

    code: str | int = ""


class Payload(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    """The message that an event tells of; an end is a bare number where the event is about no SMS or MMS."""

    id: str = ""
    direction: str = ""
    sender: Party | str | None = None
    to: list[Party] | str | None = None
    text: str | None = None
    subject: str | None = None
    media: list[Attachment] | None = None
    errors: list[EventError] | None = None
    autoresponse_type: str | None = None
    webhook_url: str | None = None


class Event(msgspec.Struct, frozen=True):
    """One event: its own id, what it is, and its message."""

    id: str
    event_type: str
    payload: Payload = Payload()

    @property
    def sender_number(self) -> str:
        """Tell the number that the message comes from; empty if the event says none."""
        sender = self.payload.sender
        return (sender if isinstance(sender, str) else sender.phone_number or "").strip() if sender else ""

    @property
    def recipients(self) -> tuple[Party, ...]:
        """List the ends that the message goes to."""
        to = self.payload.to
        if isinstance(to, str):
            return (Party(phone_number=to),)
        return tuple(to or ())


class _Envelope(msgspec.Struct, frozen=True):
    data: Event


_envelope = msgspec.json.Decoder(_Envelope)


def parse_event(body: bytes) -> Event | None:
    """Read an event from its JSON; None for what is none, however deep it is nested."""
    try:
        return _envelope.decode(body).data
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
