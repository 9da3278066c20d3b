"""A campaign: what is said, to whom, when, from which numbers, and who approved it."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

DEFAULT_TIME_LIMIT = timedelta(days=3)
REHEARSED_DAYS = 7
TRIP_OPT_OUTS = 3  # of the last 100: more stop a campaign by itself
TRIP_FAILURES = 5


class CampaignStatus(StrEnum):
    """The life of a campaign; whether it is paused is said by its kill switch.

    draft -> approved -> expanding -> running -> completed; canceled from any of them but completed. A change of what
    was approved makes it a draft again.
    """

    DRAFT = "draft"
    APPROVED = "approved"
    EXPANDING = "expanding"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELED = "canceled"


class RehearsalStatus(StrEnum):
    """Where a rehearsal stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ScheduleMode(StrEnum):
    """How the moment of a text is found."""

    AT_ONCE = "at_once"  # all from one instant on
    LOCAL = "local"  # at one wall-clock time in each recipient's zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a campaign's texts are due: from `at` on, or at the wall clock `local_at` of each recipient."""

    mode: ScheduleMode
    at: datetime | None = None
    local_at: datetime | None = None

    def due_at(self, zones: frozenset[str], *, started_at: datetime) -> datetime:
        """Tell when a text to somebody in one of `zones` is due: never before the hour has come in all of them."""
        if self.mode is ScheduleMode.AT_ONCE or self.local_at is None:
            return started_at if self.at is None else max(self.at, started_at)
        wall = self.local_at.replace(tzinfo=None)
        latest = max(wall.replace(tzinfo=ZoneInfo(zone)) for zone in zones)
        return max(latest.astimezone(started_at.tzinfo), started_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One wording of a campaign; recipients are shared out by weight, each always to the same one."""

    name: str
    body: str
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign as it is stored; `audience` and `schedule` are the JSON of what the API takes."""

    id: UUID
    tenant_id: UUID
    name: str
    status: CampaignStatus
    audience: str
    variants: tuple[Variant, ...]
    senders: tuple[str, ...]
    schedule: Schedule
    per_minute: Decimal | None
    quiet_from: time | None
    quiet_until: time | None
    ends_at: datetime
    content_hash: str
    approved_by: str | None
    approved_at: datetime | None
    rehearsal_id: UUID | None
    recipients: int
    trip_opt_outs: int
    trip_failures: int
    tripped_because: str | None
    resumed_at: datetime | None
    cloned_from: UUID | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A person of a campaign as they are written down: the text made for them, or why there is none."""

    phone_e164: str
    contact_id: UUID
    variant: str
    sender_e164: str
    send_job_id: UUID | None
    skipped_because: str | None
    due_at: datetime | None


def hash_content(
    *,
    audience: str,
    variants: tuple[Variant, ...],
    senders: tuple[str, ...],
    schedule: Schedule,
    per_minute: Decimal | None,
    quiet: tuple[time | None, time | None],
    ends_at: datetime,
    trips: tuple[int, int],
) -> str:
    """Hash all that an approval covers (SHA-256, hex): a campaign with another hash was not approved."""
    content = {
        "audience": json.loads(audience),
        "variants": [[one.name, one.body, one.weight] for one in variants],
        "senders": list(senders),
        "schedule": [schedule.mode, str(schedule.at), str(schedule.local_at)],
        "per_minute": None if per_minute is None else str(per_minute.normalize()),
        "quiet": [str(one) for one in quiet],
        "ends_at": ends_at.isoformat(),
        "trips": list(trips),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def share_out(campaign_id: UUID, phone_e164: str, variants: tuple[Variant, ...]) -> Variant:
    """Choose a recipient's variant by weight: the same one whenever asked, independent of any order."""
    digest = hashlib.sha256(f"{campaign_id}:{phone_e164}".encode()).digest()
    point = int.from_bytes(digest[:8], "big") % sum(one.weight for one in variants)
    for one in variants:
        point -= one.weight
        if point < 0:
            return one
    raise AssertionError("unreachable")


def choose_sender(phone_e164: str, weighted: tuple[tuple[str, float], ...]) -> str:
    """Choose the number that texts a person, by weight: the same one while numbers and weights stay.

    Weighted rendezvous hashing: a number that goes or comes moves only its own share of the people.
    """

    def score(sender: str, weight: float) -> float:
        digest = hashlib.blake2b(f"{sender}:{phone_e164}".encode(), digest_size=8).digest()
        uniform = (int.from_bytes(digest, "big") + 1) / (2**64 + 1)
        return math.inf if weight <= 0 else -math.log(uniform) / weight

    return min(weighted, key=lambda one: score(*one))[0]
