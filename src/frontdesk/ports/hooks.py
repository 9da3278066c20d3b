"""Programs outside that are told of events: what one try of it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class HookOutcome(StrEnum):
    """How a try to tell somebody outside ended; `DELIVERED` alone counts as told."""

    DELIVERED = "delivered"  # a 2xx
    REDIRECTED = "redirected"  # a 3xx: never followed
    REFUSED = "refused"  # any other status
    TIMED_OUT = "timed_out"
    NO_SUCH_HOST = "no_such_host"
    ADDRESS_CLOSED = "address_closed"  # the name leads into a network that is not the open Internet
    UNREACHABLE = "unreachable"
    TLS_FAILED = "tls_failed"
    NOT_HTTP = "not_http"
    SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105 - a word: nothing was sent, because nothing could be signed


@dataclass(frozen=True, slots=True)
class HookReply:
    """How a try ended; the status if there was one, and how long it took in milliseconds. The answer is not kept."""

    outcome: HookOutcome
    status_code: int | None
    took_ms: int


class HookSender(Protocol):
    """Posts to addresses that tenants chose: never into a network of ours, never after 15 s, never a second time."""

    async def post(self, *, url: str, headers: Mapping[str, str], body: bytes) -> HookReply:
        """Try once; every failure is a reply, none an exception."""
        ...

    def close(self) -> None:
        """Let go of what was kept for later tries."""
        ...
