"""Twilio's words for the states of texts and calls, in ours."""

from __future__ import annotations

from frontdesk.ports import CallStatus, ReceiptStatus

TEXT_STATES = {
    "accepted": ReceiptStatus.ACCEPTED,
    "scheduled": ReceiptStatus.ACCEPTED,
    "queued": ReceiptStatus.ACCEPTED,
    "sending": ReceiptStatus.ACCEPTED,
    "sent": ReceiptStatus.SENT,
    "partially_delivered": ReceiptStatus.SENT,
    "delivered": ReceiptStatus.DELIVERED,
    "read": ReceiptStatus.READ,
    "undelivered": ReceiptStatus.UNDELIVERED,
    "failed": ReceiptStatus.FAILED,
    "canceled": ReceiptStatus.FAILED,
}
"""Every state of an outgoing text in Twilio's specification (message_enum_status)."""

CALL_STATES = {
    "initiated": CallStatus.QUEUED,
    "queued": CallStatus.QUEUED,
    "ringing": CallStatus.RINGING,
    "in-progress": CallStatus.IN_PROGRESS,
    "completed": CallStatus.COMPLETED,
    "no-answer": CallStatus.NO_ANSWER,
    "busy": CallStatus.BUSY,
    "failed": CallStatus.FAILED,
    "canceled": CallStatus.CANCELED,
}

DIAL_STATES = CALL_STATES | {"answered": CallStatus.COMPLETED}
"""What DialCallStatus may say: `answered` is a dialled leg that somebody took."""


def read_text_status(word: str) -> ReceiptStatus | None:
    """Translate a text's state; None for a word that Twilio does not use for outgoing texts."""
    return TEXT_STATES.get(word.strip().lower())
