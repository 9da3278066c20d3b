"""The client of embeddings: any endpoint that speaks like OpenAI's; refusals are told in our words, with no text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec

from frontdesk.ports import FailureClass, ProviderError
from frontdesk.ports.embedding import MOST_DIMENSIONS, MOST_LETTERS, Wording
from frontdesk.providers.http import HttpClient
from frontdesk.providers.http.posting import post_json

QUESTION_SECONDS = 2.0  # somebody looks at the page that waits for it
TEXTS_SECONDS = 20.0
WORDS = {
    HTTPStatus.UNAUTHORIZED: "refused the key",
    HTTPStatus.FORBIDDEN: "refused the key",
    HTTPStatus.NOT_FOUND: "knows no such address or model",
    HTTPStatus.TOO_MANY_REQUESTS: "was asked too much, or the account is used up",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingsAccount:
    """An account at an endpoint; `api_base_url` ends with the version. 0 `dimensions` leaves them to the model."""

    api_key: str = field(default="", repr=False)
    api_base_url: str = "https://api.openai.com/v1"
    model: str = "text-embedding-3-small"
    dimensions: int = 0
    least_similarity: float = 0.35


class _Embedding(msgspec.Struct):
    index: int
    embedding: list[float]


class _Answer(msgspec.Struct):
    data: list[_Embedding]


class OpenAiEmbedder:
    """Asks an endpoint what texts mean; the texts leave the machine for it."""

    batch = 8

    def __init__(self, account: EmbeddingsAccount, http: HttpClient) -> None:
        self._account = account
        self._http = http

    @property
    def model(self) -> str:
        """The model's name, with its dimensions where they are not its own."""
        dimensions = self._account.dimensions
        return f"{self._account.model}@{dimensions}" if dimensions else self._account.model

    @property
    def least_similarity(self) -> float:
        """The cosine from which two texts mean alike, as set for this model."""
        return self._account.least_similarity

    async def embed(self, texts: Sequence[str], wording: Wording) -> list[Sequence[float]]:
        """Ask once, nothing is repeated: 2 s for a question, 20 s for texts; refuses with ProviderError."""
        if not texts:
            return []
        headers = [("Authorization", f"Bearer {self._account.api_key}")] if self._account.api_key else []
        try:
            answer = await post_json(
                self._http,
                f"{self._account.api_base_url.rstrip('/')}/embeddings",
                self._document(texts),
                provider="embeddings",
                headers=headers,
                deadline_seconds=QUESTION_SECONDS if wording is Wording.QUESTION else TEXTS_SECONDS,
            )
        except ProviderError as refusal:
            raise _told(refusal) from refusal
        return _read(answer.body, len(texts))

    def close(self) -> None:
        """Do nothing: whoever made the client closes it."""

    def _document(self, texts: Sequence[str]) -> dict[str, object]:
        document: dict[str, object] = {
            "model": self._account.model,
            "input": [text[:MOST_LETTERS] for text in texts],
            "encoding_format": "float",
        }
        return document | ({"dimensions": self._account.dimensions} if self._account.dimensions else {})


def _read(body: bytes, wanted: int) -> list[Sequence[float]]:
    """Read the vectors in the order of the texts, each brought to length 1."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _unusable("the endpoint's answer holds no embeddings") from error
    by_index = {one.index: one.embedding for one in answer.data}
    if len(answer.data) != wanted or by_index.keys() != set(range(wanted)):
        raise _unusable("the endpoint did not answer for every text")
    return [_unit(by_index[index]) for index in range(wanted)]


def _unit(vector: list[float]) -> list[float]:
    length = math.sqrt(sum(value * value for value in vector))
    if not 0 < len(vector) <= MOST_DIMENSIONS or not math.isfinite(length) or length == 0:
        raise _unusable(f"the endpoint's vectors are unusable: 1 to {MOST_DIMENSIONS:,} dimensions are kept")
    return [value / length for value in vector]


def _told(refusal: ProviderError) -> ProviderError:
    """Tell a refusal without the endpoint's own words, which may quote what people wrote."""
    status = refusal.http_status
    known = WORDS.get(HTTPStatus(status)) if status in {one.value for one in HTTPStatus} else None
    words = f"the endpoint {known or f'answered {status}'}" if status else "the endpoint did not answer"
    return ProviderError(
        words,
        provider=refusal.provider,
        failure=refusal.failure,
        permanent=refusal.permanent,
        retry_after=refusal.retry_after,
        http_status=status,
    )


def _unusable(why: str) -> ProviderError:
    return ProviderError(why, provider="embeddings", failure=FailureClass.UNAVAILABLE, permanent=False)
