"""Standard Webhooks signatures: symmetric secrets, and the header that proves who sent a message."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

SECRET_PREFIX = "whsec_"  # noqa: S105 - the mark by which people and scanners know such secrets
SECRET_BYTES = 32
LEAST_SECRET_BYTES = 24  # the standard's least; its most is 64
VERSION = "v1"


def new_secret() -> str:
    """Make a signing secret of 256 random bits."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(secrets_in_use: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> str:
    """Write the `webhook-signature` header: one signature for each secret that is in use, space separated.

    `timestamp` is in Unix seconds; a secret that is malformed or shorter than 24 bytes is a `ValueError`.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(f"{VERSION},{_signature(secret, signed)}" for secret in secrets_in_use)


def _signature(secret: str, signed: bytes) -> str:
    return base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a signing secret is base64 after whsec_") from None
    if len(key) < LEAST_SECRET_BYTES:
        raise ValueError(f"a signing secret has at least {LEAST_SECRET_BYTES} bytes")
    return key
