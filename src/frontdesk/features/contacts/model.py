"""A person a business knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person, known by one number."""

    id: UUID
    tenant_id: UUID
    phone_e164: str
    name: str
    created_at: datetime
