"""Replies that go wrong on the wire after the request took effect, whatever company gives them."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from frontdesk.kernel.clock import Clock
from frontdesk.providers.twin.faults import Fault
from frontdesk.providers.twin.journal import JournalEntry
from frontdesk.providers.twin.wire import FaultKind

_PAGE = b"<!doctype html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """The reply as it should have been, and the company's error document for when it fails afterwards."""

    status: int
    content_type: str
    content: bytes
    broken: bytes


async def send_badly(
    request: web.Request, fault: Fault, reply: Intended, entry: JournalEntry, clock: Clock
) -> web.StreamResponse:
    """Send the reply as the fault has it; the journal gets the status that really left, 0 for none."""
    match fault.kind:
        case FaultKind.REPLY_LOST:
            entry.status = 0
            await clock.sleep(fault.seconds)
            _cut(request, reset=False)
            return web.Response()
        case FaultKind.RESET:
            begun = await _begin(request, reply)
            await begun.write(reply.content[: len(reply.content) // 2])
            _cut(request, reset=True)
            return begun
        case FaultKind.SLOW_LORIS:
            return await _drip(request, reply, clock, fault.seconds)
        case FaultKind.SLOW:
            await clock.sleep(fault.seconds)
            return web.Response(status=reply.status, body=reply.content or None, content_type=reply.content_type)
        case _:
            return _replace(fault, reply, entry)


def _replace(fault: Fault, reply: Intended, entry: JournalEntry) -> web.Response:
    """Make a complete reply that says something else."""
    if fault.kind is FaultKind.TRUNCATED:
        half = reply.content[: len(reply.content) // 2]
        return web.Response(status=reply.status, body=half, content_type=reply.content_type)
    if fault.kind is FaultKind.HTML:
        entry.status = HTTPStatus.OK
        return web.Response(body=_PAGE, content_type="text/html")
    entry.status = fault.status
    return web.Response(status=fault.status, body=reply.broken, content_type="application/json")


async def _begin(request: web.Request, reply: Intended) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status)
    response.content_type = reply.content_type
    response.content_length = len(reply.content)
    await response.prepare(request)
    return response


async def _drip(request: web.Request, reply: Intended, clock: Clock, seconds: float) -> web.StreamResponse:
    response = await _begin(request, reply)
    try:
        for at in range(len(reply.content)):
            await response.write(reply.content[at : at + 1])
            await clock.sleep(seconds)
    except ConnectionError:
        pass
    return response


def _cut(request: web.Request, *, reset: bool) -> None:
    """Close the connection, with a TCP reset if asked for."""
    transport = request.transport
    if transport is None:
        return
    sock = transport.get_extra_info("socket")
    if reset and sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
