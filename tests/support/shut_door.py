"""An address where connections are begun and never made, until it is opened."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from types import TracebackType
from typing import Self

CHUNK = 65_536


class ShutDoor:
    """Stands before `url`, a loopback address; shut, its queue is full and the kernel lets nobody in.

    A client that connects waits as if the other side were unreachable: nothing of its request has left. `open`
    lets everybody in and passes bytes on.
    """

    def __init__(self, url: str) -> None:
        self._port = int(url.rpartition(":")[2])
        self._server: asyncio.Server | None = None
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self._fillers = [socket.socket() for _ in range(2)]
        for filler in self._fillers:
            filler.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                filler.connect(self._listener.getsockname())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    async def open(self) -> None:
        """Let in who waits, and everybody after."""
        for filler in self._fillers:
            filler.close()
        self._server = await asyncio.start_server(self._pass_on, sock=self._listener)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            far_writer.close()
            writer.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for filler in self._fillers:
            filler.close()
        if self._server is not None:
            self._server.close()
        self._listener.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
