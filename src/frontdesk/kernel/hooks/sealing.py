"""Signing secrets at rest: sealed with a key of this installation, each to the endpoint it belongs to."""

from __future__ import annotations

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
PURPOSE = b"frontdesk outgoing webhook secrets v1"


class Unreadable(ValueError):
    """A sealed secret that this installation's key does not open."""


class Sealer:
    """Seals and opens secrets by AES-256-GCM; a secret moved to another endpoint's row does not open there."""

    def __init__(self, key: str) -> None:
        self._cipher = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode()))

    def seal(self, secret: str, *, endpoint_id: UUID) -> bytes:
        """Seal a secret."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), endpoint_id.bytes)

    def open(self, sealed: bytes, *, endpoint_id: UUID) -> str:
        """Open a secret; refuses with `Unreadable` what was sealed with another key, or for another endpoint."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], endpoint_id.bytes).decode()
        except InvalidTag:
            raise Unreadable("sealed with another SECRET_KEY; rotate the endpoint's secret") from None
