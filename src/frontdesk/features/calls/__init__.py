"""Calls to a business: answered, missed, and the messages callers leave."""

from frontdesk.features.calls.jobs import handlers
from frontdesk.features.calls.model import (
    Call,
    CallAddresses,
    MissedRule,
    answer_call,
    take_message,
    why_missed,
)
from frontdesk.features.calls.service import (
    end_dial,
    find_called_number,
    get_call,
    keep_voicemail,
    list_calls,
    start_call,
    update_call,
)

__all__ = [
    "Call",
    "CallAddresses",
    "MissedRule",
    "answer_call",
    "end_dial",
    "find_called_number",
    "get_call",
    "handlers",
    "keep_voicemail",
    "list_calls",
    "start_call",
    "take_message",
    "update_call",
    "why_missed",
]
