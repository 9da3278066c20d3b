"""One of our numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingNumber:
    """A number that a business is called on and texts from."""

    id: UUID
    tenant_id: UUID
    phone_e164: str
    provider: str
    messaging_service: str
    texting_allowed: bool
    texting_blocked_reason: str
    created_at: datetime
