"""What a twin is started with: its accounts, its door, its memory."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def _fresh_account() -> str:
    return "AC" + secrets.token_hex(16)


def _fresh_token() -> str:
    return secrets.token_hex(16)


def _fresh_api_key() -> str:
    return "KEY" + secrets.token_hex(24)


def _fresh_private_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinConfig:
    """The fixed part of a twin; credentials not given are drawn at random.

    `port` 0 takes a free one. `control_token`, where set, must come as `X-Twin-Token` with every control request.
    `telnyx_private_key` is base64 of the 32 bytes that sign Telnyx's webhooks. `journal_size` and `message_limit`
    bound memory: the oldest entries go first. `seed` drives shuffles and chances.
    """

    host: str = "127.0.0.1"
    port: int = 0
    account_sid: str = field(default_factory=_fresh_account)
    auth_token: str = field(default_factory=_fresh_token, repr=False)
    test_account_sid: str = field(default_factory=_fresh_account)
    test_auth_token: str = field(default_factory=_fresh_token, repr=False)
    telnyx_api_key: str = field(default_factory=_fresh_api_key, repr=False)
    telnyx_private_key: str = field(default_factory=_fresh_private_key, repr=False)
    google_client_id: str = field(default_factory=_fresh_token)
    google_client_secret: str = field(default_factory=_fresh_token, repr=False)
    jobber_client_id: str = field(default_factory=_fresh_token)
    jobber_client_secret: str = field(default_factory=_fresh_token, repr=False)
    jobber_api_token: str = field(default_factory=_fresh_token, repr=False)
    stripe_secret_key: str = field(default_factory=lambda: "sk_test_" + _fresh_token(), repr=False)
    stripe_webhook_secret: str = field(default_factory=lambda: "whsec_" + _fresh_token(), repr=False)
    stripe_webhook_url: str = ""
    openai_api_key: str = field(default_factory=lambda: "sk-" + _fresh_token(), repr=False)
    control_token: str = field(default="", repr=False)
    journal_size: int = 200_000
    message_limit: int = 200_000
    seed: int = 1

    @property
    def telnyx_public_key(self) -> str:
        """The key with which Telnyx's webhooks verify: base64 of 32 bytes."""
        key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(self.telnyx_private_key))
        return base64.b64encode(key.public_key().public_bytes_raw()).decode()
