"""The verbs of contacts."""

from frontdesk.features.contacts.service.people import (
    ensure_contact,
    find_contact_by_phone,
    get_contact,
    list_contacts,
)

__all__ = ["ensure_contact", "find_contact_by_phone", "get_contact", "list_contacts"]
