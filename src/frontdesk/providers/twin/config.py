"""What a twin is started with: its accounts, its door, its memory."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field


def _fresh_account() -> str:
    return "AC" + secrets.token_hex(16)


def _fresh_token() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinConfig:
    """The fixed part of a twin; credentials not given are drawn at random.

    `port` 0 takes a free one. `control_token`, where set, must come as `X-Twin-Token` with every control request.
    `journal_size` and `message_limit` bound memory: the oldest entries go first. `seed` drives shuffles and chances.
    """

    host: str = "127.0.0.1"
    port: int = 0
    account_sid: str = field(default_factory=_fresh_account)
    auth_token: str = field(default_factory=_fresh_token, repr=False)
    test_account_sid: str = field(default_factory=_fresh_account)
    test_auth_token: str = field(default_factory=_fresh_token, repr=False)
    control_token: str = field(default="", repr=False)
    journal_size: int = 200_000
    message_limit: int = 200_000
    seed: int = 1
