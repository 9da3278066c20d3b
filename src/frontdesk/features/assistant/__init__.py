"""Understands what people write, by rules and, where one is configured, by a language model."""

from frontdesk.features.assistant.service import consult, question_about, read_tool_call
from frontdesk.features.assistant.understanding.meaning import (
    AsksQuestion,
    AsksTime,
    ChoosesOffer,
    Confirms,
    Context,
    Declines,
    Grain,
    Language,
    Meaning,
    Reading,
    Sure,
    Thanks,
    TimeWindow,
    Unsure,
    WantsAppointment,
    WantsCancel,
    WantsChange,
    WantsPerson,
    WeeklyHours,
)
from frontdesk.features.assistant.understanding.reading import understand
from frontdesk.ports.models import LanguageModel, ToolCall

__all__ = [
    "AsksQuestion",
    "AsksTime",
    "ChoosesOffer",
    "Confirms",
    "Context",
    "Declines",
    "Grain",
    "Language",
    "LanguageModel",
    "Meaning",
    "Reading",
    "Sure",
    "Thanks",
    "TimeWindow",
    "ToolCall",
    "Unsure",
    "WantsAppointment",
    "WantsCancel",
    "WantsChange",
    "WantsPerson",
    "WeeklyHours",
    "consult",
    "question_about",
    "read_tool_call",
    "understand",
]
