"""Connected accounts and their calendars, and the pure decisions about asking them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from frontdesk.ports.calendars import OURS

REFRESH_EVERY = timedelta(hours=6)  # without a change, so that the window moves on
REACHES_BACK = timedelta(hours=1)
CHANNEL_LASTS = timedelta(days=7)
RENEW_BEFORE = timedelta(days=1)
SILENT_FOR = timedelta(seconds=45)  # a message is a few seconds late at times
CHANNEL_RETRY = timedelta(hours=1)
CONSENT_LASTS = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(minutes=5)
REFUSED_PAUSE = timedelta(hours=6)
MOST_NAMED = 200  # characters of an error that are kept


class CalendarCompany(StrEnum):
    """Who keeps calendars."""

    GOOGLE = "google"
    CALDAV = "caldav"
    JOBBER = "jobber"


class ConnectionState(StrEnum):
    """Whether an account still lets us in."""

    ACTIVE = "active"
    REVOKED = "revoked"  # only its owner can change that


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """An account that a business let us into."""

    id: UUID
    tenant_id: UUID
    provider: CalendarCompany
    provider_account_id: str
    account_name: str
    state: ConnectionState
    revoked_at: datetime | None
    revoked_because: str
    last_error: str
    last_error_at: datetime | None
    connected_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarUse:
    """A calendar: with `blocks` its busy times are kept free at a resource, with `writes` our appointments go there."""

    id: UUID
    tenant_id: UUID
    connection_id: UUID
    provider_calendar_id: str
    name: str
    zone: str
    writable: bool
    resource_id: UUID | None
    blocks: bool
    writes: bool
    sync_token: str
    covered_until: datetime | None
    refreshed_at: datetime | None
    synced_at: datetime | None
    news: int
    news_seen: int
    channel_id: UUID | None
    provider_resource_id: str
    channel_expires_at: datetime | None
    channel_heard_at: datetime | None
    channel_silent_at: datetime | None
    channel_retry_at: datetime | None

    @property
    def is_used(self) -> bool:
        """Whether it has to be asked or written."""
        return self.resource_id is not None and (self.blocks or self.writes)

    @property
    def source(self) -> str:
        """The name under which its busy times are kept."""
        return f"calendar:{self.id}"

    def window(self, *, now: datetime, horizon: timedelta) -> tuple[datetime, datetime]:
        """Tell which stretch of time is asked for."""
        return now - REACHES_BACK, now + horizon

    def needs_refresh(self, *, now: datetime, horizon: timedelta) -> bool:
        """Tell whether its busy times have to be read again though nothing changed: the window has moved."""
        if self.refreshed_at is None or self.covered_until is None:
            return True
        return now - self.refreshed_at >= REFRESH_EVERY or self.covered_until < now + horizon - timedelta(days=2)

    def needs_channel(self, *, now: datetime) -> bool:
        """Tell whether a channel has to be opened: there is none, it ends soon, or it says nothing of changes."""
        if self.channel_retry_at is not None and self.channel_retry_at > now:
            return False
        if self.channel_id is None or self.channel_expires_at is None:
            return True
        if self.channel_silent_at is not None and now - self.channel_silent_at >= SILENT_FOR:
            return True
        return self.channel_expires_at - now <= RENEW_BEFORE


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A connection in the hands of one worker for a while; writes of whoever lost it are refused by its fence."""

    connection_id: UUID
    tenant_id: UUID
    provider: CalendarCompany
    provider_account_id: str
    sealed_login: bytes
    fence: int
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDue:
    """An appointment that has to be written into a calendar, or taken out of it."""

    calendar_id: UUID
    provider_calendar_id: str
    appointment_id: UUID
    stands: bool
    revision: int
    etag: str
    attempts: int
    starts_at: datetime
    ends_at: datetime
    service_name: str
    person: str
    note: str

    @property
    def uid(self) -> str:
        """The event's id, the same for good."""
        return uid_of(self.appointment_id)

    @property
    def title(self) -> str:
        """What the event is called."""
        return f"{self.service_name}: {self.person}" if self.person else self.service_name


def uid_of(appointment_id: UUID) -> str:
    """Name the event of an appointment: always the same, so that writing it twice makes one."""
    return f"{OURS}{appointment_id.hex}"


def pause_after(failures: int, *, retry_after: float | None, permanent: bool, chance: random.Random) -> timedelta:
    """Tell how long to wait after a failure: what the provider asked for, else longer each time, up to 5 min.

    After a refusal that will not change by itself: 6 h.
    """
    if permanent:
        return REFUSED_PAUSE
    if retry_after is not None:
        return timedelta(seconds=max(retry_after, 1.0))
    longest = min(LONGEST_PAUSE.total_seconds(), 2.0 * 2 ** min(failures, 10))
    return timedelta(seconds=chance.uniform(longest / 2, longest))
