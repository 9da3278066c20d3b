"""A program outside that is told of events: it checks each signature as the documentation says, and notes the rest."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Message:
    """One request that came in."""

    id: str
    timestamp: int
    signatures: list[str]
    body: bytes

    @property
    def type(self) -> str:
        """Tell which event it is about."""
        return str(json.loads(self.body)["type"])

    def is_signed_with(self, secret: str) -> bool:
        """Check the signature, as the standard describes."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.id}.{self.timestamp}.".encode() + self.body
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return any(hmac.compare_digest(f"v1,{expected}", one) for one in self.signatures)


@dataclass
class Receiver:
    """Answers with `status`, unless told to hold its answers back."""

    url: str = ""
    status: int = 200
    got: list[Message] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request and answer it."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        signatures = next(line for line in head.split("\r\n") if line.lower().startswith("webhook-signature"))
        body = await reader.readexactly(int(headers["content-length"]))
        self.got.append(
            Message(
                headers["webhook-id"],
                int(headers["webhook-timestamp"]),
                signatures.partition(": ")[2].split(" "),
                body,
            )
        )
        await self.answers.wait()
        location = "Location: https://example.com/\r\n" if 300 <= self.status < 400 else ""
        phrase = HTTPStatus(self.status).phrase
        writer.write(f"HTTP/1.1 {self.status} {phrase}\r\n{location}Content-Length: 0\r\n\r\n".encode())
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Open a receiver on loopback."""
    receiver = Receiver()
    receiver.answers.set()
    server = await asyncio.start_server(receiver.welcome, "127.0.0.1", 0)
    async with server:
        receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/in"
        yield receiver
        receiver.answers.set()
