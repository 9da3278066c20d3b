"""Embedders: what a text means, as a vector; texts that mean alike point the same way."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

MOST_DIMENSIONS = 4096
MOST_LETTERS = 1600
"""As long as a text may be; what is longer is cut."""


class Wording(StrEnum):
    """What a text is for: some models read a question differently from what it may find."""

    QUESTION = "question"
    TEXT = "text"


class Embedder(Protocol):
    """Whoever tells what texts mean."""

    @property
    def model(self) -> str:
        """The model's name: vectors of two models cannot be compared."""
        ...

    @property
    def batch(self) -> int:
        """How many texts it takes at once without holding others up."""
        ...

    @property
    def least_similarity(self) -> float:
        """The cosine from which two texts mean alike to this model."""
        ...

    async def embed(self, texts: Sequence[str], wording: Wording) -> list[Sequence[float]]:
        """Tell what each text means, in order, as vectors of length 1; refuses with ProviderError."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...
