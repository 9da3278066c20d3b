"""Clerk's side of the wire in tests: an address that publishes keys, and tokens signed with them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

import jwt
import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

ISSUER = "https://clerk.example.com"
AUDIENCE = "https://app.example.com"
SUBJECT = "user_1"
KEY_NAME = "ins_1"


@lru_cache
def key_of(name: str) -> RSAPrivateKey:
    """Draw a key once per run and name."""
    assert name
    return generate_private_key(public_exponent=65537, key_size=2048)


def published(name: str, key: RSAPrivateKey, **changed: object) -> dict[str, object]:
    """Write a public key as Clerk publishes it."""
    written: dict[str, object] = msgspec.json.decode(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return {**written, "kid": name, "use": "sig", "alg": "RS256", **changed}


def claims_at(now: datetime, **changed: object) -> dict[str, object]:
    """Write the claims of a session token of version 2; a claim that is None is left out."""
    seconds = int(now.timestamp())
    claims: dict[str, object] = {
        "azp": AUDIENCE,
        "exp": seconds + 60,
        "fva": [0, -1],
        "iat": seconds,
        "iss": ISSUER,
        "jti": "abc",
        "nbf": seconds - 10,
        "sid": "sess_1",
        "sts": "active",
        "sub": SUBJECT,
        "v": 2,
        **changed,
    }
    return {name: value for name, value in claims.items() if value is not None}


def signed(
    claims: dict[str, object], *, key: RSAPrivateKey | None = None, headers: Mapping[str, object] | None = None
) -> str:
    """Sign a token, with Clerk's key unless told otherwise."""
    written = {"kid": KEY_NAME, "typ": "JWT", "cat": "cl_B7d4PD111AAA", **(headers or {})}
    return jwt.encode(claims, key or key_of(KEY_NAME), algorithm="RS256", headers=written)


@dataclass
class Publisher:
    """Publishes keys; `status` other than 200 is an outage."""

    url: str = ""
    status: int = 200
    asked: int = 0
    keys: dict[str, dict[str, object]] = field(default_factory=dict)

    async def answer(self, _request: web.Request) -> web.Response:
        """Answer with the keys as they are now."""
        self.asked += 1
        body = msgspec.json.encode({"keys": list(self.keys.values())})
        return web.Response(status=self.status, body=body, content_type="application/json")


@asynccontextmanager
async def publishing() -> AsyncIterator[Publisher]:
    """Publish Clerk's key on a free port."""
    publisher = Publisher(keys={KEY_NAME: published(KEY_NAME, key_of(KEY_NAME))})
    app = web.Application()
    app.router.add_get("/.well-known/jwks.json", publisher.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    publisher.url = f"http://127.0.0.1:{runner.addresses[0][1]}/.well-known/jwks.json"
    try:
        yield publisher
    finally:
        await runner.cleanup()


def now() -> datetime:
    """Tell the time of day."""
    return datetime.now(UTC)
