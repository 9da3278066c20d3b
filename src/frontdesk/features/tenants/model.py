"""A business and how it wants to be answered for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

DEFAULT_RECORDING_ANNOUNCEMENT = (
    "Sorry we missed your call. This call is recorded from now on. Please leave a message after the tone."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A business; `hours` is the JSON of its opening hours, cool-down in seconds, ring time in seconds."""

    id: UUID
    slug: str
    name: str
    timezone: str
    country: str
    hours: str
    forwarding_e164: str | None
    ring_seconds: int
    textback_enabled: bool
    textback_open_template: str
    textback_closed_template: str
    textback_cooldown_seconds: int
    voicemail_enabled: bool
    recording_announcement: str
    created_at: datetime
    updated_at: datetime


def open_business(  # noqa: PLR0913 - a row's columns
    *,
    tenant_id: UUID,
    slug: str,
    name: str,
    timezone: str,
    forwarding_e164: str | None,
    open_template: str,
    closed_template: str,
    cooldown_seconds: int,
    hours: str,
    at: datetime,
) -> Tenant:
    """Describe a new business with what most want: it rings 20 s, then texts back and takes a message."""
    return Tenant(
        id=tenant_id,
        slug=slug,
        name=name,
        timezone=timezone,
        country="US",
        hours=hours,
        forwarding_e164=forwarding_e164,
        ring_seconds=20,
        textback_enabled=True,
        textback_open_template=open_template,
        textback_closed_template=closed_template,
        textback_cooldown_seconds=cooldown_seconds,
        voicemail_enabled=True,
        recording_announcement=DEFAULT_RECORDING_ANNOUNCEMENT,
        created_at=at,
        updated_at=at,
    )
