"""People a business knows: identity by number."""

from frontdesk.features.contacts.model import Contact
from frontdesk.features.contacts.phones import PhoneKind, PhoneNumber, describe, from_carrier, is_e164, parse_phone
from frontdesk.features.contacts.service import ensure_contact, find_contact_by_phone, get_contact, list_contacts

__all__ = [
    "Contact",
    "PhoneKind",
    "PhoneNumber",
    "describe",
    "ensure_contact",
    "find_contact_by_phone",
    "from_carrier",
    "get_contact",
    "is_e164",
    "list_contacts",
    "parse_phone",
]
