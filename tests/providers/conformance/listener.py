"""Our side of the wire: a small server that keeps webhooks to the byte and answers as told."""

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

    url: str
    headers: dict[str, str]
    content_type: str
    body: bytes


class Listener:
    """Listens on a free port and answers every POST with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.hooks: list[Hook] = []
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        hook = Hook(str(request.url), dict(request.headers), request.headers.get("Content-Type", ""), body)
        async with self._changed:
            self.hooks.append(hook)
            self._changed.notify_all()
        return web.Response(status=self.status)

    async def until(self, met: Callable[[], bool]) -> None:
        """Wait for arrivals until `met`; fails after 5 s."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(met)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
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
