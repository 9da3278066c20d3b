"""Telnyx's HTTP API at the door: arrival, authentication, faults, operation, reply."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec
from aiohttp import web

from frontdesk.providers.twin.arrival import write_down
from frontdesk.providers.twin.faults import API_FAULTS, BEFORE_EFFECT, Fault
from frontdesk.providers.twin.journal import JournalEntry
from frontdesk.providers.twin.mischief import Intended, send_badly
from frontdesk.providers.twin.telnyx.errors import TelnyxRefusal
from frontdesk.providers.twin.telnyx.exchange import ApiCall, Operation, Reply
from frontdesk.providers.twin.telnyx.messages_api import MessagesApi
from frontdesk.providers.twin.telnyx.shapes import MEDIA_PATH, ORGANIZATION
from frontdesk.providers.twin.telnyx.state import TelnyxState
from frontdesk.providers.twin.wire import FaultKind
from frontdesk.providers.twin.world import World

_AFTER_EFFECT: Final = API_FAULTS - BEFORE_EFFECT
_JSON: Final = "application/json"
_encode: Final = msgspec.json.Encoder().encode

Endpoint: TypeAlias = Callable[[ApiCall], Reply]


class _Addressed(msgspec.Struct):
    to: str = ""


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """A request and the answer the API gave, before any fault spoilt it; for tests that check the contract."""

    method: str
    path: str
    operation: Operation
    status: int
    content: bytes


CallObserver: TypeAlias = Callable[[AnsweredCall], None]


class TelnyxApi:
    """The routes under `/v2`, and the files that came with messages."""

    def __init__(
        self, world: World, state: TelnyxState, messages: MessagesApi, *, api_key: str, observer: CallObserver | None
    ) -> None:
        self._world = world
        self._state = state
        self._messages = messages
        self._api_key = api_key
        self._observer = observer

    def routes(self) -> list[web.RouteDef]:
        """List the routes, the busiest first."""
        table: list[tuple[str, str, Operation, Endpoint]] = [
            ("POST", "/v2/messages", Operation.MESSAGES_CREATE, self._messages.create),
            ("GET", "/v2/messages/{id}", Operation.MESSAGES_FETCH, self._messages.fetch),
            ("GET", "/v2/detail_records", Operation.RECORDS_LIST, self._messages.list_records),
            ("*", "/v2/{rest:.*}", Operation.UNKNOWN, _nothing_there),
        ]
        routes = [web.route(method, path, self._serve(what, how)) for method, path, what, how in table]
        return [*routes, web.get(MEDIA_PATH + "/{id}", self._serve_media)]

    async def _serve_media(self, request: web.Request) -> web.Response:
        """Give a file to whoever knows its address, as Telnyx does."""
        media = self._state.media.get(request.match_info["id"])
        if media is None:
            return web.Response(status=404)
        return web.Response(body=media.content, content_type=media.content_type)

    def _serve(
        self, operation: Operation, endpoint: Endpoint
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            entry = await write_down(self._world, request, operation)
            entry.account_sid = ORGANIZATION
            return await self._answer(request, operation, endpoint, entry, await request.read())

        return serve

    async def _answer(
        self, request: web.Request, operation: Operation, endpoint: Endpoint, entry: JournalEntry, body: bytes
    ) -> web.StreamResponse:
        recipient = _recipient_of(body)
        fault: Fault | None = None
        headers: Mapping[str, str] = {}
        try:
            self._authenticate(request)
            headers = self._fail_before(operation, recipient, entry)
            reply = endpoint(
                ApiCall(
                    path=entry.path,
                    parts=request.match_info,
                    query=request.query,
                    body=body,
                    key=request.headers.get("Idempotency-Key", ""),
                    now=self._world.now(),
                )
            )
            entry.effect = reply.effect
            if reply.before is not None:
                await reply.before
            fault = self._world.faults.strike(_AFTER_EFFECT, operation, recipient)
        except _Spoilt as spoilt:
            reply, headers = Reply(spoilt.refusal.status, spoilt.refusal.document()), spoilt.headers
        except TelnyxRefusal as refusal:
            reply = Reply(refusal.status, refusal.document())
        entry.status = reply.status
        content = reply.content if reply.document is None else _encode(reply.document)
        if self._observer is not None:
            self._observer(AnsweredCall(request.method, entry.path, operation, reply.status, content))
        if fault is not None:
            entry.fault = fault.kind
            broken = _encode(TelnyxRefusal(10007, status=fault.status).document())
            intended = Intended(status=reply.status, content_type=_JSON, content=content, broken=broken)
            return await send_badly(request, fault, intended, entry, self._world.clock)
        return web.Response(body=content, status=reply.status, content_type=_JSON, headers=headers)

    def _fail_before(self, operation: Operation, recipient: str, entry: JournalEntry) -> Mapping[str, str]:
        fault = self._world.faults.strike(BEFORE_EFFECT, operation, recipient)
        if fault is None:
            return {}
        entry.fault = fault.kind
        if fault.kind is FaultKind.REFUSED:
            raise TelnyxRefusal(fault.code, status=fault.status)
        if fault.kind is FaultKind.RATE_LIMITED:
            # Telnyx tells the seconds until its window starts anew, not Retry-After.
            wait = {"x-ratelimit-reset": fault.retry_after} if fault.retry_after is not None else {}
            raise _Spoilt(TelnyxRefusal(10011, detail="You have exceeded the maximum number of requests."), wait)
        raise TelnyxRefusal(10007, status=fault.status)

    def _authenticate(self, request: web.Request) -> None:
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not hmac.compare_digest(key.strip().encode(), self._api_key.encode()):
            raise TelnyxRefusal(10009, detail="The API key is missing or not valid.")


class _Spoilt(Exception):
    """A refusal with headers of its own."""

    def __init__(self, refusal: TelnyxRefusal, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.refusal = refusal
        self.headers = headers


def _recipient_of(body: bytes) -> str:
    """Read for whom a request is, so that faults can pick; whatever is wrong with it is told later."""
    if not body:
        return ""
    try:
        return msgspec.json.decode(body, type=_Addressed).to
    except msgspec.MsgspecError:
        return ""


def _nothing_there(call: ApiCall) -> Reply:
    raise TelnyxRefusal(10005, detail=call.path)
