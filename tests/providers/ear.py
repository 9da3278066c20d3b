"""Our side of the wire: a small server on a free port that takes webhooks, and tests that wait for them."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from aiohttp import web

_Hook = TypeVar("_Hook")


class Ear(ABC, Generic[_Hook]):
    """Keeps every webhook as its kind of test wants it, and answers as told; another `method` is refused with 405."""

    method = "*"

    def __init__(self) -> None:
        self.hooks: list[_Hook] = []
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self.url = ""

    @abstractmethod
    async def read(self, request: web.Request) -> _Hook:
        """Make a request what the tests look at."""

    @abstractmethod
    def answer(self, request: web.Request) -> web.Response:
        """Answer a request."""

    async def _take(self, request: web.Request) -> web.Response:
        hook = await self.read(request)
        async with self._changed:
            self.hooks.append(hook)
            self._changed.notify_all()
        return self.answer(request)

    async def until(self, met: Callable[[], bool]) -> None:
        """Wait for arrivals until `met`; fails after 5 s."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(met)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route(self.method, "/{path:.*}", self._take)
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
