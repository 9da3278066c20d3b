"""Secrets at rest: sealed with this installation's key, each to the row and column that it belongs to."""

from __future__ import annotations

import os
from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from frontdesk.kernel.keys import SigningKeys

NONCE_BYTES = 12


class SealBroken(ValueError):
    """A sealed secret that no key of this installation opens, or that stands where it does not belong."""


class Vault:
    """Seals and opens by AES-256-GCM; `purpose` keeps what one part seals closed to every other part.

    What it is sealed to (`place`: tenant, table, column, row) is authenticated: moved elsewhere, it does not open.
    """

    def __init__(self, keys: SigningKeys, *, purpose: str) -> None:
        self._keys = keys
        self._purpose = purpose.encode()
        self._ciphers: dict[str, AESGCM] = {}

    def seal(self, secret: str, *, place: str) -> bytes:
        """Seal with the current key."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher(self._keys.current()).encrypt(nonce, secret.encode(), place.encode())

    def open(self, sealed: bytes, *, place: str) -> tuple[str, bool]:
        """Open what was sealed, and tell whether the current key did it; refuses with `SealBroken`."""
        current = self._keys.current()
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        if not rest:
            raise SealBroken("nothing is sealed here")
        for key in (current, *self._keys.openers()):
            with suppress(InvalidTag):
                return self._cipher(key).decrypt(nonce, rest, place.encode()).decode(), key == current
        raise SealBroken("sealed with another SECRET_KEY, or for another place")

    def _cipher(self, key: str) -> AESGCM:
        if key not in self._ciphers:
            self._ciphers[key] = AESGCM(
                HKDF(algorithm=SHA256(), length=32, salt=None, info=self._purpose).derive(key.encode())
            )
        return self._ciphers[key]
