"""Endpoints outside that are told of events, what each is told, and when it is tried again."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

# Waits before each try (Svix): at once, then eight tries over 27 h 35 min 5 s.
RETRY_AFTER = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
JITTER = 0.1  # of the wait, added only: nothing comes before its time
DISABLE_AFTER = timedelta(days=5)
BOTH_SECRETS_FOR = timedelta(hours=24)
MAX_BODY_BYTES = 20_000
MAX_ENDPOINTS = 10
MAX_EVENT_NAMES = 100
TEST_EVENT = "hooks.test.v1"


class DeliveryStatus(StrEnum):
    """How far telling an endpoint of one event has come."""

    PENDING = "pending"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"


class DisabledBecause(StrEnum):
    """Why an endpoint is not told of anything."""

    BY_HAND = "by_hand"
    FAILING = "failing"  # nothing but failures for 5 days
    GONE = "gone"  # it answered 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A program outside that is told of a business's events by name."""

    id: UUID
    tenant_id: UUID
    url: str
    description: str
    event_names: tuple[str, ...]
    previous_secret_until: datetime | None
    failing_since_at: datetime | None
    disabled_at: datetime | None
    disabled_because: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to tell an endpoint; `outcome` is a word of the one who tried, `status_code` what was answered."""

    number: int
    started_at: datetime
    took_ms: int
    outcome: str
    status_code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one endpoint, with its latest tries; `due_at` is the next one's moment."""

    id: UUID
    endpoint_id: UUID
    message_id: UUID
    event_name: str
    status: DeliveryStatus
    attempts: int
    due_at: datetime
    last_outcome: str
    last_status_code: int | None
    created_at: datetime
    finished_at: datetime | None
    tries: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery leased to this process: where to, what, and with which sealed secrets."""

    id: UUID
    tenant_id: UUID
    endpoint_id: UUID
    message_id: UUID
    event_name: str
    body: str
    step: int
    attempts: int
    fence: int
    url: str
    sealed_secret: bytes
    sealed_previous_secret: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How a try of a claimed delivery ended."""

    claimed: Claimed
    ok: bool
    outcome: str
    status_code: int | None
    started_at: datetime
    took_ms: int


@dataclass(frozen=True, slots=True)
class NextStep:
    """What becomes of a delivery after a failed try."""

    status: DeliveryStatus
    step: int
    due_at: datetime


def after_failure(step: int, *, now: datetime, chance: random.Random) -> NextStep:
    """Tell when a delivery is tried again after its try number `step` (from 0) failed, or that it is exhausted."""
    following = step + 1
    if following >= len(RETRY_AFTER):
        return NextStep(DeliveryStatus.EXHAUSTED, following, now)
    wait = RETRY_AFTER[following]
    return NextStep(DeliveryStatus.PENDING, following, now + wait * (1 + JITTER * chance.random()))


def header_id(message_id: UUID) -> str:
    """Write the `webhook-id` of a message: the same for every try and every endpoint."""
    return f"msg_{message_id.hex}"


def write_body(event_name: str, *, at: datetime, data: str, message_id: UUID) -> str:
    """Write what an endpoint is told, as Standard Webhooks ask: `type`, `timestamp`, `data` (a JSON text here).

    More than 20 kB is never sent: such an event comes with its id alone, to be asked for.
    """
    moment = at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    body = _json({"type": event_name, "timestamp": moment, "data": json.loads(data)})
    if len(body.encode()) < MAX_BODY_BYTES:
        return body
    return _json({"type": event_name, "timestamp": moment, "data": {"event_id": str(message_id), "truncated": True}})


def _json(fields: Mapping[str, object]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
