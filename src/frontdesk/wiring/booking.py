"""Bookings put together: how people are written to, and where they look after what they booked."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from uuid import UUID

from frontdesk.features import contacts, conversations, delivery, scheduling, senders
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.keys import SigningKeys
from frontdesk.kernel.rings import Ring, open_ring
from frontdesk.kernel.settings import Settings

MARK_BYTES = 16
ID_BYTES = 16
APPOINTMENT = "appointment"
HOLD = "hold"
RING = "booking_links"


class BookingLinks:
    """Makes and reads the links of bookings: each is signed by this installation and good for one thing alone.

    They have keys of their own, so that a link that was sent goes on working when SECRET_KEY is exchanged. What was
    signed with SECRET_KEY itself, as it once was, is read as long as that key is kept.
    """

    def __init__(self, ring: Ring, keys: SigningKeys, *, base_url: str) -> None:
        self._ring = ring
        self._keys = keys
        self._base_url = base_url.rstrip("/")

    def appointment(self, slug: str, appointment_id: UUID) -> str:
        """Link to an appointment."""
        return f"{self.page(slug)}/a/{self.token(APPOINTMENT, appointment_id)}"

    def hold(self, slug: str, hold_id: UUID) -> str:
        """Link to a time that is kept."""
        return f"{self.page(slug)}/h/{self.token(HOLD, hold_id)}"

    def page(self, slug: str) -> str:
        """Link to the business's booking page."""
        return f"{self._base_url}/book/{slug}"

    def token(self, purpose: str, subject: UUID) -> str:
        """Sign an id for a purpose; 43 characters that fit a text."""
        mark = _mark(self._ring.current, purpose, subject)
        return base64.urlsafe_b64encode(subject.bytes + mark).decode().rstrip("=")

    def read(self, purpose: str, token: str) -> UUID | None:
        """Read back what was signed for a purpose, in constant time; None for anything else."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            return None
        if len(raw) != ID_BYTES + MARK_BYTES:
            return None
        subject = UUID(bytes=raw[:ID_BYTES])
        known = [_mark(key, purpose, subject) for key in (*self._ring.keys, *self._keys.openers())]
        fits = [hmac.compare_digest(mark, raw[ID_BYTES:]) for mark in known]
        return subject if any(fits) else None


class Texter:
    """Writes to people of bookings as transactional texts in their thread, from our first number that may text."""

    def __init__(self, lane: delivery.InlineLane) -> None:
        self._lane = lane

    async def tell(self, tx: Transaction, message: scheduling.Message) -> bool:
        """Write to a person once per key; gates decide whether and when it leaves. False if no number may text."""
        numbers = [one for one in await senders.list_numbers(tx) if one.texting_allowed and one.retired_at is None]
        if not numbers:
            return False
        contact = await contacts.get_contact(tx, contact_id=message.contact_id)
        await conversations.say(
            tx,
            conversations.Words(
                key=message.key,
                message_class=delivery.MessageClass.TRANSACTIONAL,
                cause=message.cause,
                template=message.template,
                basis=message.basis,
                basis_at=message.basis_at,
                body=message.body,
                useful_until=message.useful_until,
            ),
            contact_id=contact.id,
            phone_e164=contact.phone_e164,
            sender_e164=numbers[0].phone_e164,
            provider=numbers[0].provider,
            lane=self._lane,
        )
        return True


async def booking_links(system: Database, settings: Settings, *, public_base_url: str) -> BookingLinks:
    """Make the links of bookings with the keys that the database keeps for them."""
    signing = settings.signing_keys()
    ring = await system.perform(lambda tx: open_ring(tx, signing, ring=RING))
    return BookingLinks(ring, signing, base_url=public_base_url)


def booking_voice(links: BookingLinks, *, lane: delivery.InlineLane) -> scheduling.Told:
    """Tell how people of bookings are reached."""
    return scheduling.Told(speaker=Texter(lane), links=links)


def _mark(key: str, purpose: str, subject: UUID) -> bytes:
    return hmac.new(key.encode(), b"frontdesk booking v1/" + purpose.encode() + subject.bytes, hashlib.sha256).digest()[
        :MARK_BYTES
    ]
