"""People a business knows: identity by number."""

from frontdesk.features.contacts.model import Contact
from frontdesk.features.contacts.service import ensure_contact, find_contact_by_phone, get_contact, list_contacts

__all__ = ["Contact", "ensure_contact", "find_contact_by_phone", "get_contact", "list_contacts"]
