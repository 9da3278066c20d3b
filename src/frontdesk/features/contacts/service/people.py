"""Single people: found by number or id, added when they are new."""

from __future__ import annotations

from uuid import UUID

from frontdesk.features.contacts import queries
from frontdesk.features.contacts.model import Contact
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id


async def ensure_contact(tx: Transaction, *, phone_e164: str, name: str = "") -> Contact:
    """Get the person with this number, adding them if they are new; a known name is kept."""
    return await queries.ensure_contact(tx, contact_id=new_id(), phone_e164=phone_e164, name=name)


async def get_contact(tx: Transaction, *, contact_id: UUID) -> Contact:
    """Get a person by id; refuses one the tenant does not have (`contacts.not_found`)."""
    contact = await queries.find_contact(tx, contact_id=contact_id)
    if contact is None:
        raise Refused("contacts.not_found", "no such contact", status=404)
    return contact


async def find_contact_by_phone(tx: Transaction, *, phone_e164: str) -> Contact | None:
    """Find a person by number."""
    return await queries.find_contact_by_phone(tx, phone_e164=phone_e164)


async def list_contacts(tx: Transaction, *, before: UUID | None = None, limit: int = 50) -> list[Contact]:
    """List people, newest first; pass the last id as `before` for the next page."""
    return await queries.list_contacts(tx, before=before, limit=limit)
