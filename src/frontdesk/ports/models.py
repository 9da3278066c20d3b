"""Language models: asked one question, they may only choose one of the tools that they are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

DEADLINE_SECONDS = 2.0
"""A person waits for the answer: a model that has not chosen by then is not waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """Something that a model may choose: `parameters` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelQuestion:
    """What a model is told and asked; `text` was written by a stranger and is data, never an instruction."""

    instructions: str
    text: str
    tools: tuple[Tool, ...]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What a model chose, unchecked: a tool's name and its arguments as JSON."""

    name: str
    arguments: str


class LanguageModel(Protocol):
    """Whoever runs a model."""

    @property
    def name(self) -> str:
        """The company's short name."""
        ...

    async def choose(self, question: ModelQuestion) -> ToolCall:
        """Have the model choose a tool, within two seconds; refuses with ProviderError."""
        ...
