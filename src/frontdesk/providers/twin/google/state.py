"""What the pretended Google keeps: one owner's calendars with their events, tokens and open channels."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

Json: TypeAlias = dict[str, object]
OWNER = "ada@example.com"
TOKEN_LASTS = timedelta(hours=1)


@dataclass(slots=True)
class KeptEvent:
    """An event's document and the count of its calendar's changes when it last changed."""

    document: Json
    change: int

    @property
    def cancelled(self) -> bool:
        """Whether it was deleted; Google keeps such events for those who sync."""
        return self.document.get("status") == "cancelled"

    def touches(self, since: datetime | None, until: datetime | None, zone: ZoneInfo) -> bool:
        """Tell whether it lies in a window."""
        starts, ends = moment_of(self.document.get("start"), zone), moment_of(self.document.get("end"), zone)
        return (since is None or ends > since) and (until is None or starts < until)


@dataclass(slots=True)
class KeptCalendar:
    """A calendar; `generation` changes when all sync tokens are forgotten."""

    id: str
    name: str
    zone: str = "UTC"
    role: str = "owner"
    events: dict[str, KeptEvent] = field(default_factory=dict)
    changes: int = 0
    generation: str = field(default_factory=lambda: secrets.token_hex(4))

    def sync_token(self) -> str:
        """Write the token of the present moment."""
        return base64.urlsafe_b64encode(f"{self.generation}:{self.changes}".encode()).decode()

    def since(self, token: str) -> int | None:
        """Read how many changes there were at a token; None if it is no longer known."""
        try:
            generation, _, changes = base64.urlsafe_b64decode(token).decode().partition(":")
            return int(changes) if generation == self.generation else None
        except ValueError:
            return None

    def keep(self, event_id: str, document: Json, *, now: datetime) -> Json:
        """Keep an event as it is now; gives its whole document."""
        self.changes += 1
        known = self.events.get(event_id)
        created = known.document["created"] if known is not None else _text(now)
        whole = {
            "kind": "calendar#event",
            "etag": f'"{self.changes * 2}"',
            "status": "confirmed",
            "created": created,
            "eventType": "default",
            "iCalUID": f"{event_id}@google.com",
            "sequence": 0,
            **document,
            "id": event_id,
            "updated": _text(now),
        }
        whole["etag"] = f'"{self.changes * 2}"'
        self.events[event_id] = KeptEvent(whole, self.changes)
        return whole


@dataclass(slots=True, kw_only=True)
class OpenChannel:
    """A channel; `number` counts its messages, the first of which is `sync`."""

    id: str
    calendar_id: str
    address: str
    token: str
    resource_id: str
    expires_at: datetime
    number: int = 0


@dataclass(frozen=True, slots=True)
class Consent:
    """A code that was given out, and what it may be redeemed with."""

    challenge: str
    redirect_uri: str
    scope: str


class GoogleState:
    """Everything that the pretended Google remembers."""

    def __init__(self) -> None:
        self.calendars: dict[str, KeptCalendar] = {}
        self.channels: dict[str, OpenChannel] = {}
        self.codes: dict[str, Consent] = {}
        self.access: dict[str, datetime] = {}
        self.refresh: set[str] = set()
        self.reset()

    def reset(self) -> None:
        """Begin with one owner and their one calendar; nobody is let in."""
        for held in (self.calendars, self.channels, self.codes, self.access):
            held.clear()
        self.refresh.clear()
        self.calendars[OWNER] = KeptCalendar(OWNER, "Ada", zone="America/New_York")

    def find(self, calendar_id: str) -> KeptCalendar | None:
        """Find a calendar; `primary` is the owner's first."""
        return self.calendars.get(OWNER if calendar_id == "primary" else calendar_id)

    def let_in(self, now: datetime) -> str:
        """Give out an access token for an hour."""
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self.access[token] = now + TOKEN_LASTS
        return token

    def shut_out(self) -> None:
        """Take all access back, as an owner does in their account's settings."""
        self.access.clear()
        self.refresh.clear()


def moment_of(value: object, zone: ZoneInfo) -> datetime:
    """Read when an event begins or ends; a whole day begins at midnight there. ValueError if it is no time."""
    told = value if isinstance(value, dict) else {}
    if isinstance(text := told.get("dateTime"), str):
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo is not None else read.replace(tzinfo=zone)).astimezone(UTC)
    if isinstance(text := told.get("date"), str):
        return datetime.combine(date.fromisoformat(text), time(), tzinfo=zone).astimezone(UTC)
    raise ValueError("an event needs start and end, each with dateTime or date")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
