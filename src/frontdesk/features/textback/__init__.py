"""Answers a missed call with one text."""

from frontdesk.features.textback.jobs import handlers
from frontdesk.features.textback.model import Outcome, Textback, TextbackLimits
from frontdesk.features.textback.queries import measure_first_text_p95

__all__ = [
    "Outcome",
    "Textback",
    "TextbackLimits",
    "handlers",
    "measure_first_text_p95",
]
