"""Answers a missed call with one text."""

from frontdesk.features.textback.jobs import handlers
from frontdesk.features.textback.model import Outcome, Textback, TextbackLimits
from frontdesk.features.textback.queries import measure_first_text_p95
from frontdesk.features.textback.service import answer_missed_call, find_textback

__all__ = [
    "Outcome",
    "Textback",
    "TextbackLimits",
    "answer_missed_call",
    "find_textback",
    "handlers",
    "measure_first_text_p95",
]
