"""Text messages: what we ask of a carrier and what it tells us."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from frontdesk.ports.errors import FailureClass


class ReceiptStatus(StrEnum):
    """A message's way through a carrier; `rank` only ever grows."""

    ACCEPTED = "accepted"
    SENT = "sent"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"


RECEIPTS_OF_FAILURE = frozenset({ReceiptStatus.UNDELIVERED, ReceiptStatus.FAILED})


class OptOutHint(StrEnum):
    """What the carrier itself made of an inbound keyword, where it says so."""

    STOP = "stop"
    START = "start"
    HELP = "help"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundText:
    """One text to send; `reference` is our own id for it and comes back in receipts."""

    reference: UUID
    sender_e164: str
    recipient_e164: str
    body: str
    validity_seconds: int
    status_callback: str
    messaging_service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The carrier took the text; `status` is its first state."""

    provider_message_id: str
    status: ReceiptStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTextQuery:
    """Which texts of ours a carrier should list: those to `recipient_e164` created at or after `since`."""

    recipient_e164: str
    sender_e164: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SentText:
    """A text as the carrier remembers it; `reference` is ours where the carrier gives it back in its lists."""

    provider_message_id: str
    sender_e164: str
    recipient_e164: str
    body: str
    status: ReceiptStatus
    created_at: datetime
    error_code: str = ""
    reference: UUID | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or sound that came with a message, still at the provider."""

    url: str
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundText:
    """A text that a person sent to one of our numbers."""

    provider: str
    provider_message_id: str
    sender_e164: str
    recipient_e164: str
    body: str
    opt_out_hint: OptOutHint | None = None
    media: tuple[Media, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReceipt:
    """News of a text of ours; `reference` is what we put in the callback address, None if it carried none.

    `failure` is what the carrier's own `error_code` means; None of a text that did not fail.
    """

    provider: str
    provider_message_id: str
    status: ReceiptStatus
    reference: UUID | None = None
    error_code: str = ""
    failure: FailureClass | None = None


class MessagingProvider(Protocol):
    """A carrier that sends texts; no call ever retries by itself."""

    @property
    def name(self) -> str:
        """The provider's key, as in webhook paths and tables."""
        ...

    @property
    def repost_safe(self) -> timedelta | None:
        """For how long a repeated POST of the same text is known as a repeat; None: its list proves absence instead."""
        ...

    async def send_text(self, text: OutboundText, *, starting: Callable[[], None]) -> Accepted:
        """Hand one text over, with one request and a total deadline of 10 s; refuses with ProviderError.

        `starting` is called right before the first byte of the request is written; if it raises, nothing is sent and
        its exception comes through unchanged.
        """
        ...

    async def list_sent_texts(self, query: SentTextQuery) -> list[SentText]:
        """List matching texts, newest first, over all pages; refuses with ProviderError."""
        ...
