"""What reports tell, and the campaigns that they name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from frontdesk.kernel.db import Transaction

LIST_CAMPAIGNS = """
    select id, name, started_at from campaigns
    where tenant_id = $1 and started_at < $3 and coalesce(ended_at, $3) >= $2
    order by started_at desc limit 50
"""

LIST_NAMES = """
    select id, name from campaigns where tenant_id = $1 and id = any($2::uuid[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFigures:
    """How somebody answered: texts, threads, and how long people waited, in seconds; None without any wait.

    Waits are rounded up to two figures: 42 s, 430 s, 4,300 s.
    """

    author: str
    is_everybody: bool
    texts: int
    threads: int
    median_seconds: float | None
    slow_seconds: float | None
    within_a_minute: int
    within_five: int
    within_quarter: int
    within_an_hour: int
    later: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """What came of missed calls within seven days, and what it was worth, in cents."""

    missed: int
    texted: int
    came_back: int
    booked: int
    worth_cents: Decimal
    deposits_cents: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A campaign that ran."""

    id: UUID
    name: str
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFigures:
    """What came of a campaign's texts of a stretch; replies and opt-outs are people who wrote within three days."""

    id: UUID
    name: str
    started_at: datetime
    texts: int
    delivered: int
    undelivered: int
    cost_cents: Decimal
    replies: int
    stops: int

    @property
    def cost_per_reply_cents(self) -> Decimal | None:
        """What one reply has cost, in cents; None without any."""
        return self.cost_cents / self.replies if self.replies else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HourFigures:
    """Calls in one hour of the week; Monday is 1."""

    weekday: int
    hour: int
    calls: int
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFigures:
    """What texts of one kind, or of one campaign, have cost."""

    message_class: str
    campaign_id: UUID | None
    campaign: str
    texts: int
    cost_cents: Decimal


async def list_campaigns(tx: Transaction, *, since: datetime, until: datetime) -> list[Ran]:
    """List campaigns that ran in a stretch, the latest first, 50 at most."""
    return [Ran(**dict(row)) for row in await tx.fetch(LIST_CAMPAIGNS, tx.tenant, since, until)]


async def list_names(tx: Transaction, campaigns: Iterable[UUID]) -> dict[UUID, str]:
    """List the names of campaigns."""
    return {row["id"]: row["name"] for row in await tx.fetch(LIST_NAMES, tx.tenant, list(campaigns))}
