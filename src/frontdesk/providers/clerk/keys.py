"""The keys that Clerk publishes: fetched once in a while, and kept through its outages."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from frontdesk.kernel.clock import Clock
from frontdesk.kernel.telemetry import get_logger
from frontdesk.providers.http import HttpClient, HttpFailure, Origin

FRESH_SECONDS = 3600.0
"""For so long keys are used without another look."""

STALE_SECONDS = 7 * 24 * 3600.0
"""For so long they are used while nobody answers."""

PAUSE_SECONDS = 30.0
"""Between two looks, whatever names of keys strangers make up."""

SMALLEST_KEY_BITS = 2048
MAX_KEYS = 20
MAX_BYTES = 64 * 1024
DEADLINE_SECONDS = 5.0
_OK = 200

log = get_logger("identity")


class _Keys(msgspec.Struct, frozen=True):
    keys: list[dict[str, object]]


_decode = msgspec.json.Decoder(_Keys).decode


class PublishedKeys:
    """RSA keys by name, from one address; `http` is shared and closed by its owner."""

    def __init__(self, url: str, http: HttpClient, *, clock: Clock) -> None:
        parts = urlsplit(url)
        self._origin = Origin.parse(url)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._http = http
        self._clock = clock
        self._keys: dict[str, RSAPublicKey] = {}
        self._fetched_at: float | None = None
        self._looked_at: float | None = None
        self._looking = asyncio.Lock()

    async def find(self, name: str) -> RSAPublicKey | None:
        """Find a key; looks anew for one that is not known, and when the keys are old, at most every 30 s."""
        if name not in self._keys or self._is_older_than(FRESH_SECONDS):
            await self._refresh(name)
        if self._is_older_than(STALE_SECONDS):
            return None
        return self._keys.get(name)

    def _is_older_than(self, seconds: float) -> bool:
        return self._fetched_at is None or self._clock.monotonic() - self._fetched_at > seconds

    async def _refresh(self, name: str) -> None:
        async with self._looking:
            if name in self._keys and not self._is_older_than(FRESH_SECONDS):
                return
            now = self._clock.monotonic()
            if self._looked_at is not None and now - self._looked_at < PAUSE_SECONDS:
                return
            self._looked_at = now
            found = await self._fetch()
            if found:
                self._keys, self._fetched_at = found, now

    async def _fetch(self) -> dict[str, RSAPublicKey]:
        """Ask for the keys; nothing if nobody answers, or with something else."""
        try:
            reply = await self._http.request(
                method="GET",
                origin=self._origin,
                target=self._target,
                headers=(("Accept", "application/json"), ("User-Agent", "frontdesk")),
                max_response_bytes=MAX_BYTES,
                deadline_seconds=DEADLINE_SECONDS,
            )
        except HttpFailure as failure:
            log.warning("identity_keys_not_fetched", error=str(failure))
            return {}
        try:
            listed = _decode(reply.body).keys if reply.status == _OK else []
        except msgspec.MsgspecError:
            listed = []
        if not listed:
            log.warning("identity_keys_not_fetched", http_status=reply.status)
        found = {}
        for one in listed[:MAX_KEYS]:
            named, key = _read_key(one)
            if named and key is not None:
                found[named] = key
        return found


def _read_key(one: dict[str, object]) -> tuple[str, RSAPublicKey | None]:
    """Read one key; only RSA keys for signing with RS256 are of use."""
    name = one.get("kid")
    fits = one.get("kty") == "RSA" and one.get("use", "sig") == "sig" and one.get("alg", "RS256") == "RS256"
    if not isinstance(name, str) or not fits or "d" in one:
        return "", None
    try:
        key = jwt.PyJWK.from_dict(one, algorithm="RS256").key
    except (jwt.PyJWTError, ValueError, TypeError):
        return "", None
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY_BITS:
        return "", None
    return name, key
