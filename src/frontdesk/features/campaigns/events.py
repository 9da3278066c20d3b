"""Facts that campaigns announce."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from frontdesk.kernel.events import Event


@dataclass(frozen=True, slots=True)
class CampaignApproved(Event):
    """A person approved what a campaign says, to whom and when."""

    name: ClassVar[str] = "campaigns.approved.v1"
    campaign_id: UUID
    by: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class CampaignStarted(Event):
    """A campaign's texts are being made."""

    name: ClassVar[str] = "campaigns.started.v1"
    campaign_id: UUID
    by: str


@dataclass(frozen=True, slots=True)
class CampaignExpanded(Event):
    """Every person of a campaign has a text or a reason why not."""

    name: ClassVar[str] = "campaigns.expanded.v1"
    campaign_id: UUID
    recipients: int


@dataclass(frozen=True, slots=True)
class CampaignTripped(Event):
    """A campaign was paused by itself: too many people said STOP, or too many texts failed."""

    name: ClassVar[str] = "campaigns.tripped.v1"
    campaign_id: UUID
    because: str


@dataclass(frozen=True, slots=True)
class CampaignEnded(Event):
    """A campaign has nothing more to send, or was canceled."""

    name: ClassVar[str] = "campaigns.ended.v1"
    campaign_id: UUID
    status: str


EVENTS: tuple[type[Event], ...] = (
    CampaignApproved,
    CampaignStarted,
    CampaignExpanded,
    CampaignTripped,
    CampaignEnded,
)
