"""What is going on: the live timeline of a business, and what became of each call."""

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
    find_changed_entries,
    find_voicemail,
    list_timeline,
    summarise_changes,
)

__all__ = [
    "CallEntry",
    "Changes",
    "Entry",
    "TextEntry",
    "TextState",
    "Voicemail",
    "find_changed_entries",
    "find_voicemail",
    "list_timeline",
    "summarise_changes",
    "why_no_text",
    "why_not_delivered",
]
