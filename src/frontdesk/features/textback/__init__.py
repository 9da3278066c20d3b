"""Answers a missed call with one text, and what the person replies until they are booked or a person takes over."""

from frontdesk.features.textback.dialogue import (
    DialogueSettings,
    Means,
    change_settings,
    get_settings,
)
from frontdesk.features.textback.jobs import add_dialogue_workflow, handlers
from frontdesk.features.textback.model import Outcome, Textback, TextbackLimits
from frontdesk.features.textback.queries.answers import measure_first_text_p95

__all__ = [
    "DialogueSettings",
    "Means",
    "Outcome",
    "Textback",
    "TextbackLimits",
    "add_dialogue_workflow",
    "change_settings",
    "get_settings",
    "handlers",
    "measure_first_text_p95",
]
