"""Language models that speak OpenAI's chat completions."""

from frontdesk.providers.openai.client import OpenAiAccount, OpenAiModel

__all__ = ["OpenAiAccount", "OpenAiModel"]
