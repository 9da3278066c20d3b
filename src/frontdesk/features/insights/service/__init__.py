"""The verbs of insights: the timeline, and the compliance pack with its check."""

from frontdesk.features.insights.service.packing import Pack, has_records_of, write_pack
from frontdesk.features.insights.service.timeline import (
    find_changed_entries,
    find_voicemail,
    list_timeline,
    report_call,
    summarise_changes,
)
from frontdesk.features.insights.service.verifying import Report, sentences, verify

__all__ = [
    "Pack",
    "Report",
    "find_changed_entries",
    "find_voicemail",
    "has_records_of",
    "list_timeline",
    "report_call",
    "sentences",
    "summarise_changes",
    "verify",
    "write_pack",
]
