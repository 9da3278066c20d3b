"""What is going on: the live timeline, what became of each call, and what is on record about a person."""

from frontdesk.features.insights.model import (
    CallEntry,
    Changes,
    Entry,
    TextEntry,
    TextState,
    Voicemail,
    why_no_text,
    why_not_delivered,
)
from frontdesk.features.insights.service import (
    Pack,
    Report,
    find_changed_entries,
    find_voicemail,
    has_records_of,
    list_timeline,
    sentences,
    summarise_changes,
    verify,
    write_pack,
)

__all__ = [
    "CallEntry",
    "Changes",
    "Entry",
    "Pack",
    "Report",
    "TextEntry",
    "TextState",
    "Voicemail",
    "find_changed_entries",
    "find_voicemail",
    "has_records_of",
    "list_timeline",
    "sentences",
    "summarise_changes",
    "verify",
    "why_no_text",
    "why_not_delivered",
    "write_pack",
]
