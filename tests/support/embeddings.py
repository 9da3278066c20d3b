"""An endpoint for embeddings on the loopback interface: checks what it is asked, and fails as told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import jsonschema  # type: ignore[import-untyped]  # it has no types
from aiohttp import web

KEY = "sk-of-the-tests"
# What `POST /embeddings` is documented to take.
REQUEST = {
    "type": "object",
    "additionalProperties": False,
    "required": ["model", "input"],
    "properties": {
        "model": {"type": "string"},
        "input": {
            "oneOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "minItems": 1, "maxItems": 2048, "items": {"type": "string", "minLength": 1}},
            ]
        },
        "encoding_format": {"enum": ["float", "base64"]},
        "dimensions": {"type": "integer", "minimum": 1},
        "user": {"type": "string"},
    },
}
# What words are about, one dimension each; the last stands for everything else.
SUBJECTS = (
    ("water", "leak", "pipe", "drip", "agua"),
    ("price", "cost", "quote", "charge"),
    ("friday", "move", "later"),
)


@dataclass
class Endpoint:
    """What the endpoint was asked, and what it is to do: `status` other than 200 refuses, `garbled` answers nonsense.

    Texts with the word in `refuses` are refused as they are.
    """

    url: str = ""
    status: int = 200
    garbled: str = ""
    refuses: str = ""
    asked: list[list[str]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    documents: list[dict[str, object]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """List every text that it was asked about, in order."""
        return [text for texts in self.asked for text in texts]

    async def answer(self, request: web.Request) -> web.Response:
        """Answer as OpenAI documents it, the last text first: the order is told by `index` alone."""
        document = await request.json()
        jsonschema.validate(document, REQUEST)
        texts = document["input"]
        self.asked.append(texts)
        self.documents.append(document)
        self.keys.append(request.headers.get("Authorization"))
        if self.status != 200:
            return web.json_response({"error": {"message": f"no: {texts[0]}", "type": "x"}}, status=self.status)
        if self.refuses and any(self.refuses in text for text in texts):
            return web.json_response({"error": {"message": "invalid input"}}, status=400)
        if self.garbled:
            return web.Response(text=self.garbled, content_type="application/json")
        data = [
            {"object": "embedding", "index": index, "embedding": vector_of(text)} for index, text in enumerate(texts)
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        body = {"object": "list", "data": data[::-1], "model": document["model"], "usage": usage}
        return web.Response(text=json.dumps(body), content_type="application/json")


def vector_of(text: str) -> list[float]:
    """Tell what a text is about, far from length 1."""
    words = text.lower()
    found = [3.0 * sum(word in words for word in subject) for subject in SUBJECTS]
    return [*found, 0.5 if any(found) else 3.0]


@asynccontextmanager
async def open_endpoint() -> AsyncIterator[Endpoint]:
    """Open the endpoint on a free port; its `url` ends with the version."""
    endpoint = Endpoint()
    app = web.Application()
    app.router.add_post("/v1/embeddings", endpoint.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield endpoint
    finally:
        await runner.cleanup()
