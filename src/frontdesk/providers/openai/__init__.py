"""Models that speak OpenAI's chat completions, and those that speak its embeddings."""

from frontdesk.providers.openai.client import OpenAiAccount, OpenAiModel
from frontdesk.providers.openai.embedder import EmbeddingsAccount, OpenAiEmbedder

__all__ = ["EmbeddingsAccount", "OpenAiAccount", "OpenAiEmbedder", "OpenAiModel"]
