"""What the API of campaigns takes and shows."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field

from frontdesk.features.campaigns.model import (
    Campaign,
    CampaignStatus,
    RehearsalStatus,
    Schedule,
    ScheduleMode,
    Variant,
)
from frontdesk.features.campaigns.queries.recipients import Outcome, ResultLine
from frontdesk.features.campaigns.queries.rehearsals import Entry
from frontdesk.features.campaigns.service import drafting
from frontdesk.kernel.moments import Moment, WallMoment, WallTime


class ScheduleOrder(BaseModel, extra="forbid"):
    """When texts are due: from `at` on (null = at once), or at the wall clock `local_at` in each recipient's zone."""

    mode: ScheduleMode = ScheduleMode.AT_ONCE
    at: Moment | None = None
    local_at: WallMoment | None = None


class VariantOrder(BaseModel, extra="forbid"):
    """One wording and its share of the people."""

    name: str = Field(min_length=1, max_length=40)
    body: str = Field(min_length=1, max_length=1600)
    weight: int = Field(1, ge=1, le=100)


class CampaignOrder(BaseModel, extra="forbid"):
    """What a campaign says, to whom, when and from which numbers."""

    name: str = Field(min_length=1, max_length=120)
    audience: dict[str, object]
    variants: list[VariantOrder] = Field(min_length=1, max_length=5)
    senders: list[Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]] = Field(min_length=1, max_length=50)
    schedule: ScheduleOrder = ScheduleOrder()
    ends_at: Moment
    per_minute: Annotated[Decimal, Field(gt=0, le=100_000)] | None = None
    quiet_from: WallTime | None = None
    quiet_until: WallTime | None = None
    trip_opt_outs: int = Field(3, ge=0, le=100)
    trip_failures: int = Field(5, ge=0, le=100)

    def draft(self) -> drafting.Draft:
        """Bring the order into the words of the house."""
        return drafting.Draft(
            name=self.name,
            audience=json.dumps(self.audience, sort_keys=True),
            variants=tuple(Variant(name=one.name, body=one.body, weight=one.weight) for one in self.variants),
            senders=tuple(dict.fromkeys(self.senders)),
            schedule=Schedule(mode=self.schedule.mode, at=self.schedule.at, local_at=self.schedule.local_at),
            ends_at=self.ends_at,
            per_minute=self.per_minute,
            quiet_from=self.quiet_from,
            quiet_until=self.quiet_until,
            trip_opt_outs=self.trip_opt_outs,
            trip_failures=self.trip_failures,
        )


class CloneOrder(BaseModel, extra="forbid"):
    """What the copy is called."""

    name: str | None = Field(None, min_length=1, max_length=120)


class ApproveOrder(BaseModel, extra="forbid"):
    """The hash of what was read: nothing else is approved."""

    content_hash: str = Field(pattern=r"^[0-9a-f]{64}$")


class ReasonOrder(BaseModel, extra="forbid"):
    """Why a campaign is paused."""

    reason: str = Field("", max_length=500)


class FindingView(BaseModel):
    """Something wrong with a wording."""

    variant: str
    code: str
    severity: str
    message: str
    words: str


class CampaignView(BaseModel):
    """A campaign with all it says and how it stands."""

    id: UUID
    name: str
    status: CampaignStatus
    paused: bool
    tripped_because: str | None
    audience: dict[str, object]
    variants: list[VariantOrder]
    senders: list[str]
    schedule: ScheduleOrder
    ends_at: datetime
    per_minute: Decimal | None
    quiet_from: WallTime | None
    quiet_until: WallTime | None
    trip_opt_outs: int
    trip_failures: int
    content_hash: str
    approved_by: str | None
    approved_at: datetime | None
    rehearsal_id: UUID | None
    recipients: int
    cloned_from: UUID | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        """Show a campaign."""
        return cls.model_validate(
            {
                **{name: getattr(campaign, name) for name in cls.model_fields},
                "audience": json.loads(campaign.audience),
                "variants": [{"name": one.name, "body": one.body, "weight": one.weight} for one in campaign.variants],
                "senders": list(campaign.senders),
                "schedule": {
                    "mode": campaign.schedule.mode,
                    "at": campaign.schedule.at,
                    "local_at": campaign.schedule.local_at,
                },
            }
        )


class RehearsalView(BaseModel):
    """A rehearsal; `summary` is empty while it runs."""

    id: UUID
    campaign_id: UUID
    content_hash: str
    status: RehearsalStatus
    starts_at: datetime
    ends_at: datetime
    rehearsed: int
    summary: dict[str, object]
    created_by: str
    done_at: datetime | None


class Results(BaseModel):
    """What became of a campaign's texts: in sum, and by status, reason and wording."""

    people: int
    by_status: dict[str, int]
    segments: int
    cost_cents: Decimal
    opted_out: int
    answered: int
    lines: list[ResultLine]


class NumberedPage(BaseModel):
    """Some of a list by number; pass `next` as `after` to get what follows, null at the end."""

    next: str | None


class OutcomePage(NumberedPage):
    """Some of a campaign's people."""

    items: list[Outcome]


class EntryPage(NumberedPage):
    """Some of a rehearsal's people."""

    items: list[Entry]
