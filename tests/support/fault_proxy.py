"""A TCP proxy that spoils connections on purpose, with toxiproxy's verbs."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

_CHUNK = 16_384
_RESET = struct.pack("ii", 1, 0)


class Direction(StrEnum):
    """Which way a toxic works: what the client sends, or what the server answers."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


@dataclass(frozen=True, slots=True)
class Latency:
    """Holds every chunk back for `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """Lets `bytes_per_second` through."""

    bytes_per_second: float


@dataclass(frozen=True, slots=True)
class Timeout:
    """Swallows everything; closes after `seconds`, never if None."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class ResetPeer:
    """Resets the client's connection once `after_bytes` have passed."""

    after_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Slicer:
    """Cuts chunks into slices of about `size` bytes, `seconds` apart."""

    size: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class LimitData:
    """Closes the connection after `limit` bytes."""

    limit: int


Toxic = Latency | Bandwidth | Timeout | ResetPeer | Slicer | LimitData


class _Cut(Exception):
    """The connection is to end now; with `reset`, rudely."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__()
        self.reset = reset


class FaultProxy:
    """Listens on a free loopback port and passes bytes on to `host:port`; toxics apply to connections made later.

    `sleep` can be replaced, so that a test needs no real time.
    """

    def __init__(
        self, host: str, port: int, *, seed: int = 1, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._host, self._port = host, port
        self._sleep = sleep
        self._chance = random.Random(seed)
        self._toxics: dict[Direction, list[Toxic]] = {Direction.UPSTREAM: [], Direction.DOWNSTREAM: []}
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.accepted = 0
        self.passed = {Direction.UPSTREAM: 0, Direction.DOWNSTREAM: 0}

    @property
    def port(self) -> int:
        """Tell the port it listens on."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def add(self, toxic: Toxic, direction: Direction = Direction.DOWNSTREAM) -> None:
        """Add a toxic; several work one after the other."""
        self._toxics[direction].append(toxic)

    def clear(self) -> None:
        """Pass everything on again, for connections made later."""
        for toxics in self._toxics.values():
            toxics.clear()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._join(reader, writer)
        finally:
            self._connections.discard(task)
            await _close(writer)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            return
        up = asyncio.create_task(self._pass(reader, far_writer, Direction.UPSTREAM))
        down = asyncio.create_task(self._pass(far_reader, writer, Direction.DOWNSTREAM))
        try:
            done, _ = await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            cuts = [error for task in done if isinstance(error := task.exception(), _Cut)]
            if cuts and cuts[0].reset:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                writer.transport.abort()
            elif not cuts and up in done:
                await asyncio.wait((down,))
        finally:
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            await _close(far_writer)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction) -> None:
        toxics = tuple(self._toxics[direction])
        passed = 0
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(_CHUNK):
                for piece in self._slices(chunk, toxics):
                    allowed = await self._suffer(piece, toxics, passed)
                    writer.write(allowed)
                    await writer.drain()
                    passed += len(allowed)
                    self.passed[direction] += len(allowed)
                    self._end_of_line(toxics, passed)
            if not any(isinstance(toxic, Timeout) for toxic in toxics):
                writer.write_eof()

    def _slices(self, chunk: bytes, toxics: tuple[Toxic, ...]) -> list[bytes]:
        slicer = next((toxic for toxic in toxics if isinstance(toxic, Slicer)), None)
        if slicer is None:
            return [chunk]
        pieces: list[bytes] = []
        while chunk:
            size = max(1, slicer.size + self._chance.randint(-slicer.size // 4, slicer.size // 4))
            pieces.append(chunk[:size])
            chunk = chunk[size:]
        return pieces

    async def _suffer(self, piece: bytes, toxics: tuple[Toxic, ...], passed: int) -> bytes:
        """Wait as the toxics demand; tell how much of the piece gets through."""
        for toxic in toxics:
            match toxic:
                case Latency(seconds) | Slicer(_, seconds):
                    await self._sleep(seconds)
                case Bandwidth(rate):
                    await self._sleep(len(piece) / rate)
                case Timeout(None):
                    await asyncio.get_running_loop().create_future()
                case Timeout(seconds) if seconds is not None:
                    await self._sleep(seconds)
                    raise _Cut(reset=False)
                case LimitData(limit) | ResetPeer(limit):
                    piece = piece[: limit - passed]
                case _:
                    raise AssertionError(toxic)
        return piece

    def _end_of_line(self, toxics: tuple[Toxic, ...], passed: int) -> None:
        for toxic in toxics:
            if isinstance(toxic, LimitData) and passed >= toxic.limit:
                raise _Cut(reset=False)
            if isinstance(toxic, ResetPeer) and passed >= toxic.after_bytes:
                raise _Cut(reset=True)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
