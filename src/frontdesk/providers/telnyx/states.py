"""Telnyx's words for the states of a text, in ours."""

from __future__ import annotations

from frontdesk.ports import ReceiptStatus

TEXT_STATES = {
    "scheduled": ReceiptStatus.ACCEPTED,
    "queued": ReceiptStatus.ACCEPTED,
    "sending": ReceiptStatus.ACCEPTED,
    "sent": ReceiptStatus.SENT,
    "delivery_unconfirmed": ReceiptStatus.SENT,
    "delivered": ReceiptStatus.DELIVERED,
    "read": ReceiptStatus.READ,
    "delivery_failed": ReceiptStatus.UNDELIVERED,
    "sending_failed": ReceiptStatus.FAILED,
    "expired": ReceiptStatus.FAILED,
}
"""Every state of an outgoing text in Telnyx's own models.

Unconfirmed is no failure: the carrier took the text and never told what became of it.
"""


def read_text_status(word: str) -> ReceiptStatus | None:
    """Translate a text's state; None for a word that Telnyx does not use for outgoing texts."""
    return TEXT_STATES.get(word.strip().lower())
