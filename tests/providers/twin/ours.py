"""Our side of the wire in the twin's tests: webhooks are read as forms and answered as told."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from tests.providers.ear import Ear


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as it arrived."""

    path: str
    method: str
    fields: dict[str, str]
    headers: dict[str, str]


class Ours(Ear[Hook]):
    """`answers` maps a path to the TwiML it answers, or to a status."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, str | int] = {}

    async def read(self, request: web.Request) -> Hook:
        form = await request.post()
        pairs = form if request.method == "POST" else request.query
        fields = {name: str(value) for name, value in pairs.items()}
        return Hook(request.path, request.method, fields, dict(request.headers))

    def answer(self, request: web.Request) -> web.Response:
        answer = self.answers.get(request.path, "<Response/>")
        if isinstance(answer, int):
            return web.Response(status=answer)
        return web.Response(text=answer, content_type="text/xml")

    def at(self, path: str) -> list[Hook]:
        """List what arrived at a path."""
        return [hook for hook in self.hooks if hook.path == path]
