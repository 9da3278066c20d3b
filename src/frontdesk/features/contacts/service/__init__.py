"""The verbs of contacts."""

from frontdesk.features.contacts.service.cards import get_card
from frontdesk.features.contacts.service.matching import count_matching, facts_for, list_matching
from frontdesk.features.contacts.service.people import (
    ensure_contact,
    find_contact_by_phone,
    get_contact,
    list_contacts,
)
from frontdesk.features.contacts.service.segments import get_segment

__all__ = [
    "count_matching",
    "ensure_contact",
    "facts_for",
    "find_contact_by_phone",
    "get_card",
    "get_contact",
    "get_segment",
    "list_contacts",
    "list_matching",
]
