"""People a business knows: identity by number, details, tags, segments, and lists of many."""

from frontdesk.features.contacts.filters import EVERYBODY, Filter, Segment, read_filter, write_filter
from frontdesk.features.contacts.model import Card, Contact, Person
from frontdesk.features.contacts.phones import describe, parse_phone
from frontdesk.features.contacts.service import (
    count_matching,
    ensure_contact,
    facts_for,
    find_contact_by_phone,
    get_card,
    get_contact,
    get_segment,
    list_matching,
)

__all__ = [
    "EVERYBODY",
    "Card",
    "Contact",
    "Filter",
    "Person",
    "Segment",
    "count_matching",
    "describe",
    "ensure_contact",
    "facts_for",
    "find_contact_by_phone",
    "get_card",
    "get_contact",
    "get_segment",
    "list_matching",
    "parse_phone",
    "read_filter",
    "write_filter",
]
