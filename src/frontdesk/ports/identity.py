"""What we need from a service that says who somebody is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideIdentity:
    """Who somebody is at the service: `subject` is their name there, which never changes."""

    issuer: str
    subject: str
    expires_at: datetime


class IdentityProvider(Protocol):
    """A service whose signed statements are believed."""

    async def read_token(self, token: str) -> OutsideIdentity | None:
        """Read a token; None unless it is signed by the service, for us, and of now. Never raises for a bad one."""
        ...
