"""What people get in with, for tests: an authenticator app, a mailbox, and a device that keeps passkeys."""

from __future__ import annotations

import asyncio
import hashlib
import html
import json
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy

import httpx2
import pyotp
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from tests.support.house import House
from tests.support.office import TravelClock

SECRET = re.compile(r'class="entry-secret">([A-Z2-7 ]+)<')
CODES = re.compile(r"<li><code>([0-9a-z-]+)</code></li>")
CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')


@dataclass
class App:
    """An authenticator app that tells the time by the test's clock."""

    secret: str
    clock: TravelClock

    def code(self, *, steps: int = 0) -> str:
        """Show the code of now, or of some steps later."""
        return pyotp.TOTP(self.secret).at(self.clock.now() + timedelta(seconds=30 * steps))


async def set_up_app(client: httpx2.AsyncClient, clock: TravelClock) -> tuple[App, list[str]]:
    """Set an app up as a person does, and return it with the recovery codes; half a minute goes by."""
    assert (await client.post("/account/app")).headers["location"] == "/account/app"
    begun = await client.get("/account/app", headers={"Accept": "text/html"})
    found = SECRET.search(begun.text)
    assert found is not None, begun.text
    app = App(found[1].replace(" ", ""), clock)
    done = await client.post("/account/app/confirm", data={"code": app.code()})
    assert done.status_code == 200, done.text
    pass_by(clock, 30)
    return app, CODES.findall(done.text)


def pass_by(clock: TravelClock, seconds: float) -> None:
    """Let time go by."""
    clock.ahead += timedelta(seconds=seconds)


def renew_csrf(client: httpx2.AsyncClient, page: str) -> None:
    """Repeat the token that a page carries from now on."""
    found = CSRF.search(page)
    assert found is not None
    client.headers["X-CSRF-Token"] = found[1]


@dataclass
class Mailbox:
    """A mail server that takes everything and delivers nothing."""

    port: int = 0
    letters: asyncio.Queue[tuple[str, str]] = field(default_factory=asyncio.Queue)

    def settings(self) -> dict[str, str]:
        """Name the settings that lead here."""
        return {
            "SMTP_FROM": "frontdesk@example.com",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.port),
            "SMTP_SECURITY": "none",
        }

    async def next_letter(self) -> tuple[str, str]:
        """Wait for a letter: to whom, and its words."""
        async with asyncio.timeout(20):
            return await self.letters.get()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak the mail protocol to one client."""
        writer.write(b"220 mailbox\r\n")
        to = ""
        while line := await reader.readline():
            verb = line.strip().upper()
            if verb.startswith(b"RCPT TO:"):
                to = line.decode().partition("<")[2].partition(">")[0]
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                raw = await reader.readuntil(b"\r\n.\r\n")
                letter = message_from_bytes(raw[:-5], policy=policy.default)
                body = letter.get_body()
                assert body is not None
                await self.letters.put((to, body.get_content()))
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            await writer.drain()
            if verb == b"QUIT":
                break
        writer.close()


@asynccontextmanager
async def open_mailbox() -> AsyncIterator[Mailbox]:
    """Open a mailbox for one test."""
    mailbox = Mailbox()
    server = await asyncio.start_server(mailbox.converse, "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    async with server:
        yield mailbox


def link_in(words: str) -> str:
    """Find the link in a letter, without the address before its path."""
    found = re.search(r"https?://[^/\s]+(/reset/\S+)", html.unescape(words))
    assert found is not None, words
    return found[1]


@dataclass
class Device:
    """A device that keeps one passkey, made by hand so that each part of an answer can be wrong."""

    origin: str
    party: str = "localhost"
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    credential: bytes = field(default_factory=lambda: os.urandom(16))
    handle: bytes = b""
    count: int = 0
    verified: bool = True

    def keep(self, options: dict[str, object]) -> dict[str, object]:
        """Answer what a page asks of a new passkey."""
        user = options["user"]
        assert isinstance(user, dict)
        self.handle = unpad(str(user["id"]))
        numbers = self.key.public_key().public_numbers()
        public = (
            b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + numbers.x.to_bytes(32, "big")
            + b"\x22\x58\x20" + numbers.y.to_bytes(32, "big")
        )  # fmt: skip
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + public
        data = self._data(extra=0x40) + attested
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + bytes([len(data)]) + data
        return self._answer(
            {"clientDataJSON": pad(self._client("webauthn.create", options)), "attestationObject": pad(attestation)}
        )

    def answer(self, options: dict[str, object]) -> dict[str, object]:
        """Answer what a page asks of a passkey that is kept."""
        self.count += 1
        data, client = self._data(), self._client("webauthn.get", options)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": pad(client),
                "authenticatorData": pad(data),
                "signature": pad(signature),
                "userHandle": pad(self.handle),
            }
        )

    def _data(self, *, extra: int = 0) -> bytes:
        flags = 0x01 | (0x04 if self.verified else 0) | extra
        return hashlib.sha256(self.party.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, options: dict[str, object]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> dict[str, object]:
        name = pad(self.credential)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}


async def keep_passkey(client: httpx2.AsyncClient, house: House, *, name: str = "Office laptop") -> Device:
    """Keep a passkey for whoever is logged in."""
    device = Device(origin=house.parts.public_base_url.replace("127.0.0.1", "localhost"))
    options = (await client.post("/account/passkeys/challenge")).json()
    answer = await client.post("/account/passkeys", json={"credential": device.keep(options), "name": name})
    assert answer.status_code == 201, answer.text
    return device


def pad(raw: bytes) -> str:
    """Write bytes as browsers do."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unpad(text: str) -> bytes:
    """Read bytes as browsers write them."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
