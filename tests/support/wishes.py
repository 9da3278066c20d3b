"""A text that somebody asked for: what tests of sending put into the queue when its words do not matter."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.features import contacts, delivery
from frontdesk.kernel.db import Transaction

AN_HOUR = timedelta(hours=1)


async def ask_for_text(
    tx: Transaction,
    lane: delivery.InlineLane,
    *,
    recipient_e164: str,
    sender_e164: str,
    key: str = "",
    body: str = "A word from Harbor Plumbing.",
    useful_for: timedelta = AN_HOUR,
) -> delivery.Requested:
    """Ask for a transactional text by Twilio, once per `key`; without one, once per recipient."""
    person = await contacts.ensure_contact(tx, phone_e164=recipient_e164)
    intent = delivery.TextIntent(
        key=key or f"test:{recipient_e164}",
        message_class=delivery.MessageClass.TRANSACTIONAL,
        cause="test",
        template="test",
        basis="the person asked for it",
        basis_at=tx.now,
        contact_id=person.id,
        recipient_e164=recipient_e164,
        sender_e164=sender_e164,
        provider="twilio",
        body=body,
        useful_until=tx.now + useful_for,
    )
    return await delivery.request_text(tx, intent, lane)
