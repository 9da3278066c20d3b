"""All SQL of contacts, by what it serves."""

from frontdesk.features.contacts.queries.people import (
    ensure_contact,
    find_contact,
    find_contact_by_phone,
    list_contacts,
)

__all__ = ["ensure_contact", "find_contact", "find_contact_by_phone", "list_contacts"]
