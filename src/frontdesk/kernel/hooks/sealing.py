"""Signing secrets at rest: sealed with a key of this installation, each to the endpoint it belongs to."""

from __future__ import annotations

import os
from contextlib import suppress
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from frontdesk.kernel.keys import SigningKeys, accepting

NONCE_BYTES = 12
PURPOSE = b"frontdesk outgoing webhook secrets v1"


class Unreadable(ValueError):
    """A sealed secret that this installation's key does not open."""


class Sealer:
    """Seals and opens secrets by AES-256-GCM; a secret moved to another endpoint's row does not open there."""

    def __init__(self, keys: str | SigningKeys) -> None:
        """Seal with the current key; open with that and the one before it."""
        self._keys = keys
        self._ciphers: dict[str, AESGCM] = {}

    def seal(self, secret: str, *, endpoint_id: UUID) -> bytes:
        """Seal a secret."""
        nonce = os.urandom(NONCE_BYTES)
        key = self._keys if isinstance(self._keys, str) else self._keys.current()
        return nonce + self._cipher(key).encrypt(nonce, secret.encode(), endpoint_id.bytes)

    def open(self, sealed: bytes, *, endpoint_id: UUID) -> str:
        """Open a secret; refuses with `Unreadable` what was sealed with another key, or for another endpoint."""
        for key in accepting(self._keys):
            with suppress(InvalidTag):
                return self._cipher(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], endpoint_id.bytes).decode()
        raise Unreadable("sealed with another SECRET_KEY; rotate the endpoint's secret")

    def _cipher(self, key: str) -> AESGCM:
        if key not in self._ciphers:
            derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
            self._ciphers[key] = AESGCM(derived)
        return self._ciphers[key]
