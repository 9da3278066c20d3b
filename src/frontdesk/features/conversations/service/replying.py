"""Answering a person's text from the number they wrote to."""

from __future__ import annotations

from uuid import UUID

from frontdesk.features import delivery, senders
from frontdesk.features.conversations.model import InboundText
from frontdesk.features.conversations.queries import messages
from frontdesk.features.conversations.service.speaking import Words, say
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused


async def find_inbound(tx: Transaction, *, message_id: UUID) -> InboundText | None:
    """Find a text that a person wrote, with the numbers it went between."""
    return await messages.find_inbound(tx, message_id=message_id)


async def reply_to(
    tx: Transaction, inbound: InboundText, words: Words, *, lane: delivery.InlineLane
) -> delivery.Requested:
    """Answer a text in its thread, from the number that was written to, once per `words.key`."""
    return await say(
        tx,
        words,
        contact_id=inbound.contact_id,
        phone_e164=inbound.person_e164,
        sender_e164=inbound.line_e164,
        provider=inbound.provider,
        lane=lane,
    )


async def find_line(tx: Transaction, *, conversation_id: UUID) -> senders.SendingNumber:
    """Choose the number to write from: the one the thread was held on, else the business's first that may text.

    Refuses a business without a number (`conversations.no_number`).
    """
    used = await messages.find_line_used(tx, conversation_id=conversation_id)
    numbers = await senders.list_numbers(tx)
    fitting = [number for number in numbers if number.phone_e164 == used]
    usable = fitting or [number for number in numbers if number.texting_allowed] or numbers
    if not usable:
        raise Refused("conversations.no_number", "This business has no number to text from yet.", status=409)
    return usable[0]
