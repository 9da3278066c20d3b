"""What becomes of missed calls and of the texts that follow."""

from frontdesk.features.textback.model.answers import Outcome, Textback, TextbackLimits, why_not

__all__ = ["Outcome", "Textback", "TextbackLimits", "why_not"]
