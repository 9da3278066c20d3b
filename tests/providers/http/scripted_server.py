"""A raw server on the loopback interface that misbehaves exactly as its script says."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from frontdesk.providers.http import Origin

LAST_TURNS = 5
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
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []
    accepted: list[socket.socket] = []

    async def follow(sock: socket.socket) -> None:
        served.connections += 1
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, sock, ssl=ssl_context)
        except ssl.SSLError:
            return
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        writers.append(writer)
        peer = Peer(served.connections, served.requests, reader, writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await script(peer)
        writer.close()

    async def accept(listener: socket.socket) -> None:
        while True:
            sock, _ = await loop.sock_accept(listener)
            accepted.append(sock)
            tasks.add(loop.create_task(follow(sock)))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        served = ScriptedServer(Origin("https" if ssl_context else "http", host, listener.getsockname()[1]))
        accepting = loop.create_task(accept(listener))
        try:
            yield served
        finally:
            await _ended([accepting])
            results = await _ended(tasks)
            for writer in writers:
                writer.transport.abort()
                with suppress(OSError):
                    await writer.wait_closed()
            # A handshake that failed closes its connection in the turns of the loop that follow.
            for _ in range(LAST_TURNS):
                await asyncio.sleep(0)
            for sock in accepted:  # one that was accepted in the last moment is served by nobody
                sock.close()
    failures = [
        result
        for result in results
        if isinstance(result, Exception) and not isinstance(result, ConnectionError | asyncio.IncompleteReadError)
    ]
    assert not failures, failures


async def _ended(tasks: Collection[asyncio.Task[None]]) -> list[BaseException | None]:
    """Cancel tasks and return how each ended."""
    for task in tasks:
        task.cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)


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
