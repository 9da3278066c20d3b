"""Replies that go wrong on the wire after the request took effect."""

from __future__ import annotations

import socket
import struct
from http import HTTPStatus

import msgspec
from aiohttp import web

from frontdesk.kernel.clock import Clock
from frontdesk.providers.twin.faults import Fault
from frontdesk.providers.twin.journal import JournalEntry
from frontdesk.providers.twin.twilio.errors import TwilioRefusal
from frontdesk.providers.twin.twilio.exchange import Reply
from frontdesk.providers.twin.wire import FaultKind

_PAGE = b"<!doctype html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>"


async def send_badly(
    request: web.Request, fault: Fault, reply: Reply, content: bytes, entry: JournalEntry, clock: Clock
) -> web.StreamResponse:
    """Send the reply as the fault has it; the journal gets the status that really left, 0 for none."""
    match fault.kind:
        case FaultKind.REPLY_LOST:
            entry.status = 0
            await clock.sleep(fault.seconds)
            _cut(request, reset=False)
            return web.Response()
        case FaultKind.RESET:
            begun = await _begin(request, reply, content)
            await begun.write(content[: len(content) // 2])
            _cut(request, reset=True)
            return begun
        case FaultKind.SLOW_LORIS:
            return await _drip(request, reply, content, clock, fault.seconds)
        case FaultKind.SLOW:
            await clock.sleep(fault.seconds)
            return web.Response(status=reply.status, body=content or None, content_type=reply.content_type)
        case _:
            return _replace(fault, reply, content, entry)


def _replace(fault: Fault, reply: Reply, content: bytes, entry: JournalEntry) -> web.Response:
    """Make a complete reply that says something else."""
    if fault.kind is FaultKind.TRUNCATED:
        return web.Response(status=reply.status, body=content[: len(content) // 2], content_type=reply.content_type)
    if fault.kind is FaultKind.HTML:
        entry.status = HTTPStatus.OK
        return web.Response(body=_PAGE, content_type="text/html")
    refusal = TwilioRefusal(20500, status=fault.status)
    entry.status = fault.status
    body = msgspec.json.encode(refusal.document())
    return web.Response(status=fault.status, body=body, content_type="application/json")


async def _begin(request: web.Request, reply: Reply, content: bytes) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status)
    response.content_type = reply.content_type
    response.content_length = len(content)
    await response.prepare(request)
    return response


async def _drip(request: web.Request, reply: Reply, content: bytes, clock: Clock, seconds: float) -> web.StreamResponse:
    response = await _begin(request, reply, content)
    try:
        for at in range(len(content)):
            await response.write(content[at : at + 1])
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
