"""People a business knows: identity by number."""

from frontdesk.features.contacts.model import Contact
from frontdesk.features.contacts.phones import describe, parse_phone
from frontdesk.features.contacts.service import ensure_contact, find_contact_by_phone, get_contact

__all__ = [
    "Contact",
    "describe",
    "ensure_contact",
    "find_contact_by_phone",
    "get_contact",
    "parse_phone",
]
