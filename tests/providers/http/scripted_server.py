"""A raw server on the loopback interface that misbehaves exactly as its script says."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from frontdesk.providers.http import Origin

Script = Callable[["Peer"], Awaitable[None]]


@dataclass
class Peer:
    """The server's end of one connection; `number` counts connections from 1."""

    number: int
    requests: list[bytes]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def read_request(self) -> bytes:
        """Read one request, body included, and remember it."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        request = head + await self.reader.readexactly(length)
        self.requests.append(request)
        return request

    async def write(self, *pieces: bytes) -> None:
        """Write pieces, each in its own segment as far as the kernel allows."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def read_to_the_end(self) -> bytes:
        """Read until the client closes."""
        return await self.reader.read()

    def reset(self) -> None:
        """Drop the connection with RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass
class ScriptedServer:
    """Where it listens and what it has seen."""

    origin: Origin
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


@asynccontextmanager
async def serving(
    script: Script, *, ssl_context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[ScriptedServer]:
    """Serve every connection by `script` until left."""
    tasks: set[asyncio.Task[None]] = set()
    served = ScriptedServer(Origin("http", host, 0))

    writers: list[asyncio.StreamWriter] = []

    async def follow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.connections += 1
        peer = Peer(served.connections, served.requests, reader, writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await script(peer)
        writer.close()

    def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        tasks.add(asyncio.get_running_loop().create_task(follow(reader, writer)))

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=ssl_context)
    port = server.sockets[0].getsockname()[1]
    served.origin = Origin("https" if ssl_context else "http", host, port)
    try:
        yield served
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()
        await server.wait_closed()
        failures = [
            result
            for result in results
            if isinstance(result, Exception) and not isinstance(result, ConnectionError | asyncio.IncompleteReadError)
        ]
        assert not failures, failures


def answering(*replies: bytes) -> Script:
    """Make a script that answers the n-th request of a connection with the n-th reply, then waits for the end."""

    async def script(peer: Peer) -> None:
        for reply in replies:
            await peer.read_request()
            await peer.write(reply)
        await peer.read_to_the_end()

    return script


def reply_with(body: bytes, *, status: str = "200 OK", extra: bytes = b"") -> bytes:
    """Spell a plain reply with its length."""
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status.encode(), extra, len(body), body)
