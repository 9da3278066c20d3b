"""The verbs of the assistant: have a model read what rules leave unsure, and check whatever it says."""

from frontdesk.features.assistant.service.consulting import consult, question_about
from frontdesk.features.assistant.service.tools import TOOLS, read_tool_call

__all__ = ["TOOLS", "consult", "question_about", "read_tool_call"]
