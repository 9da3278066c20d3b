"""The automatic dialogue: understands a reply, offers free slots, books, moves and calls off, or fetches a person."""

from frontdesk.features.textback.dialogue.acting import HANDED_OVER
from frontdesk.features.textback.dialogue.service import (
    ASK_MODEL,
    Means,
    answer_message,
    answer_text,
    answer_with_model,
    change_settings,
    get_settings,
    give_back,
    question_for_model,
)
from frontdesk.features.textback.queries.dialogues import DialogueSettings

__all__ = [
    "ASK_MODEL",
    "HANDED_OVER",
    "DialogueSettings",
    "Means",
    "answer_message",
    "answer_text",
    "answer_with_model",
    "change_settings",
    "get_settings",
    "give_back",
    "question_for_model",
]
