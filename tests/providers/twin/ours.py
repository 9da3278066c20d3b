"""Our side of the wire in the twin's tests: a small server that takes webhooks and answers as told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as it arrived."""

    path: str
    method: str
    fields: dict[str, str]
    headers: dict[str, str]


class Ours:
    """Listens on a free port; `answers` maps a path to the TwiML it answers, or to a status."""

    def __init__(self) -> None:
        self.answers: dict[str, str | int] = {}
        self.hooks: list[Hook] = []
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def _take(self, request: web.Request) -> web.Response:
        form = await request.post()
        pairs = form if request.method == "POST" else request.query
        fields = {name: str(value) for name, value in pairs.items()}
        async with self._changed:
            self.hooks.append(Hook(request.path, request.method, fields, dict(request.headers)))
            self._changed.notify_all()
        answer = self.answers.get(request.path, "<Response/>")
        if isinstance(answer, int):
            return web.Response(status=answer)
        return web.Response(text=answer, content_type="text/xml")

    def at(self, path: str) -> list[Hook]:
        """List what arrived at a path."""
        return [hook for hook in self.hooks if hook.path == path]

    async def until(self, met: Callable[[], bool]) -> None:
        """Wait for arrivals until `met`; fails after 5 s."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(met)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()
