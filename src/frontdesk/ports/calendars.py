"""Calendars kept elsewhere: when somebody is busy, our appointments written into them, and news of what changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from frontdesk.ports.errors import FailureClass, ProviderError

OURS = "frontdesk"
"""What the ids of our own events begin with; all its letters are of base32hex, the alphabet of Google's event ids."""


class AccessRevoked(ProviderError):
    """The account no longer lets us in: only its owner can change that, by connecting it anew."""

    def __init__(self, message: str, *, provider: str, provider_code: str = "", http_status: int = 0) -> None:
        super().__init__(
            message,
            provider=provider,
            failure=FailureClass.CHANNEL_BLOCKED,
            permanent=True,
            provider_code=provider_code,
            http_status=http_status,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What opens an account: tokens, or a name and a password at a server of the tenant's own."""

    server_url: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """Whose calendars they are: the provider's own id, which its webhooks name, and a name that people know."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalCalendar:
    """A calendar in an account; `id` is the provider's own, `zone` empty where it tells none."""

    id: str
    name: str
    zone: str = ""
    writable: bool = False
    primary: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Busy:
    """A time that is taken, from the first instant to the first free one; times are aware."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyQuery:
    """What is asked of a calendar: a window, and the zone for whole days and times that name none.

    `without_ours` leaves out the events that we wrote: always needed where we write.
    """

    starts_at: datetime
    ends_at: datetime
    zone: str
    without_ours: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingEvent:
    """An appointment as it is written; `uid` is ours and stays the same for good, `revision` grows with each change."""

    uid: str
    title: str
    starts_at: datetime
    ends_at: datetime
    description: str = ""
    location: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class WrittenEvent:
    """How an event stands there now; `etag` tells whether somebody has changed it since."""

    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Whether a calendar differs from what it was at the last token; `restarted`: the old token was no longer known."""

    token: str
    changed: bool
    restarted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOrder:
    """A wish to be told of changes at `url`; `id` and `token` are ours and come back with each message."""

    id: str
    token: str = field(repr=False)
    url: str
    lasts_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel that is open until `expires_at`; no provider renews one by itself."""

    id: str
    resource_id: str
    expires_at: datetime


class CalendarProvider(Protocol):
    """A company or server that keeps calendars; no call ever retries by itself.

    All calls refuse with ProviderError, and with AccessRevoked when the account no longer lets us in.
    """

    @property
    def name(self) -> str:
        """The provider's key, as in webhook paths and tables."""
        ...

    @property
    def writes(self) -> bool:
        """Whether our appointments can be written there."""
        ...

    @property
    def has_channels(self) -> bool:
        """Whether it has channels, each to be asked for and renewed."""
        ...

    async def refresh(self, login: Login, *, now: datetime) -> Login:
        """Give a login that still lasts some minutes: the same, or a new one that has to be kept."""
        ...

    async def get_account(self, login: Login) -> Account:
        """Tell whose account it is."""
        ...

    async def list_calendars(self, login: Login) -> list[ExternalCalendar]:
        """List the calendars of the account, over all pages."""
        ...

    async def list_busy(self, login: Login, calendar_id: str, query: BusyQuery) -> list[Busy]:
        """List when a calendar is busy in a window, in order, merged and cut to it."""
        ...

    async def put_event(self, login: Login, calendar_id: str, event: OutgoingEvent, *, etag: str = "") -> WrittenEvent:
        """Make the event stand there as given, whether or not it does already; twice is the same as once."""
        ...

    async def delete_event(self, login: Login, calendar_id: str, uid: str) -> None:
        """Make the event be gone; one that is gone already is fine."""
        ...

    async def list_changes(self, login: Login, calendar_id: str, token: str) -> Changes:
        """Tell whether anything changed since `token`; an empty or forgotten one begins anew, as changed."""
        ...

    async def watch(self, login: Login, calendar_id: str, order: ChannelOrder) -> Channel:
        """Open a channel."""
        ...

    async def stop_watching(self, login: Login, channel: Channel) -> None:
        """Close a channel; one that is closed already is fine."""
        ...


class CalendarConsent(Protocol):
    """A company whose accounts are opened by their owner's consent (OAuth 2.0, code flow with PKCE)."""

    def consent_url(self, *, state: str, challenge: str, redirect_uri: str) -> str:
        """Tell the address at which the owner consents; `challenge` is S256 of a verifier."""
        ...

    async def redeem(self, *, code: str, verifier: str, redirect_uri: str, now: datetime) -> Login:
        """Turn the code that came back into a login; refuses with ProviderError."""
        ...

    async def give_back(self, login: Login) -> None:
        """Tell the company that we no longer want the access; failure is no harm."""
        ...


def merge_busy(found: list[Busy], *, starts_at: datetime, ends_at: datetime) -> list[Busy]:
    """Put times in order, join those that touch, and cut them to a window; empty ones go."""
    merged: list[Busy] = []
    for one in sorted(found):
        begins, ends = max(one.starts_at, starts_at), min(one.ends_at, ends_at)
        if begins >= ends:
            continue
        if merged and begins <= merged[-1].ends_at:
            merged[-1] = Busy(merged[-1].starts_at, max(merged[-1].ends_at, ends))
        else:
            merged.append(Busy(begins, ends))
    return merged
