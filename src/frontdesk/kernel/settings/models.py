"""Settings of language models: whose is asked where rules are unsure."""

from __future__ import annotations

from pydantic import Field, SecretStr

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
