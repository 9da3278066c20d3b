"""The door of a pretended company that speaks JSON: a request is written down, struck by faults, answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec
from aiohttp import web

from frontdesk.providers.twin.arrival import write_down
from frontdesk.providers.twin.faults import API_FAULTS, BEFORE_EFFECT
from frontdesk.providers.twin.mischief import Intended, send_badly
from frontdesk.providers.twin.wire import FaultKind
from frontdesk.providers.twin.world import World

_AFTER_EFFECT: Final = API_FAULTS - BEFORE_EFFECT
_JSON: Final = "application/json"
_encode: Final = msgspec.json.Encoder().encode


class Declined(Exception):
    """A refusal as the company words it."""

    def __init__(self, status: int, document: object, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"declined with {status}")
        self.status = status
        self.document = document
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: the variable pieces of its path, its query, its headers and its body."""

    parts: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An answer; `document` None has no body, `effect` is the id of what it changed."""

    document: object | None = None
    status: int = 200
    headers: Mapping[str, str] | None = None
    effect: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """A request and the answer the company gave, before any fault spoilt it; for tests that check the contract."""

    operation: str
    status: int
    content: bytes


Observer: TypeAlias = Callable[[Answered], None]
Endpoint: TypeAlias = Callable[[Asked], Told]


class Doorway:
    """Serves one company's endpoints; `decline` words a refusal of its own for a status."""

    def __init__(
        self, world: World, decline: Callable[[int], Declined], *, account: str, observer: Observer | None = None
    ) -> None:
        self._world = world
        self._decline = decline
        self._account = account
        self._observer = observer

    def serve(self, operation: str, endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Make a handler of an endpoint."""

        async def serve(request: web.Request) -> web.StreamResponse:
            entry = await write_down(self._world, request, operation)
            entry.account_sid = self._account
            asked = Asked(
                parts=request.match_info, query=request.query, headers=request.headers, body=await request.read()
            )
            fault = None
            try:
                self._fail_before(operation)
                told = endpoint(asked)
                entry.effect = told.effect
                fault = self._world.faults.strike(_AFTER_EFFECT, operation, "")
            except Declined as declined:
                told = Told(document=declined.document, status=declined.status, headers=declined.headers)
            entry.status = told.status
            content = b"" if told.document is None else _encode(told.document)
            if self._observer is not None:
                self._observer(Answered(operation, told.status, content))
            if fault is not None:
                entry.fault = fault.kind
                broken = _encode(self._decline(fault.status or 500).document)
                intended = Intended(status=told.status, content_type=_JSON, content=content, broken=broken)
                return await send_badly(request, fault, intended, entry, self._world.clock)
            if told.document is None:
                return web.Response(status=told.status, headers=told.headers)
            return web.Response(body=content, status=told.status, content_type=_JSON, headers=told.headers)

        return serve

    def _fail_before(self, operation: str) -> None:
        fault = self._world.faults.strike(BEFORE_EFFECT, operation, "")
        if fault is None:
            return
        if fault.kind is FaultKind.RATE_LIMITED:
            declined = self._decline(429)
            if fault.retry_after is not None:
                declined.headers["Retry-After"] = fault.retry_after
            raise declined
        raise self._decline(fault.status)
