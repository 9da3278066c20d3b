"""Language models and the dialogue, put together."""

from __future__ import annotations

from frontdesk.features import delivery, textback
from frontdesk.kernel.settings import Settings
from frontdesk.ports.models import LanguageModel
from frontdesk.providers.http import HttpClient
from frontdesk.providers.openai import OpenAiAccount, OpenAiModel


def dialogue_means(settings: Settings, *, lane: delivery.InlineLane, public_base_url: str) -> textback.Means:
    """Say what the dialogue works with: deposits are taken where payments are set up, a model asked where one is."""
    stripe = settings.stripe
    takes_money = stripe.secret_key is not None and stripe.webhook_secret is not None
    return textback.Means(
        lane=lane,
        has_model=settings.openai.api_key is not None,
        deposit_base_url=public_base_url if takes_money else None,
    )


def model_of(settings: Settings, http: HttpClient) -> LanguageModel | None:
    """Give the model that the settings name, asked through `http`; None without a key."""
    openai = settings.openai
    if openai.api_key is None:
        return None
    account = OpenAiAccount(
        api_key=openai.api_key.get_secret_value(), api_base_url=str(openai.api_base_url), model=openai.model
    )
    return OpenAiModel(account, http)
