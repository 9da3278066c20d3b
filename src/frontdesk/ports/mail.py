"""A letter to one person, and whoever carries it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A plain letter to one person; `words` may hold a link that opens something, so it is shown nowhere."""

    to: str
    subject: str
    words: str
    at: datetime

    def __repr__(self) -> str:
        return f"Letter(subject={self.subject!r})"


class Postman(Protocol):
    """Carries letters; one call is one try."""

    async def carry(self, letter: Letter) -> None:
        """Hand a letter over once; raises ProviderError if it was not, or perhaps not, taken."""
        ...
