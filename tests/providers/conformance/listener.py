"""Our side of the wire in the suite: webhooks are kept to the byte."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from tests.providers.ear import Ear


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as it arrived."""

    url: str
    headers: dict[str, str]
    content_type: str
    body: bytes


class Listener(Ear[Hook]):
    """Answers every POST with `status`."""

    method = "POST"

    def __init__(self) -> None:
        super().__init__()
        self.status = 200

    async def read(self, request: web.Request) -> Hook:
        body = await request.read()
        return Hook(str(request.url), dict(request.headers), request.headers.get("Content-Type", ""), body)

    def answer(self, _request: web.Request) -> web.Response:
        return web.Response(status=self.status)
